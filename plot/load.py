"""Load: time of a request against the rate that was offered, from several open-loop runs of one machine."""

import sys

import altair as alt
import numpy as np
import pandas as pd

import latency
import theme
from figure import Figure, Skipped, command, finish
from results import Results

NAME = "load"


def figure(results: Results, also: list[Results] | None = None) -> Figure | Skipped:
    """Draws one point for each strategy and rate; a rate with no valid repeat, mostly overload, is a cross."""
    runs = [results, *(also or [])]
    for run in runs[1:]:
        if difference := results.difference(run):
            return Skipped(NAME, f"{run.path.name} does not stand beside {results.path.name}: {difference}")
    joined = [measured(run) for run in runs if run.summary is not None and run.throughput is not None]
    rows = pd.concat(joined) if joined else pd.DataFrame({"target_rate": []})
    if rows.target_rate.nunique() < 2:
        return Skipped(NAME, "needs open-loop runs at two rates or more: --also RESULTS names further ones")
    quantile = next((name for name in ("p99", "p90", "p50") if rows[f"{name}_ns"].notna().all()), None)
    if quantile is None:
        return Skipped(NAME, "a run has too few requests for a quantile")
    table = points(rows, quantile)
    drawn = Figure(NAME, "Latency against load", chart(table, quantile), sentence(table, quantile),
                   alt_text(table, quantile), ["summary.csv", "throughput.csv"])
    crosses = "" if table.valid.all() else ", × not valid"
    what = f"{quantile} of the response time of {latency.OPERATION}, 95 % intervals as bands{crosses}"
    return finish(drawn, results, what, latency.HEIGHT)


def measured(run: Results) -> pd.DataFrame:
    """The response times of one run beside the rate it was offered."""
    rows = run.summary[(run.summary.operation == latency.OPERATION) & (run.summary.clock == "response")]
    rates = run.throughput[["strategy", "target_rate"]].drop_duplicates("strategy")
    return rows.merge(rates.dropna(subset="target_rate"), on="strategy")


def points(rows: pd.DataFrame, quantile: str) -> pd.DataFrame:
    """One row for each strategy and rate; of two runs at one rate the valid one, or the first."""
    rows = rows.sort_values("valid", ascending=False, kind="stable").drop_duplicates(["strategy", "target_rate"])
    return pd.DataFrame({
        "strategy": rows.strategy, "rate": rows.target_rate, "time_ns": rows[f"{quantile}_ns"],
        "low_ns": rows[f"{quantile}_ci95_low_ns"], "high_ns": rows[f"{quantile}_ci95_high_ns"], "valid": rows.valid,
        "n": rows.n, "repeats": [f"{row.valid_repeats} valid of {row.repeats}" for row in rows.itertuples()],
    }).sort_values(["strategy", "rate"], ignore_index=True)


def chart(table: pd.DataFrame, quantile: str) -> alt.LayerChart:
    table = table.assign(
        time=table.time_ns.map(theme.time), offered=table.rate.map(theme.digits) + " /s",
        interval=theme.betweens(table.low_ns, table.high_ns, theme.time))
    low, high = table[["time_ns", "low_ns"]].min(axis=None) * 0.8, table[["time_ns", "high_ns"]].max(axis=None) * 1.2
    axis = {"title": f"{quantile} of the response time (ns to s, log scale)",
            "axis": alt.Axis(labelExpr=theme.TIME_AXIS, values=theme.log_ticks(low, high)),
            "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
    rates = sorted(table.rate.unique())
    x = alt.X("rate:Q", title="offered requests per second (log scale)",
              axis=alt.Axis(labelExpr=theme.COUNT_AXIS, values=[float(rate) for rate in rates]),
              scale=alt.Scale(type="log", domain=[rates[0], rates[-1]], nice=False))
    y = alt.Y("time_ns:Q", **axis)
    base = alt.Chart(table).encode(x=x, y=y, color=theme.colour(table.strategy), tooltip=theme.tips(
        strategy="strategy", offered="offered", time=quantile, interval="95 %", n="requests (n)", repeats="repeats"))
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("low_ns:Q", **axis), y2="high_ns:Q")
    dash = alt.condition(f"datum.strategy == '{theme.FLOOR}'", alt.value([4, 3]), alt.value([1, 0]))
    dots = base.transform_filter("datum.valid").mark_point(filled=True, size=55, opacity=1)
    crosses = base.transform_filter("!datum.valid").mark_point(filled=True, shape="cross", angle=45, size=80, opacity=1)
    ends = table.sort_values("rate").groupby("strategy").tail(1)
    ends = latency.apart(ends, "rate", 16 * np.log10(high / low) / latency.HEIGHT)
    names = theme.tags(ends, "strategy", x, y, theme.colour(table.strategy))
    return alt.layer(band, base.mark_line(strokeWidth=2).encode(strokeDash=dash), dots, crosses, names)


def sentence(table: pd.DataFrame, quantile: str) -> str:
    real = table[table.strategy != theme.FLOOR]
    real = table if real.empty else real
    top = real[real.rate == real.rate.max()].sort_values("time_ns")
    best, worst = top.iloc[0], top.iloc[-1]
    words = (f"At {theme.digits(best.rate)} requests per second {best.strategy} answers within "
             f"{theme.time(best.time_ns)} ({quantile}) and {worst.strategy} within {theme.time(worst.time_ns)}")
    over = theme.order(top[~top.valid].strategy)
    return words + (f"; not valid there: {', '.join(over)}." if over else ".")


def alt_text(table: pd.DataFrame, quantile: str) -> str:
    table = table.assign(text=[f"{theme.digits(row.rate)}/s {theme.time(row.time_ns)}" for row in table.itertuples()])
    parts = [f"{strategy} {', '.join(rows.text)}" for strategy, rows in table.groupby("strategy")]
    return f"Lines of {quantile} response time against the offered rate, log scales: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure, "also", many=True))
