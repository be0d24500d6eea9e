"""Latency: the quantile curve of each strategy, to the last quantile that the samples resolve."""

import sys

import altair as alt
import numpy as np
import pandas as pd

import theme
from figure import Figure, Skipped, command, finish
from results import INTERVALS, QUANTILES, Results

NAME = "latency"
OPERATION = "authenticate"
TICKS = "{2: 'p50', 10: 'p90', 100: 'p99', 1000: 'p99.9', 10000: 'p99.99'}[datum.value]"
HEIGHT = 340


def figure(results: Results) -> Figure | Skipped:
    """Draws the quantiles of all valid repeats together, with the 95 % intervals as bands."""
    if results.summary is None:
        return Skipped(NAME, f"no summary.csv in {results.path.name}")
    rows = results.times(OPERATION)
    points = curve(rows)
    if points.empty:
        return Skipped(NAME, f"no strategy has enough samples of {OPERATION} for a quantile")
    clock, words = rows.clock.iloc[0], sentence(points)
    drawn = Figure(NAME, f"Latency of {OPERATION}", chart(points), words, alt_text(points, clock), ["summary.csv"])
    what = "from the moment it was due" if clock == "response" else "from its start"
    return finish(drawn, results, f"Time of a request {what}: all valid repeats, 95 % intervals as bands", HEIGHT)


def curve(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each strategy and quantile that its samples resolve."""
    points = []
    for row in rows.itertuples():
        for name, odds in QUANTILES.items():
            time = getattr(row, f"{name}_ns")
            if np.isnan(time):
                break
            low, high = (getattr(row, f"{name}_ci95_{end}_ns") if name in INTERVALS else np.nan for end in ("low", "high"))
            points.append({"strategy": row.strategy, "quantile": name, "odds": odds, "time_ns": time, "low_ns": low,
                           "high_ns": high, "n": row.n, "repeats": f"{row.valid_repeats} valid of {row.repeats}",
                           "valid": row.valid, "name": row.strategy + theme.unusable(row.valid)})
    return pd.DataFrame(points)


def chart(points: pd.DataFrame) -> alt.LayerChart:
    points = points.assign(
        time=points.time_ns.map(theme.time),
        interval=theme.betweens(points.low_ns, points.high_ns, theme.time))
    low, high = points[["time_ns", "low_ns"]].min(axis=None), points[["time_ns", "high_ns"]].max(axis=None)
    x = alt.X("odds:Q", title="quantile of the requests", scale=alt.Scale(type="log", domain=[2, points.odds.max()]),
              axis=alt.Axis(values=list(QUANTILES.values()), labelExpr=TICKS))
    low, high = low * 0.8, high * 1.2
    axis = {"title": "time of a request (ns to s, log scale)",
            "axis": alt.Axis(labelExpr=theme.TIME_AXIS, values=theme.log_ticks(low, high)),
            "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
    y = alt.Y("time_ns:Q", **axis)
    base = alt.Chart(points).encode(x=x, y=y, color=theme.colour(points.strategy), detail="strategy:N")
    band = base.transform_filter("isValid(datum.low_ns)").mark_area(opacity=0.18).encode(
        y=alt.Y("low_ns:Q", **axis), y2="high_ns:Q")
    dash = alt.condition(f"datum.strategy == '{theme.FLOOR}'", alt.value([4, 3]), alt.value([1, 0]))
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(tooltip=theme.tips(
        strategy="strategy", quantile="quantile", time="time", interval="95 %", n="requests", repeats="repeats"))
    ends = points.sort_values("odds").groupby("strategy").tail(1)
    gap = 16 * np.log10(high / low) / HEIGHT
    names = theme.tags(apart(ends, "odds", gap), "name", x, y, theme.colour(points.strategy))
    return alt.layer(band, base.mark_line(strokeWidth=2).encode(strokeDash=dash), dots, names)


def apart(ends: pd.DataFrame, across: str, gap: float) -> pd.DataFrame:
    """The places of the names: at the ends of the curves, but never on each other."""
    groups = [rows.assign(time_ns=[10**place for place in theme.spread(list(np.log10(rows.time_ns)), gap)])
              for _, rows in ends.groupby(across)]
    return pd.concat(groups)


def sentence(points: pd.DataFrame) -> str:
    real = points[(points.strategy != theme.FLOOR) & (points["quantile"] == "p50")].sort_values("time_ns")
    unusable = theme.order(real.strategy[~real.valid])
    tail = f" No repeat is valid of {', '.join(unusable)}." if unusable else ""
    if not real.empty and not real.valid.any():
        return "No time may be used." + tail
    real = real[real.valid]
    if real.empty:
        return f"Only the harness itself was measured: {theme.time(points.time_ns.iloc[0])} at p50."
    best, worst = real.iloc[0], real.iloc[-1]
    words = f"At p50 {best.strategy} answers fastest ({theme.time(best.time_ns)})"
    if len(real) == 1:
        return words + "." + tail
    times = theme.digits(worst.time_ns / best.time_ns)
    return f"{words} and {worst.strategy} slowest ({theme.time(worst.time_ns)}, {times} times as long).{tail}"


def decimal(quantile: str) -> str:
    """The name of a quantile as people write it: p99.9 for the column's p999."""
    return quantile if len(quantile) <= 3 else f"{quantile[:3]}.{quantile[3:]}"


def alt_text(points: pd.DataFrame, clock: str) -> str:
    parts = []
    for strategy in theme.order(points.strategy):
        rows = points[points.strategy == strategy]
        parts.append(rows["name"].iloc[0] + " " + ", ".join(f"{decimal(r.quantile)} {theme.time(r.time_ns)}" for r in rows.itertuples()))
    return f"Line chart of {clock} time against quantile, both axes logarithmic. " + "; ".join(parts) + "."


if __name__ == "__main__":
    sys.exit(command(figure))
