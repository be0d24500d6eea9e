"""Puts the page together: one file that asks the network for nothing, and whose policy forbids it to."""

import base64
import hashlib
from pathlib import Path

import vl_convert
from drawing import VEGA_LITE, drawn
from figure import Figure, Skipped
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

PARTS = Path(__file__).parent / "template"
FILES = {
    "latency.csv": "quantiles of each operation, with intervals",
    "throughput.csv": "rates, decisions, processor time, and whether each repeat may be used",
    "size.csv": "bytes and store commands of each claim profile",
    "exposure.csv": "how long a withdrawn credential was still accepted",
    "sweep.csv": "latency at each offered load",
    "gate.csv": "what the gate decided of each cell",
    "comparison.csv": "what changed between two runs",
    "run.json": "machine, versions and settings",
}




def render(link, made, **content):
    """Returns the page as text; the template escapes all that comes out of the files."""
    script = "\n".join([vl_convert.javascript_bundle(vl_version=VEGA_LITE), (PARTS / "page.js").read_text()])
    parts = Environment(
        loader=FileSystemLoader(PARTS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return parts.get_template("page.html").render(
        figures=[drawn(one, link) for one in made if isinstance(one, Figure)],
        skipped=[one for one in made if isinstance(one, Skipped)],
        files=[{"name": name, "href": address, "meaning": meaning} for name, meaning in FILES.items()
               if (address := link(name))],
        policy=policy(script), script=Markup(script), style=Markup((PARTS / "page.css").read_text()), **content,
    )


def policy(script):
    """The one script is known by its hash, so that nothing else runs, whatever a file may hold."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:;"
            " base-uri 'none'; form-action 'none'")
