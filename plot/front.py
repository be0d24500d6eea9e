"""The front: what a request costs against how long a credential works after a logout, and whom no other strategy beats.

Staleness is to authentication what recall is to search: without it on an axis, the strategy that looks least often wins.
"""

import sys
from dataclasses import dataclass

import cost
import distance
import pareto
import theme
import wording
from figure import Figure, Skipped, command, finish
from findings import usable
from libraries import alt, pd
from results import Results

NAME = "front"
# The distance of the second panel, or the greatest one up to about it.
DISTANCE_ns, GREATEST_ns = 1_000_000, 1_100_000
# What is left of a lifetime at a random moment is spread evenly, so its p99 is so many times its p50.
P99_OF_P50 = 1.98
# A sentence names so many strategies.
MOST_NAMES = 6
# Where an exposure comes from.
FILES = {"measured": "exposure.csv", "by theory": "size.csv"}
UP = "exposure after a logout, p99 (s to h)"
TIPS = {"strategy": "strategy", "time": "exposure (p99)", "interval": "95 %"}


@dataclass(frozen=True)
class Front:
    """What is known of each strategy that has both a cost and an exposure, and of those where the store is away."""

    table: pd.DataFrame
    costs: pd.DataFrame
    known: pd.DataFrame
    away: pd.DataFrame
    times: pd.DataFrame
    place: float | None
    wrong: list[str]

    @property
    def sources(self) -> set[str]:
        return {*self.table.source, *self.away.source}

    @property
    def ends(self) -> tuple:
        """The cheapest strategy on the front; and of exposures that cannot be told from the least one, the cheapest."""
        rows = self.table[self.table.front]
        return rows.iloc[0], rows[rows.low <= rows.high.min()].iloc[0]


def figure(results: Results, exposure: Results | None = None, also: list[Results] | None = None) -> Figure | Skipped:
    """Draws processor time against exposure, and below it the p99 of a request where a run has its store about 1 ms away."""
    found = compared(results, exposure, also)
    if isinstance(found, Skipped):
        return found
    table, away, place = found.table, found.away, found.place
    drawn = Figure(NAME, "The front of processor time and exposure", chart(table, away, place), sentence(found),
                   alt_text(table, away, place),
                   ["summary.csv", "throughput.csv", *(FILES[source] for source in FILES if source in found.sources)])
    return finish(drawn, results, note(found.sources), None if place else pareto.height(table))


def compared(results: Results, exposure: Results | None = None, also: list[Results] | None = None) -> Front | Skipped:
    """Holds the strategies of a run against each other, those that decided wrongly left out."""
    if results.throughput is None or results.summary is None:
        return Skipped(NAME, f"throughput.csv and summary.csv are not both in {results.path.name}")
    runs = [results, *(run for run in also or [] if run.summary is not None and run.throughput is not None)]
    for other, clients in [(exposure, False)] * bool(exposure) + [(run, True) for run in runs]:
        if difference := results.difference(other, clients):
            return Skipped(NAME, f"{other.path.name} cannot stand beside {results.path.name}: {difference}")
    known = exposures(runs, (exposure or results).exposure)
    if known.empty:
        return Skipped(NAME, f"neither size.csv in {results.path.name} nor an exposure.csv tells an exposure")
    costs = cost.costs(results)
    sound = usable(results)
    wrong = theme.order(costs.strategy[costs.valid & ~costs.strategy.isin([*sound, theme.BASELINE])])
    costs = costs[~costs.strategy.isin([*wrong, theme.BASELINE])]
    table = marked(costs[costs.valid].dropna(subset="store"), known, "cpu")
    if len(table) < 2:
        return Skipped(NAME, "fewer than two strategies have both a valid processor time and a known exposure")
    place, times = at_distance(runs)
    times = times[~times.strategy.isin(wrong)]
    away = marked(times[times.valid], known, "p99")
    if not away.far.any():
        place, away = None, away[:0]
    return Front(table, costs, known, away, times, place, wrong)


def exposures(runs: list[Results], measured: pd.DataFrame | None) -> pd.DataFrame:
    """How long a credential of each strategy still works, p99 in seconds: as measured after logouts, or else by theory."""
    found = []
    if measured is not None:
        rows = measured[measured.withdrawal == "logout"].dropna(subset="p99_ms")
        found.append(pd.DataFrame({
            "strategy": rows.strategy, "seconds": rows.p99_ms, "low": rows.p99_ci95_low_ms.fillna(rows.p99_ms),
            "high": rows.p99_ci95_high_ms.fillna(rows.p99_ms), "source": "measured"}))
    for run in runs:
        if run.size is not None:
            rows = run.size.dropna(subset="exposure_theory_p50_ms")
            p99 = rows.exposure_theory_p50_ms * P99_OF_P50
            found.append(pd.DataFrame({
                "strategy": rows.strategy, "seconds": p99, "low": p99, "high": p99, "source": "by theory"}))
    columns = ["strategy", "seconds", "low", "high", "source"]
    table = pd.concat(found) if found else pd.DataFrame(columns=columns)
    table[columns[1:4]] = table[columns[1:4]].astype(float) / 1000
    return table.drop_duplicates("strategy")


def at_distance(runs: list[Results]) -> tuple[float | None, pd.DataFrame]:
    """The distance of the second panel, if there is one, and the p99 there; of what asks no server that of any run."""
    table = distance.gathered(runs)
    asked = table.asked_ns[table.far & (table.asked_ns <= GREATEST_ns)]
    place = max(asked, key=lambda ns: (ns == DISTANCE_ns, ns), default=None)
    there = table[(table["quantile"] == "p99") & (~table.far | (table.asked_ns == place))].drop_duplicates("strategy")
    low, high = (there[end].fillna(there.time_ns) for end in ("low_ns", "high_ns"))
    return place, there.assign(p99=there.time_ns, p99_low=low, p99_high=high)


def marked(prices: pd.DataFrame, known: pd.DataFrame, price: str) -> pd.DataFrame:
    """One row for each strategy with a price and an exposure, the cheapest first; `front`: no other beats it."""
    table = prices.merge(known, on="strategy")
    table["front"] = pareto.undominated(table, price)
    return table.sort_values([price, "seconds"], ignore_index=True)


def chart(table: pd.DataFrame, away: pd.DataFrame, place: float | None) -> alt.LayerChart | alt.VConcatChart:
    """One panel, or two below each other."""
    near = pareto.panel(
        shown(table, "cpu", cost.amounts(table)), "cpu", cost.PER_REQUEST, UP,
        TIPS | {"n": "operations (n)", "amount": "processor time per request"})
    if not place:
        return near
    amounts = [f"{wording.time(row.time_ns)} ({wording.between(row.low_ns, row.high_ns, wording.time)})"
               for row in away.itertuples()]
    far = pareto.panel(
        shown(away, "p99", amounts), "p99", f"time of a request (p99), store {wording.away(place)} away (log scale)", UP,
        TIPS | {"n": "requests (n)", "amount": "time of a request (p99)"}, labels=theme.TIME_AXIS)
    panels = [each.properties(width=theme.WIDTH, height=pareto.height(rows)) for each, rows in ((near, table), (far, away))]
    return alt.vconcat(*panels, spacing=28).resolve_scale(color="independent")


def shown(table: pd.DataFrame, price: str, amounts: list[str]) -> pd.DataFrame:
    """What the marks of a panel need, and the texts of their tooltips."""
    return table[["strategy", price, f"{price}_low", f"{price}_high", "seconds", "front", "n"]].assign(
        amount=amounts, time=[life(row) for row in table.itertuples()],
        interval=wording.betweens(table.low, table.high, wording.duration))


def life(row) -> str:
    return f"{wording.duration(row.seconds)} {row.source}"


def sentence(found: Front) -> str:
    """Whom no other beats, what the ends of the front are apart, and who is not in it."""
    words = unbeaten(found.table)
    cheap, safe = found.ends
    if safe.strategy != cheap.strategy:
        words += (f" From {cheap.strategy} to {safe.strategy}, the exposure falls from {wording.duration(cheap.seconds)} to "
                  f"{wording.duration(safe.seconds)} and the cost rises from {wording.digits(cheap.cpu)} to "
                  f"{wording.digits(safe.cpu)} µs per request.")
    words += missing(found)
    return words + (beyond(found.away, found.times, found.place) if found.place else "")


def unbeaten(table: pd.DataFrame) -> str:
    return f"In processor time and exposure, no other strategy beats {named(table)}."


def missing(found: Front) -> str:
    """The end of a sentence, which names those of whom too little is known to stand there; empty if there are none."""
    usable_costs = found.costs[found.costs.valid]
    unknown = theme.order(set(usable_costs.strategy) - set(found.known.strategy))
    hidden = f" How long a credential of {wording.listed(unknown)} still works is not known." if unknown else ""
    wrong = f" Left out, because of wrong decisions: {wording.listed(found.wrong)}." if found.wrong else ""
    return cost.unseen(usable_costs) + hidden + theme.left_out(found.costs.strategy[~found.costs.valid]) + wrong


def beyond(away: pd.DataFrame, times: pd.DataFrame, place: float) -> str:
    """Whom no other beats where the store is away."""
    unusable = theme.order(times.strategy[times.far & ~times.valid])
    return (f" With the store {wording.away(place)} away, no other beats {named(away)} in p99 and exposure"
            + (f"; not valid there: {wording.listed(unusable)}." if unusable else "."))


def named(table: pd.DataFrame) -> str:
    names = theme.order(table.strategy[table.front])
    rest = len(names) - MOST_NAMES
    return wording.listed([*names[:MOST_NAMES], f"{rest} more"] if rest > 0 else names)


def note(sources: set[str]) -> str:
    told = " or ".join(source for source in FILES if source in sources)
    return (f"The exposure is how long a credential still works after a logout (p99, {told}). A hollow mark is beaten: "
            "another is as good in both and better in one. Where the lines of two marks overlap, neither is cheaper. "
            "Staleness is to authentication what recall is to search: compare only strategies of equal exposure.")


def alt_text(table: pd.DataFrame, away: pd.DataFrame, place: float | None) -> str:
    near = marks(table, [f"{wording.digits(each)} µs" for each in table.cpu])
    words = f"Scatter plot of processor time per request against the exposure after a logout: {near}."
    if not place:
        return words
    far = marks(away, [wording.time(each) for each in away.time_ns])
    return f"{words} A second one of the p99 of a request, store {wording.away(place)} away: {far}."


def marks(table: pd.DataFrame, amounts: list[str]) -> str:
    return "; ".join(f"{row.strategy} {amount} and {life(row)}" + (" (beaten by none)" if row.front else "")
                     for row, amount in zip(table.itertuples(), amounts, strict=True))


if __name__ == "__main__":
    sys.exit(command(figure, "exposure", many="also"))
