"""What a figure is, and the command line that all figures share."""

import argparse
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import theme
from libraries import alt
from results import BadFolder, Results, open_results

# Characters that have room above a figure.
SUBTITLE_WIDTH = 95


@dataclass(frozen=True)
class Figure:
    """A chart, and in words what it shows; no number in the words is written by hand. The note says how to read it."""

    name: str
    title: str
    chart: alt.LayerChart | alt.Chart | alt.VConcatChart
    sentence: str
    alt_text: str
    data_files: list[str]
    note: str = ""


@dataclass(frozen=True)
class Skipped:
    """Why a figure cannot be drawn from a folder."""

    name: str
    reason: str


def finish(figure: Figure, results: Results, note: str, height: int | None) -> Figure:
    """The figure with its title, note, size and description set in the chart; one of several panels has their sizes."""
    title = alt.TitleParams(figure.title, subtitle=[*textwrap.wrap(note, SUBTITLE_WIDTH), results.caption])
    size = {} if height is None else {"width": theme.WIDTH, "height": height}
    chart = figure.chart.properties(title=title, description=figure.alt_text, **size)
    return replace(figure, chart=chart, note=note)


def command(
        draw: Callable[..., Figure | Skipped], option: str | None = None, many: str | None = None,
        rest: str | None = None) -> int:
    """Draws one figure as asked on the command line.

    What the figure calls further folders: `option` one, `many` any number, and `rest` all that stand behind the first.
    """
    parser = argparse.ArgumentParser(description=sys.modules[draw.__module__].__doc__)
    parser.add_argument("results", metavar="RESULTS", nargs="+" if rest else 1, help="the folder of a run")
    if option:
        parser.add_argument(f"--{option}", dest="further", metavar="RESULTS", help="a further folder")
    if many:
        parser.add_argument(f"--{many}", dest="more", metavar="RESULTS", action="extend", nargs="+", help="further folders")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where to write (default: beside the CSV)")
    parser.add_argument("--format", choices=["svg", "png"], default="svg")
    parser.add_argument("--dark", action="store_true", help="for a dark page")
    wanted = parser.parse_args()
    try:
        folder, *others = [open_results(path) for path in wanted.results]
        options = {rest: others} if rest else {}
        if option and wanted.further:
            options[option] = open_results(wanted.further)
        if many and wanted.more:
            options[many] = [open_results(path) for path in wanted.more]
        drawn = draw(folder, **options)
        if isinstance(drawn, Skipped):
            print(f"{drawn.name}: not drawn: {drawn.reason}", file=sys.stderr)
            return 0
        print(save(drawn, wanted.out or folder.path, wanted.format, wanted.dark))
    except (BadFolder, OSError) as error:
        print(f"plot: {error}", file=sys.stderr)
        return 2
    return 0


def save(figure: Figure, folder: Path, kind: str = "svg", dark: bool = False) -> Path:
    """Writes the figure as SVG or PNG."""
    theme.apply(dark)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{figure.name}.{kind}"
    figure.chart.save(file, scale_factor=2 if kind == "png" else 1)
    return file
