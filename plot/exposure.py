"""Exposure: how long a revoked login still works, against what a request costs; the Pareto front is marked."""

import sys

import altair as alt
import numpy as np
import pandas as pd

import cost as costing
import theme
from figure import Figure, Skipped, command, finish
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
        return Skipped(NAME, f"{source.path.name} tells no cost for {results.path.name}: {difference}")
    table = points(results.exposure, costing.costs(source))
    if table.empty:
        return Skipped(NAME, "no strategy has both a measured exposure and a valid CPU time")
    files = ["exposure.csv", "throughput.csv", "summary.csv"]
    drawn = Figure(NAME, "Exposure against cost", chart(table), sentence(table), alt_text(table), files)
    what = ("Longest exposure of a holder who renews whenever it can, down to p99 of the credential alone; "
            "range of the cost over repeats; filled: on the Pareto front")
    return finish(drawn, source, what, HEIGHT)


def points(exposure: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """One row for each strategy; `front`: no other is as good in both and better in one."""
    logouts = exposure[(exposure.withdrawal == "logout") & (exposure.strategy != theme.FLOOR)]
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
    table = table[["strategy", "cpu", "cpu_low", "cpu_high", "seconds", "credential", "front", "login_n"]].rename(columns={"login_n": "n"}).assign(
        time=table.seconds.map(duration), alone=table.credential.map(duration),
        amount=[f"{theme.digits(row.cpu)} µs ({theme.between(row.cpu_low, row.cpu_high, theme.digits)})"
                for row in table.itertuples()])
    low, high = table.cpu_low.min() / 1.3, table.cpu_high.max() * 1.3
    across = {"title": "CPU µs per request, client and store (log scale)",
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
        amount="CPU per request"))
    filled = dots.transform_filter("datum.front").mark_point(filled=True, size=110, opacity=1)
    hollow = dots.transform_filter("!datum.front").mark_point(filled=False, size=90, opacity=1, strokeWidth=2)
    names = alt.Chart(places(table, low, high)).encode(x=x, y=alt.Y("place:Q", **up), text="strategy:N")
    halo, text = names.mark_text(style="halo", dy=-14), names.mark_text(style="label", dy=-14)
    return alt.layer(front, tall, wide, hollow, filled, halo, text)


def places(table: pd.DataFrame, low: float, high: float) -> pd.DataFrame:
    """The heights of the names, apart where two stand above one another."""
    pixels = np.log(table.cpu.to_numpy() / low) / np.log(high / low) * theme.WIDTH
    column = np.concatenate([[0], np.cumsum(np.diff(pixels) > 100)])
    whole = np.log1p(top(table) / SYMLOG_s)
    heights = np.log1p(table.seconds / SYMLOG_s)
    apart = pd.concat([pd.Series(theme.spread(list(rows), 16 / HEIGHT * whole), rows.index)
                       for _, rows in heights.groupby(column)])
    return table.assign(place=np.expm1(apart) * SYMLOG_s)


def top(table: pd.DataFrame) -> float:
    return max(60, table.seconds.max() * 1.5)


def duration(seconds: float) -> str:
    """The largest unit that the time has two of: 11.9 h, 59 min, 14 s."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{theme.digits(seconds / size)} {unit}"
    return f"{theme.digits(seconds)} s"


def sentence(table: pd.DataFrame) -> str:
    cheap, safe = table.iloc[0], table.sort_values(["seconds", "cpu"]).iloc[0]
    words = (f"{cheap.strategy} costs least ({theme.digits(cheap.cpu)} µs of CPU per request), and whoever holds its "
             f"credential and renews it gets in for {duration(cheap.seconds)} after a logout")
    if safe.strategy == cheap.strategy:
        return words + ": no other is safer."
    return f"{words}; {safe.strategy} ends after {duration(safe.seconds)} for {theme.digits(safe.cpu)} µs."


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{row.strategy} {theme.digits(row.cpu)} µs and {duration(row.seconds)}, {duration(row.credential)} without "
             "renewal" + (" (Pareto front)" if row.front else "") for row in table.itertuples()]
    return f"Scatter plot of CPU per request against the longest exposure after a logout: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure, "cost"))
