"""A figure as the page holds it: its specification for a light and a dark reader, and a still picture for paper."""

import base64
import json

import altair as alt
import theme
import vl_convert
from markupsafe import Markup

VEGA_LITE = "6.4"


def drawn(figure, link):
    """Returns what the template shows of a figure; `link` gives the address of a file by its name."""
    light = specification(figure.chart, dark=False)
    return {
        "note": note(figure.chart),
        "name": figure.name, "title": figure.title, "sentence": figure.sentence, "alt_text": figure.alt_text,
        "data_files": [{"name": name, "href": link(name)} for name in figure.data_files],
        "specs": embedded({"light": light, "dark": specification(figure.chart, dark=True)}),
        "picture": still(light),
    }


def specification(chart, dark):
    """The chart as Vega-Lite, without its title, which the page has as text that wraps and is read aloud."""
    spec = chart.to_dict()
    spec.pop("title", None)
    spec["config"] = {**spec.get("config", {}), **theme.config(dark), "aria": False}
    return spec


def note(chart):
    """What the chart says below its title; the machine, which follows there, stands once on the page."""
    lines = getattr(chart.title, "subtitle", alt.Undefined)
    return "" if lines is alt.Undefined else lines if isinstance(lines, str) else lines[0]


def embedded(value):
    """JSON that may stand in a script element: without `<` nothing in it can end the element."""
    return Markup(json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c"))


def still(spec):
    """The picture without scripts, as an address, so that names inside one picture cannot meet those of another.

    The reader's fonts may be wider than those it is measured with: hence the room at the right.
    """
    spec = spec | {"padding": {"left": 8, "top": 8, "right": 56, "bottom": 8}}
    svg = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
