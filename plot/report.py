"""Writes report.html into a result folder: the verdict table and the figures on one page that needs no network."""

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import quote

import exposure
import figures
import load
from page import render
from provenance import provenance
from results import BadFolder, open_results
from verdict_table import verdict_table

EX_DATAERR = 65


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the result folder")
    parser.add_argument("--exposure", metavar="RESULTS", help="a folder of authbench exposure, to be shown with it")
    parser.add_argument("--also", metavar="RESULTS", action="append", default=[],
                        help="a run at another rate, for the figure of the load; may be given several times")
    options = parser.parse_args(arguments)
    try:
        results = open_results(options.results)
        exposures = open_results(options.exposure) if options.exposure else None
        text = report(results, exposures, [open_results(folder) for folder in options.also])
        write_whole(options.results / "report.html", text)
    except (BadFolder, OSError) as fault:
        return refused(fault)
    except (KeyError, TypeError, ValueError) as fault:
        # Numbers that no program writes; which they are is for `authbench validate` to say.
        return refused(f"{options.results}: values that cannot be drawn ({fault}); try authbench validate")
    print(options.results / "report.html")
    return 0


def refused(fault):
    print(f"report: {' '.join(str(fault).split())}", file=sys.stderr)
    return EX_DATAERR


def report(results, exposures=None, also=()):
    """Returns the page of one folder as text."""
    homes = {"exposure.csv": exposures.path} if exposures else {}
    return render(
        link=lambda name: address(homes.get(name, results.path) / name, results.path),
        made=[draw(module, results, exposures, also) for module in figures.ALL],
        title=f"authbench: {title(results)}", verdict=verdict_table(results), provenance=provenance(results),
    )


def draw(module, results, exposures, also):
    """Two figures take further folders, each of which they hold against the first."""
    if module is exposure and exposures:
        return exposure.figure(exposures, cost=results)
    return load.figure(results, also) if module is load else module.figure(results)


def title(results):
    workload = (results.record.get("workload") or {}).get("name")
    return f"workload {workload}" if workload else results.path.name


def address(place, folder):
    """Returns where a file lies as seen from the page, or nothing where there is none."""
    return quote(Path(os.path.relpath(place, folder)).as_posix()) if place.exists() else None


def write_whole(place, text):
    """Writes aside and renames, so that the page is there whole or not at all."""
    aside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, place)
    finally:
        aside.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
