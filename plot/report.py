"""Writes report.html into a result folder: the verdict table and the figures on one page that needs no network."""

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from urllib.parse import quote

import figures
from page import render
from provenance import provenance
from results import BadFolder, open_results
from verdict_table import verdict_table

EX_DATAERR = 65


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the result folder")
    parser.add_argument("--exposure", type=Path, help="a folder of authbench exposure, to be shown with it")
    options = parser.parse_args(arguments)
    try:
        results, extra = opened(options.results, options.exposure)
        place = options.results / "report.html"
        write_whole(place, report(results, extra))
    except (BadFolder, OSError) as fault:
        print(f"report: {fault}", file=sys.stderr)
        return EX_DATAERR
    print(place)
    return 0


def opened(folder, exposure):
    """Returns the results, and the folder that their exposures come from where it is another."""
    results = open_results(folder)
    if exposure is None:
        return results, None
    other = open_results(exposure)
    if other.exposure is None:
        raise BadFolder(f"{exposure}: no exposure.csv; authbench exposure writes it")
    return dataclasses.replace(results, exposure=other.exposure), exposure


def report(results, exposure=None):
    """Returns the page of one folder as text."""
    workload = (results.record.get("workload") or {}).get("name") or "without a name"
    return render(
        link=lambda name: address(name, results.path, exposure), made=[one.figure(results) for one in figures.ALL],
        title=f"authbench: workload {workload}", verdict=verdict_table(results), provenance=provenance(results),
    )


def address(name, folder, exposure):
    """Returns where a file lies as seen from the page, or nothing where there is none."""
    place = (exposure if exposure is not None and name == "exposure.csv" else folder) / name
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
