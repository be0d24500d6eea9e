"""Cost: what a million requests take of client CPU, store CPU and waiting."""

import sys

import altair as alt
import pandas as pd

import theme
from figure import Figure, Skipped, command, finish
from results import Results

NAME = "cost"
PARTS = {"client": "client CPU", "store": "store CPU", "waiting": "waiting"}
COLOURS = ["#4477AA", "#EE6677", "#A9A9A9"]


def figure(results: Results) -> Figure | Skipped:
    """Draws all valid repeats together; microseconds for one request are seconds for a million."""
    if results.throughput is None or results.summary is None:
        return Skipped(NAME, f"throughput.csv and summary.csv are not both in {results.path.name}")
    table = costs(results)
    if table.empty:
        return Skipped(NAME, f"no repeat in {results.path.name} knows its CPU time")
    drawn = Figure(NAME, "Cost of a million requests", chart(table), sentence(table), alt_text(table),
                   ["throughput.csv", "summary.csv"])
    what = "Waiting is the mean service time less CPU: for a processor, a lock, the store"
    return finish(drawn, results, what, 46 * len(table))


def costs(results: Results) -> pd.DataFrame:
    """One row for each strategy, in seconds for a million requests; `store` is blank where it cannot be seen."""
    rows = results.summary[results.summary.clock == "service"]
    service = (rows.mean_ns * rows.n).groupby(rows.strategy).sum() / rows.groupby("strategy").n.sum() / 1000
    rates = results.rates()
    table = pd.DataFrame({"client": rates.cpu_us_per_op, "store": rates.store_cpu_us_per_op, "valid": rates.valid})
    table["cpu"] = table.client + table.store.fillna(0)
    table["waiting"] = (service - table.cpu).clip(lower=0)
    used = results.used()
    table["repeats"], table["n"] = used.groupby("strategy").size(), used.groupby("strategy").operations.sum()
    ranges = (used.cpu_us_per_op + used.store_cpu_us_per_op.fillna(0)).groupby(used.strategy)
    table["cpu_low"], table["cpu_high"] = ranges.min(), ranges.max()
    table = table.dropna(subset=["client", "waiting"])
    ranked = theme.floor_last(list((table.cpu + table.waiting).sort_values().index))
    return table.loc[ranked].reset_index()


def chart(table: pd.DataFrame) -> alt.LayerChart:
    table = table.assign(
        label=[f"{theme.digits(row.cpu)} s CPU + {theme.digits(row.waiting)} s" for row in table.itertuples()],
        total=table.cpu + table.waiting)
    table.loc[table.store.isna(), "label"] += " (store CPU unknown)"
    table["label"] += table.valid.map(theme.unusable)
    parts = table.melt(["strategy", "repeats", "n"], list(PARTS), "part", "seconds").dropna(subset="seconds")
    parts = parts.assign(place=parts.part.map(list(PARTS).index), part=parts.part.map(PARTS),
                         amount=parts.seconds.map(theme.digits) + " s")
    y = alt.Y("strategy:N", sort=list(table.strategy), title=None, axis=alt.Axis(labelLimit=200, ticks=False))
    axis = {"title": "seconds per million requests (CPU-seconds, and seconds of waiting)",
            "scale": alt.Scale(domain=[0, table.total.max() * 1.35], nice=False)}
    legend = alt.Legend(title=None)
    bars = alt.Chart(parts).mark_bar(height=22).encode(
        x=alt.X("seconds:Q", **axis), y=y, order="place:Q",
        opacity=alt.condition(f"datum.strategy == '{theme.FLOOR}'", alt.value(0.5), alt.value(1)), tooltip=theme.tips(
            strategy="strategy", part="part", amount="per million", n="operations (n)", repeats="repeats"),
        color=alt.Color("part:N", scale=alt.Scale(domain=list(PARTS.values()), range=COLOURS), legend=legend))
    names = alt.Chart(table).encode(x=alt.X("total:Q", **axis), y=y, text="label:N")
    marks = {"align": "left", "dx": 6}
    return alt.layer(bars, names.mark_text(style="halo", **marks), names.mark_text(style="label", **marks))


def sentence(table: pd.DataFrame) -> str:
    real = table[table.strategy != theme.FLOOR].sort_values("cpu")
    unusable = theme.order(real.strategy[~real.valid])
    tail = f" No repeat is valid of {', '.join(unusable)}." if unusable else ""
    if not real.empty and not real.valid.any():
        return "No cost may be used." + tail
    real = real[real.valid]
    if real.empty:
        return f"Only the harness itself was measured: {theme.digits(table.cpu.iloc[0])} CPU-seconds per million."
    least, most = real.iloc[0], real.iloc[-1]
    words = f"A million requests take {theme.digits(least.cpu)} CPU-seconds with {least.strategy}"
    if len(real) > 1:
        words += f" and {theme.digits(most.cpu)} with {most.strategy}"
    waits = real.sort_values("waiting").iloc[-1]
    return f"{words}; {waits.strategy} waits longest, {theme.digits(waits.waiting)} seconds.{tail}"


def alt_text(table: pd.DataFrame) -> str:
    parts = []
    for row in table.itertuples():
        store = f"{theme.digits(row.store)} s store CPU" if row.store == row.store else "store CPU unknown"
        waiting = f"{theme.digits(row.waiting)} s waiting"
        parts.append(f"{row.strategy}{theme.unusable(row.valid)} {theme.digits(row.client)} s client CPU, {store}, {waiting}")
    return f"Stacked bars of seconds per million requests: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
