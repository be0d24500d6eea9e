"""The decision on the first screen: which strategies meet the requirements, or which no other beats, and what each costs.

With requirements every verdict is that of `authbench advise`. Without them it is the front, in sentences whose numbers come
from rows.
"""

from dataclasses import dataclass, field

import advice
import front
import pareto
import theme
from figure import Skipped
from results import Results
from table import Cell, Column, Row, weighed
from wording import between, digits, duration, listed, whole

# What a strategy costs and what people ask first, in the order of the first screen.
FIRST = ["cpu", "price", "bytes", "p99", "logout"]
MEETS, ON_FRONT = "meets all", "on the front"


@dataclass(frozen=True)
class Decision:
    """What the first screen says: points of a word and a text, a table, and all requirements for a table further down."""

    title: str
    points: list[tuple[str, str]]
    table: dict | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)
    requirements: dict | None = None
    command: str = ""


def decision(results: Results, exposures: Results | None, also: list[Results], told: dict | None) -> Decision | None:
    """`told`: what `authbench advise` answered, where it was asked."""
    if told:
        return advised(results, told)
    if results.summary is None:
        return None
    found = front.compared(results, exposures, also)
    if isinstance(found, Skipped):
        return Decision("Which strategy costs least for its exposure?", [("Not known", f"There is no front: {found.reason}.")],
                        notes=[ASK])
    return Decision("Which strategy costs least for its exposure?", sentences(found), front_table(found, results, also),
                    [*gaps(found), ASK])


# What `authbench advise` decided.


def advised(results: Results, told: dict) -> Decision:
    strategies = told["strategies"]
    drivers = list(dict.fromkeys(row["driver"] for one in strategies for row in one["drivers"]))
    first = [name for name in FIRST if name in drivers]
    columns = [STRATEGY, Column("Verdict", "", lambda one: verdict(one)), *(column(name, strategies) for name in first)]
    every = [STRATEGY, *(column(name, strategies) for name in drivers if name not in first)]
    asked = ", ".join(f"{key} {value or 'none'}" for key, value in told["requirements"].items())
    points = [("Required", f"{asked}."), ("Answer", answer(told)), ("Flips when", flips(told))]
    return Decision(
        "Which strategies meet the requirements?", points, grid(columns, strategies),
        [*unknowns(told), ("From", provenance(results, told))], grid(every, strategies) if len(every) > 1 else None,
        told["command"])


def answer(told: dict) -> str:
    """The recommendation as `advise` made it."""
    meeting = [one["strategy"] for one in told["strategies"] if one["meets"]]
    if best := told.get("recommended"):
        others = [name for name in told["undominated"] if name != best]
        more = f" More processor time, but a shorter exposure or a shorter p99: {listed(others)}." if others else ""
        return f"{best} meets every requirement at the least processor time.{more}"
    if meeting:
        return f"{listed(meeting)}: every requirement is met, but no valid row tells the cost."
    open_ones = [one["strategy"] for one in told["strategies"] if not of(one, "NO")]
    if open_ones:
        return f"Nothing is certain: a requirement is unknown of {listed(open_ones)}."
    return "No measured strategy meets every requirement."


def flips(told: dict) -> str:
    """The nearest changes that would change the answer."""
    if not told["flips_when"]:
        return "No change of one requirement was found that would change the answer."
    return "; ".join(told["flips_when"]) + "."


def verdict(one: dict) -> Cell:
    """What it fails, and below it what is unknown, or which change would put it in or out."""
    failed, unknown = (", ".join(advice.title(name) for name in of(one, sign)) for sign in ("NO", "?"))
    change = f"{'out' if one['meets'] else 'in'} with {'; '.join(one['flips_when'])}" if one["flips_when"] else ""
    if one["meets"]:
        return Cell(MEETS, change, good=True)
    if failed:
        return Cell(f"fails: {failed}", "; ".join(filter(None, [f"unknown: {unknown}" if unknown else "", change])), alarm=True)
    return Cell(f"unknown: {unknown}", change)


def of(one: dict, sign: str) -> list[str]:
    """The requirements of a strategy with this verdict."""
    return [row["driver"] for row in one["drivers"] if row["verdict"] == sign]


def column(name: str, strategies: list[dict]) -> Column:
    """One requirement, or one cost, of each strategy."""
    required = next(row["required"] for one in strategies for row in one["drivers"] if row["driver"] == name)
    header = advice.title(name) + (f" ({required})" if required != "–" else "")
    return Column(header if header.startswith("p99") else header[0].upper() + header[1:], "", lambda one: measured(one, name))


def measured(one: dict, name: str) -> Cell:
    row = next((row for row in one["drivers"] if row["driver"] == name), None)
    if row is None:
        return Cell("–")
    return Cell(" ".join(filter(None, [row["measured"], row["verdict"]])), alarm=row["verdict"] == "NO")


def unknowns(told: dict) -> list[tuple[str, str]]:
    return [("Not known", "; ".join(told["not_known"]) + ".")] if told["not_known"] else []


def provenance(results: Results, told: dict) -> str:
    """Where the verdicts come from, and whether the tables below come from the same run."""
    other = "" if results.record.get("run_id") in told["runs"] else " The tables and figures below come from another run."
    return f"authbench advise decided from {listed(told['runs'])}.{other}"


# Without requirements.

ASK = ("Your requirements", "None were given here. authbench advise takes them, and make report ADVICE=results/latest-advise "
                            "puts its verdicts in this place.")


def sentences(found: front.Front) -> list[tuple[str, str]]:
    """Who is on the front, what the cheapest costs and allows, and what the shortest exposure costs beside it."""
    cheap, safe = found.ends
    points = [("Not beaten", front.unbeaten(found.table)),
              ("Cheapest", f"{cheap.strategy} takes {digits(cheap.cpu)} s of processor time for a million requests. {lasts(cheap)}")]
    if safe.strategy == cheap.strategy:
        return [*points, ("Shortest exposure", f"No other strategy is proved to have a shorter one than {cheap.strategy}.")]
    word = "Revocation at once" if safe.seconds == 0 else "Shortest exposure"
    return [*points, (word, f"{safe.strategy} takes {digits(safe.cpu)} s for a million requests, {ratio(safe, cheap)}. "
                            f"{lasts(safe)}")]


def lasts(row) -> str:
    """How long a credential still works after a logout, with its source."""
    if row.seconds == 0:
        return f"After a logout, 99 of 100 credentials are refused at once ({row.source})."
    return f"After a logout, 99 of 100 credentials are refused within {duration(row.seconds)} ({row.source})."


def ratio(safe, cheap) -> str:
    """How many times the cost of the cheapest, over all pairs of repeats."""
    low, high = safe.cpu_low / cheap.cpu_high, safe.cpu_high / cheap.cpu_low
    if low <= 1:
        return f"and their repeats overlap, so it is not proved to cost more than {cheap.strategy}"
    times = digits(low) if digits(low) == digits(high) else between(low, high, digits)
    return f"{times} times as much as {cheap.strategy}"


def gaps(found: front.Front) -> list[tuple[str, str]]:
    """What is missing, and how to get it."""
    words = front.missing(found).strip()
    theory = theme.order(found.table.strategy[found.table.source == "by theory"])
    if theory:
        words += (f" Not measured is the exposure of {listed(theory)}: it is by theory. authbench exposure measures it, and "
                  "make report EXPOSURE=results/latest-exposure shows it.")
    return [("Missing", words.strip())] if words else []


def front_table(found: front.Front, results: Results, also: list[Results]) -> dict:
    """All strategies of the front, the cheapest first, and then the beaten ones."""
    rows = found.table.assign(beaten=~found.table.front).sort_values(["beaten", "cpu", "seconds"], kind="stable")
    columns = [
        Column("Strategy", "", lambda row: Cell(row.strategy)),
        Column("Verdict", "", lambda row: standing(row, found)),
        Column("CPU s per million requests", "", lambda row: Cell(digits(row.cpu), between(row.cpu_low, row.cpu_high, digits))),
        Column("Accepted after logout (p99)", "", lambda row: Cell(duration(row.seconds), row.source)),
        Column("Header bytes per request", "",
               lambda row: Cell(whole(weighed(results, row.strategy, "request_header_bytes")))),
        Column("p50 of a check, store", "", lambda row: half(row.strategy, found, results, also)),
    ]
    return grid(columns, list(rows.itertuples()))


def standing(row, found: front.Front) -> Cell:
    if row.front:
        return Cell(ON_FRONT, good=True)
    return Cell(f"beaten by {listed(theme.order(pareto.beaters(row, found.table, 'cpu')))}")


def half(strategy: str, found: front.Front, results: Results, also: list[Results]) -> Cell:
    """The p50, with the store away where a run of the front has it so."""
    away = [run for run in also if found.place and run.distance_ns == found.place and strategy in run.remote()]
    row = Row(strategy, away[0] if away else results)
    return Cell(row.quantile("p50").text, row.store if row.store != "none" else "")


STRATEGY = Column("Strategy", "", lambda one: Cell(one["strategy"]))


def grid(columns: list[Column], things: list) -> dict:
    """A table as the template writes it."""
    rows = [[each.cell(thing) for each in columns] for thing in things]
    return {"columns": columns, "rows": [{"cells": cells, "alarm": False, "last": False} for cells in rows]}
