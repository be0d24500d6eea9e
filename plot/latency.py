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
    """Draws the medians over the repeats; the band spans the 95 % intervals of all repeats."""
    if results.latency is None:
        return Skipped(NAME, f"no latency.csv in {results.path.name}")
    rows = results.latency[results.latency.operation == OPERATION]
    clock = "response" if (rows.clock == "response").any() else "service"
    points = curve(results.valid(rows[rows.clock == clock]))
    if points.empty:
        return Skipped(NAME, f"no valid repeat of {OPERATION} has enough samples for a quantile")
    words = sentence(points, clock)
    drawn = Figure(NAME, f"Latency of {OPERATION}", chart(points), words, alt_text(points, clock), ["latency.csv"])
    what = "from the moment it was due" if clock == "response" else "from its start"
    return finish(drawn, results, f"Time of a request {what}: median of the repeats, 95 % intervals as bands", HEIGHT)


def curve(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each strategy and quantile that every valid repeat resolves."""
    points = []
    for strategy, repeats in rows.groupby("strategy"):
        for name, odds in QUANTILES.items():
            times = repeats[f"{name}_ns"]
            if times.isna().any():
                break
            ends = [repeats[f"{name}_ci95_{end}_ns"] if name in INTERVALS else pd.Series([np.nan])
                    for end in ("low", "high")]
            points.append({"strategy": strategy, "quantile": name, "odds": odds, "time_ns": times.median(),
                           "low_ns": ends[0].min(), "high_ns": ends[1].max(), "n": int(repeats.n.sum()),
                           "repeats": len(repeats)})
    return pd.DataFrame(points)


def chart(points: pd.DataFrame) -> alt.LayerChart:
    points = points.assign(
        time=points.time_ns.map(theme.time),
        interval=[f"{theme.time(a)} to {theme.time(b)}" if a == a else "–"
                  for a, b in zip(points.low_ns, points.high_ns)])
    low, high = points[["time_ns", "low_ns"]].min(axis=None), points[["time_ns", "high_ns"]].max(axis=None)
    x = alt.X("odds:Q", title="quantile of the requests", scale=alt.Scale(type="log", domain=[2, points.odds.max()]),
              axis=alt.Axis(values=list(QUANTILES.values()), labelExpr=TICKS, grid=True))
    y = alt.Y("time_ns:Q", title="time of a request (log scale)", scale=alt.Scale(type="log", domain=[low * 0.8, high * 1.2]),
              axis=alt.Axis(labelExpr=theme.TIME_AXIS, tickCount=6))
    base = alt.Chart(points).encode(x=x, color=theme.colour(points.strategy), detail="strategy:N")
    band = base.transform_filter("isValid(datum.low_ns)").mark_area(opacity=0.18, stroke=None).encode(
        y=y, y2="high_ns:Q").encode(y=alt.Y("low_ns:Q", title=None))
    dash = alt.condition(f"datum.strategy == '{theme.FLOOR}'", alt.value([4, 3]), alt.value([1, 0]))
    line = base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash)
    tips = [alt.Tooltip(f"{field}:N", title=title) for field, title in
            [("strategy", "strategy"), ("quantile", "quantile"), ("time", "time"), ("interval", "95 %"),
             ("n", "requests"), ("repeats", "repeats")]]
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(y=y, tooltip=tips)
    ends = points.sort_values("odds").groupby("strategy").tail(1)
    return alt.layer(band, line, dots, labels(ends, x, y, np.log10(high / low) / HEIGHT))


def labels(ends: pd.DataFrame, x: alt.X, y: alt.Y, decades_per_pixel: float) -> alt.Chart:
    """The names beside the ends of their curves, moved apart where they would overlap."""
    moved = theme.spread(list(np.log10(ends.time_ns)), 15 * decades_per_pixel * 1.1)
    placed = ends.assign(time_ns=[10**place for place in moved])
    return alt.Chart(placed).mark_text(align="left", dx=8, fontWeight="bold").encode(
        x=x, y=y, text="strategy:N", color=theme.colour(ends.strategy))


def sentence(points: pd.DataFrame, clock: str) -> str:
    real = points[(points.strategy != theme.FLOOR) & (points.quantile == "p50")].sort_values("time_ns")
    if real.empty:
        return f"Only the harness itself was measured: {theme.time(points.time_ns.iloc[0])} at p50."
    best, worst = real.iloc[0], real.iloc[-1]
    words = f"At p50 {best.strategy} answers fastest ({theme.time(best.time_ns)})"
    if len(real) == 1:
        return words + "."
    return f"{words} and {worst.strategy} slowest ({theme.time(worst.time_ns)}, {theme.digits(worst.time_ns / best.time_ns)} times as long)."


def alt_text(points: pd.DataFrame, clock: str) -> str:
    parts = []
    for strategy in theme.order(points.strategy):
        rows = points[points.strategy == strategy]
        parts.append(strategy + " " + ", ".join(f"{r.quantile} {theme.time(r.time_ns)}" for r in rows.itertuples()))
    return f"Line chart of {clock} time against quantile, both axes logarithmic. " + "; ".join(parts) + "."


if __name__ == "__main__":
    sys.exit(command(figure))
