"""Exposure: how long a revoked login still works, against what a request costs; the Pareto front is marked."""

import sys

import cost as costing
import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "exposure"
HEIGHT = 320
# Below it the axis is about linear, above it logarithmic; 0 has a place on it.
SYMLOG_s = 10
TICKS = [0, 10, 60, 600, 3600, 6 * 3600, 24 * 3600]
TICK_LABELS = ("datum.value >= 3600 ? datum.value/3600 + ' h' : datum.value >= 60 ? datum.value/60 + ' min' : "
               "datum.value + ' s'")


def figure(results: Results, cost: Results | None = None) -> Figure | Skipped:
    """Draws the exposures after a logout of those who renew; the cost may come from another folder of the same machine."""
    if results.exposure is None:
        return Skipped(NAME, f"no exposure.csv in {results.path.name}; `authbench exposure` writes one")
    source = cost or results
    if source.throughput is None or source.summary is None:
        return Skipped(NAME, f"no throughput.csv in {source.path.name}; --cost RESULTS names a run of the same machine")
    if difference := results.difference(source):
        return Skipped(NAME, f"{source.path.name} cannot stand beside {results.path.name}: {difference}")
    table = points(results.exposure, costing.costs(source))
    if table.empty:
        return Skipped(NAME, "no strategy has both a measured exposure and a valid processor time")
    files = ["exposure.csv", "throughput.csv", "summary.csv"]
    drawn = Figure(NAME, "Exposure against cost", chart(table), sentence(table), alt_text(table),
                   ["exposure.csv", "throughput.csv", "summary.csv"])
    what = ("How long a holder still gets in after a logout: at the mark with all renewals, at the foot of its line without. "
            "No other strategy beats a filled mark in both.")
    return finish(drawn, source, what, HEIGHT)


def points(exposure: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """One row for each strategy; `front`: no other is as good in both and better in one."""
    logouts = exposure[(exposure.withdrawal == "logout") & (exposure.strategy != theme.BASELINE)]
    after = logouts.dropna(subset=["p99_ms", "login_max_ms"])
    known = costs[costs.valid].dropna(subset="store").rename(columns={"n": "operations"})
    table = after.merge(known, on="strategy")
    table["credential"] = table.p99_ms / 1000
    # What a credential allows, its holder has in any case.
    table["seconds"] = table[["p99_ms", "login_max_ms"]].max(axis=1) / 1000
    table["front"] = [not beaten(row, table) for row in table.itertuples()]
    return table.sort_values("cpu")


def beaten(row, table: pd.DataFrame) -> bool:
    """Tells whether another strategy is as good in both and better in one."""
    as_good = (table.cpu <= row.cpu) & (table.seconds <= row.seconds)
    return bool((as_good & ((table.cpu < row.cpu) | (table.seconds < row.seconds))).any())


def chart(table: pd.DataFrame) -> alt.LayerChart:
    kept = ["strategy", "cpu", "cpu_low", "cpu_high", "seconds", "credential", "front", "login_n"]
    table = table[kept].rename(columns={"login_n": "n"}).assign(
        time=table.seconds.map(wording.duration), alone=table.credential.map(wording.duration),
        amount=[f"{wording.digits(row.cpu)} µs ({wording.between(row.cpu_low, row.cpu_high, wording.digits)})"
                for row in table.itertuples()])
    low, high = table.cpu_low.min() / 1.3, table.cpu_high.max() * 1.3
    axis = theme.Log(0, top(table), constant=SYMLOG_s)
    across = {"title": "processor time per request in µs, client and store (log scale)",
              "axis": alt.Axis(values=theme.log_ticks(low, high)),
              "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
    up = {"title": "how long a revoked login still works (s to h)",
          "axis": alt.Axis(values=[value for value in TICKS if value <= top(table)], labelExpr=TICK_LABELS),
          "scale": alt.Scale(type="symlog", constant=SYMLOG_s, domain=[0, top(table)], nice=False)}
    x, y = alt.X("cpu:Q", **across), alt.Y("seconds:Q", **up)
    base = alt.Chart(table).encode(color=theme.colour(table.strategy))
    tall = base.mark_rule(strokeWidth=1.5).encode(x=x, y=alt.Y("credential:Q", **up), y2="seconds:Q")
    wide = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("cpu_low:Q", **across), x2="cpu_high:Q", y=y)
    front = alt.Chart(table[table.front]).mark_line(interpolate="step-after", style="limit").encode(x=x, y=y)
    dots = base.encode(x=x, y=y, tooltip=theme.tips(
        strategy="strategy", time="renewing", alone="credential alone (p99)", n="logins (n)",
        amount="processor time per request"))
    filled = dots.transform_filter("datum.front").mark_point(filled=True, size=110, opacity=1)
    hollow = dots.transform_filter("!datum.front").mark_point(filled=False, size=90, opacity=1, strokeWidth=2)
    ends = table[["strategy", "cpu", "seconds"]].assign(name=table.strategy)
    names = theme.names(ends, axis, HEIGHT, ("cpu:Q", across), ("seconds", up), right=high)
    return alt.layer(front, tall, wide, names, hollow, filled)


def top(table: pd.DataFrame) -> float:
    return max(60, table.seconds.max() * 1.5)


def sentence(table: pd.DataFrame) -> str:
    cheap, safe = table.iloc[0], table.sort_values(["seconds", "cpu"]).iloc[0]
    words = (f"{cheap.strategy} costs least, {wording.digits(cheap.cpu)} µs per request. After a logout, a holder who "
             f"renews it still gets in for {wording.duration(cheap.seconds)}")
    if safe.strategy == cheap.strategy:
        return words + ": no other strategy is safer."
    return f"{words}. {safe.strategy} ends that after {wording.duration(safe.seconds)} and costs {wording.digits(safe.cpu)} µs."


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{row.strategy} {wording.digits(row.cpu)} µs and {wording.duration(row.seconds)}, "
             f"{wording.duration(row.credential)} without renewal" + (" (beaten by none)" if row.front else "")
             for row in table.itertuples()]
    return f"Scatter plot of processor time per request against the longest exposure after a logout: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure, "cost"))
