"""Writes report.html into a result folder: findings, table and figures on one page that needs no network."""

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import quote

import comparison
import cost
import distance
import exposure
import front
import latency
import lifetime
import load
import size
import theme
import throughput
from claims import claims
from figure import Figure, Skipped
from findings import findings
from page import render
from provenance import facts
from results import BadFolder, Results, open_results
from table import is_elsewhere, table

# In the order of the page.
FIGURES = [front, latency, distance, throughput, cost, lifetime, size, exposure, load, comparison]
EX_DATAERR, INCOMPARABLE = 65, 4


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the result folder")
    parser.add_argument("--exposure", metavar="RESULTS", help="a folder of authbench exposure, to be shown with it")
    parser.add_argument("--also", metavar="RESULTS", action="append", default=[],
                        help="a run at another rate or distance to the store, for the figures of these; may be given several times")
    parser.add_argument("--claims", metavar="RESULTS", help="a folder of authbench claims, whose verdicts are shown")
    options = parser.parse_args(arguments)
    try:
        results = open_results(options.results)
        exposures = open_results(options.exposure) if options.exposure else None
        also = [open_results(folder) for folder in options.also]
        verdicts = claims(options.claims) if options.claims else []
        if alien := differing(results, exposures, also):
            return refused(f"{alien}; leave it out, or measure both alike on one machine", INCOMPARABLE)
        theme.introduce(name for folder in (results, exposures, *also) if folder for name in folder.strategies)
        made = [draw(module, results, exposures, also) for module in FIGURES]
        write_whole(options.results / "report.html", report(results, exposures, also, made, verdicts))
    except (BadFolder, OSError) as fault:
        return refused(fault)
    except (KeyError, TypeError, ValueError) as fault:
        # Numbers that no program writes; which they are is for `authbench validate` to say.
        return refused(f"{options.results}: values that cannot be drawn ({fault}); try authbench validate")
    for one in made:
        if isinstance(one, Skipped) and unwelcome(one.name, results, exposures, also):
            print(f"report: {one.name} is not shown: {one.reason}", file=sys.stderr)
    print(options.results / "report.html")
    return 0


def refused(fault, status: int = EX_DATAERR) -> int:
    print(f"report: {' '.join(str(fault).split())}", file=sys.stderr)
    return status


def differing(results: Results, exposures: Results | None, also: list[Results]) -> str:
    """What keeps a further folder from standing beside the first; empty if nothing does."""
    asked = [("EXPOSURE", exposures, False)] if exposures else []
    for name, other, clients in asked + [("ALSO", run, True) for run in also]:
        if difference := results.difference(other, clients):
            return f"{name} {other.path.name} cannot stand beside {results.path.name}: {difference}"
    return ""


def draw(module, results: Results, exposures: Results | None, also: list[Results]) -> Figure | Skipped:
    """Four figures take further folders, each of which they hold against the first."""
    if module is front:
        return front.figure(results, exposures, also)
    if module is exposure and exposures:
        return exposure.figure(exposures, cost=results)
    return module.figure(results, also) if module in (load, distance) else module.figure(results)


def unwelcome(name: str, results: Results, exposures: Results | None, also: list[Results]) -> bool:
    """Tells whether a figure was asked for by the folders that were given."""
    far = [run for run in also if is_elsewhere(run, results)]
    return bool({exposure.NAME: exposures, distance.NAME: far, load.NAME: len(also) > len(far)}.get(name))


def report(
        results: Results, exposures: Results | None, also: list[Results], made: list[Figure | Skipped],
        verdicts: list[dict]) -> str:
    """Returns the page of one folder as text."""
    homes = {"exposure.csv": exposures.path} if exposures else {}
    return render(
        link=lambda name: address(homes.get(name, results.path) / name, results.path), made=made,
        title=f"authbench: {title(results)}", table=table(results, exposures, also), findings=findings(results),
        facts=facts(results.record), claims=verdicts)


def title(results: Results) -> str:
    workload = (results.record.get("workload") or {}).get("name")
    return f"workload {workload}" if workload else results.path.name


def address(place: Path, folder: Path) -> str | None:
    """Returns where a file lies as seen from the page, or nothing where there is none."""
    return quote(Path(os.path.relpath(place, folder)).as_posix()) if place.exists() else None


def write_whole(place: Path, text: str) -> None:
    """Writes aside and renames, so that the page is there whole or not at all."""
    aside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, place)
    finally:
        aside.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
