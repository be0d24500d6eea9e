"""Puts the page together: one file that asks the network for nothing, and whose policy forbids it to."""

import base64
import hashlib
import json
from pathlib import Path

import theme
from figure import Figure, Skipped
from libraries import jinja2, markupsafe, vl_convert

PARTS = Path(__file__).parent / "template"
VEGA_LITE = "6.4"
FILES = {
    "summary.csv": "the figures of each strategy and operation over all valid repeats: what this page shows",
    "latency.csv": "quantiles of each repeat and operation, with intervals",
    "throughput.csv": "rates, decisions and processor time of each repeat, and whether it may be used",
    "size.csv": "bytes and store commands of each claim profile",
    "histograms.jsonl": "every time that was recorded, in buckets, one line for each repeat and operation",
    "exposure.csv": "how long a revoked credential was still accepted",
    "gate.csv": "what the gate decided of each strategy and metric",
    "comparison.csv": "what changed between two runs",
    "sweep.csv": "the figures of each value of a sweep",
    "capacity.csv": "the rates that keep all objectives",
    "advice.json": "what authbench advise decided of each strategy and requirement",
    "run.json": "machine, versions and settings",
}


def render(link, made: list[Figure | Skipped], **content) -> str:
    """Returns the page; `link` gives the address of a file by its name. The template escapes all that the files hold."""
    script = "\n".join([vl_convert.javascript_bundle(vl_version=VEGA_LITE),
                        *((PARTS / name).read_text() for name in ("figures.js", "table.js"))])
    parts = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PARTS), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True)
    return parts.get_template("page.html").render(
        figures=[drawn(one, link) for one in made if isinstance(one, Figure)],
        skipped=[one for one in made if isinstance(one, Skipped)],
        files=[{"name": name, "href": address, "meaning": meaning} for name, meaning in FILES.items()
               if (address := link(name))],
        policy=policy(script), script=markupsafe.Markup(script),
        style=markupsafe.Markup((PARTS / "page.css").read_text()), **content)


def policy(script: str) -> str:
    """The one script is known by its hash, so that nothing else runs, whatever a file may hold."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:;"
            " base-uri 'none'; form-action 'none'")


def drawn(figure: Figure, link) -> dict:
    """What the template shows of a figure: its specification for a light and a dark reader, and a still picture for paper."""
    light, dark = specifications(figure.chart)
    return {
        "name": figure.name, "title": figure.title, "note": figure.note, "sentence": figure.sentence,
        "alt_text": figure.alt_text,
        "data_files": [{"name": name, "href": link(name)} for name in figure.data_files],
        "specs": embedded({"light": light, "dark": dark}),
        "picture": still(light),
    }


def specifications(chart) -> list[dict]:
    """The chart as Vega-Lite, light and dark, without its title, which the page has as text that wraps and is read aloud."""
    spec = chart.to_dict()
    spec.pop("title", None)
    return [spec | {"config": spec.get("config", {}) | theme.config(dark) | {"aria": False}} for dark in (False, True)]


def embedded(value) -> markupsafe.Markup:
    """JSON that may stand in a script element: without `<` nothing in it can end the element."""
    return markupsafe.Markup(json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c"))


def still(spec: dict) -> str:
    """The picture without scripts, as an address, so that names inside one picture cannot meet those of another.

    The reader's fonts may be wider than those it is measured with: hence the room at the right.
    """
    spec = spec | {"padding": {"left": 8, "top": 8, "right": 56, "bottom": 8}}
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
