"""Writes report.html into a result folder: the decision, tables and figures on one page that needs no network."""

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import capacity
import comparison
import cost
import distance
import exposure
import front
import latency
import lifetime
import load
import request
import size
import sweep
import theme
import throughput
from advice import FILE as ADVICE
from advice import advice
from claims import claims
from decision import decision
from figure import Figure, Skipped
from findings import findings
from page import render
from provenance import facts
from results import BadFolder, Results, open_results
from table import is_elsewhere, table

# In the order of the page.
FIGURES = [front, latency, distance, throughput, cost, lifetime, request, size, exposure, load, sweep, comparison]
EX_DATAERR, INCOMPARABLE = 65, 4


@dataclass(frozen=True)
class Given:
    """The folder of the page, and all that was named beside it."""

    results: Results
    exposures: Results | None = None
    also: list[Results] = field(default_factory=list)
    sweep: Results | None = None
    verdicts: list[dict] = field(default_factory=list)
    advice: dict | None = None
    advice_file: Path | None = None

    @property
    def folders(self) -> list[Results]:
        return [folder for folder in (self.results, self.exposures, *self.also, self.sweep) if folder]


def main(arguments: list[str] | None = None) -> int:
    options = parsed(arguments)
    try:
        given = opened(options)
        if alien := differing(given):
            return refused(f"{alien}; leave it out, or measure both alike on one machine", INCOMPARABLE)
        theme.introduce(name for folder in given.folders for name in folder.strategies)
        made = [draw(module, given) for module in FIGURES]
        write_whole(options.results / "report.html", report(given, made))
    except (BadFolder, OSError) as fault:
        return refused(fault)
    except (KeyError, TypeError, ValueError) as fault:
        # Numbers that no program writes; which they are is for `authbench validate` to say.
        return refused(f"{options.results}: values that cannot be drawn ({fault}); try authbench validate")
    for one in made:
        if isinstance(one, Skipped) and unwelcome(one.name, given):
            print(f"report: {one.name} is not shown: {one.reason}", file=sys.stderr)
    print(options.results / "report.html")
    return 0


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the result folder")
    parser.add_argument("--advice", metavar="FOLDER",
                        help="a folder of authbench advise with its advice.json, or that file: the page begins with its verdicts")
    parser.add_argument("--exposure", metavar="RESULTS", help="a folder of authbench exposure, to be shown with it")
    parser.add_argument("--also", metavar="RESULTS", action="append", default=[],
                        help="a run at another rate or distance to the store, for the figures of these; may be given several times")
    parser.add_argument("--sweep", metavar="RESULTS", help="a folder of authbench sweep, whose figure is shown")
    parser.add_argument("--claims", metavar="RESULTS", help="a folder of authbench claims, whose verdicts are shown")
    return parser.parse_args(arguments)


def opened(options: argparse.Namespace) -> Given:
    """Reads all folders, before anything is written; raises `BadFolder`."""
    swept = open_results(options.sweep) if options.sweep else None
    if swept and swept.sweep is None:
        raise BadFolder(f"{options.sweep}: has no sweep.csv; give a folder of authbench sweep, as results/latest-sweep")
    told = Path(options.advice) if options.advice else None
    return Given(
        open_results(options.results), open_results(options.exposure) if options.exposure else None,
        [open_results(folder) for folder in options.also], swept, claims(options.claims) if options.claims else [],
        advice(told) if told else None, told / ADVICE if told and told.is_dir() else told)


def refused(fault, status: int = EX_DATAERR) -> int:
    print(f"report: {' '.join(str(fault).split())}", file=sys.stderr)
    return status


def differing(given: Given) -> str:
    """What keeps something from standing beside the first folder; empty if nothing does."""
    results, words = given.results, ""
    asked = [("EXPOSURE", given.exposures, False)] if given.exposures else []
    for name, other, clients in asked + [("ALSO", run, True) for run in given.also]:
        if difference := results.difference(other, clients):
            return f"{name} {other.path.name} cannot stand beside {results.path.name}: {difference}"
    # Their workload may be another one: no figure holds it against that of the page.
    if given.sweep and (difference := results.other_machine(given.sweep)):
        words = f"SWEEP {given.sweep.path.name} cannot stand beside {results.path.name}: {difference}"
    machine = (results.record.get("machine") or {}).get("cpu_model")
    if given.advice and given.advice["machine"] != machine:
        words = (f"ADVICE {given.advice_file} cannot stand beside {results.path.name}: the machines differ "
                 f"({machine}, {given.advice['machine']})")
    return words


def draw(module, given: Given) -> Figure | Skipped:
    """Some figures take further folders, each of which they hold against the first."""
    if module is front:
        return front.figure(given.results, given.exposures, given.also)
    if module is exposure and given.exposures:
        return exposure.figure(given.exposures, cost=given.results)
    if module is sweep:
        return sweep.figure(given.sweep or given.results)
    return module.figure(given.results, given.also) if module in (load, distance) else module.figure(given.results)


def unwelcome(name: str, given: Given) -> bool:
    """Tells whether a figure was asked for by the folders that were given."""
    far = [run for run in given.also if is_elsewhere(run, given.results)]
    return bool({exposure.NAME: given.exposures, distance.NAME: far, load.NAME: len(given.also) > len(far),
                 sweep.NAME: given.sweep, capacity.NAME: given.sweep}.get(name))


def report(given: Given, made: list[Figure | Skipped]) -> str:
    """Returns the page of one folder as text."""
    results, exposures, also = given.results, given.exposures, given.also
    homes = {"exposure.csv": exposures.path / "exposure.csv"} if exposures else {}
    if given.sweep:
        homes |= {name: given.sweep.path / name for name in ("sweep.csv", "capacity.csv")}
    if given.advice_file:
        homes[ADVICE] = given.advice_file
    return render(
        link=lambda name: address(homes.get(name, results.path / name), results.path), made=made,
        title=f"authbench: {title(results)}", decision=decision(results, exposures, also, given.advice),
        table=table(results, exposures, also), findings=findings(results), facts=facts(results.record), claims=given.verdicts)


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
