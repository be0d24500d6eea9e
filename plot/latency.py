"""Latency: the quantile curve of each strategy, to the last quantile that the samples resolve."""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, np, pd
from results import INTERVALS, QUANTILES, Results

NAME = "latency"
OPERATION = "authenticate"
TICKS = "{2: 'p50', 10: 'p90', 100: 'p99', 1000: 'p99.9', 10000: 'p99.99'}[datum.value]"
HEIGHT = 340


def figure(results: Results) -> Figure | Skipped:
    """Draws what summary.csv says of all valid repeats together, with the 95 % intervals as bands."""
    if results.summary is None:
        return Skipped(NAME, f"no summary.csv in {results.path.name}")
    rows = results.times(OPERATION)
    points = curve(rows)
    if points.empty:
        return Skipped(NAME, f"no strategy has enough requests of {OPERATION} for a quantile; measure longer")
    clock, words = rows.clock.iloc[0], sentence(points)
    drawn = Figure(NAME, f"Time of one {OPERATION}", chart(points), words, alt_text(points, clock), ["summary.csv"])
    what = "from the moment a request was due" if clock == "response" else "from the start of a request"
    note = f"At p99, one request in 100 takes longer. Times count {what}; bands are 95 % intervals."
    return finish(drawn, results, note, theme.tall(HEIGHT, points["name"]))


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
                           "valid": row.valid, "name": row.strategy + wording.unusable(row.valid)})
    return pd.DataFrame(points)


def chart(points: pd.DataFrame) -> alt.LayerChart:
    points = points.assign(
        time=points.time_ns.map(wording.time),
        interval=wording.betweens(points.low_ns, points.high_ns, wording.time))
    low, high = points[["time_ns", "low_ns"]].min(axis=None), points[["time_ns", "high_ns"]].max(axis=None)
    axis, last = theme.Log(low * 0.8, high * 1.2), int(points.odds.max())
    across = {"title": "share of the requests that are faster", "scale": alt.Scale(type="log", domain=[2, last]),
              "axis": alt.Axis(values=list(QUANTILES.values()), labelExpr=TICKS)}
    up = theme.times(axis, "time of a request (log scale)")
    base = alt.Chart(points).encode(
        x=alt.X("odds:Q", **across), y=alt.Y("time_ns:Q", **up), color=theme.colour(points.strategy), detail="strategy:N")
    band = base.transform_filter("isValid(datum.low_ns)").mark_area(opacity=0.18).encode(
        y=alt.Y("low_ns:Q", **up), y2="high_ns:Q")
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(tooltip=theme.tips(
        strategy="strategy", quantile="quantile", time="time", interval="95 %", n="requests", repeats="repeats"))
    ends = points.sort_values("odds").groupby("strategy").tail(1)[["strategy", "name", "odds", "time_ns"]]
    names = theme.names(ends, axis, theme.tall(HEIGHT, points["name"]), ("odds:Q", across), ("time_ns", up), right=last)
    return alt.layer(band, base.mark_line(strokeWidth=2).encode(strokeDash=theme.DASHED), names, dots)


def sentence(points: pd.DataFrame) -> str:
    real = points[(points.strategy != theme.BASELINE) & (points["quantile"] == "p50")].sort_values("time_ns")
    real, tail, nothing = theme.usable(real, "time")
    if nothing:
        return nothing
    if real.empty:
        return f"Only the harness itself was measured: {wording.time(points.time_ns.iloc[0])} at p50."
    best, worst = real.iloc[0], real.iloc[-1]
    words = f"Half of the requests to {best.strategy} take less than {wording.time(best.time_ns)} (p50)"
    if len(real) == 1:
        return words + "." + tail
    return f"{words}, of those to {worst.strategy} less than {wording.time(worst.time_ns)}.{tail}"


def decimal(quantile: str) -> str:
    """The name of a quantile as people write it: p99.9 for the column's p999."""
    return quantile if len(quantile) <= 3 else f"{quantile[:3]}.{quantile[3:]}"


def alt_text(points: pd.DataFrame, clock: str) -> str:
    parts = []
    for strategy in theme.order(points.strategy):
        rows = points[points.strategy == strategy]
        times = [f"{decimal(row.quantile)} {wording.time(row.time_ns)}" for row in rows.itertuples()]
        parts.append(f"{rows['name'].iloc[0]} {', '.join(times)}")
    return f"Line chart of {clock} time against quantile, both axes logarithmic. " + "; ".join(parts) + "."


if __name__ == "__main__":
    sys.exit(command(figure))
