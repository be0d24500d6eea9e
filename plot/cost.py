"""Cost: the processor time that a million requests take of the client's process and of the store's.

Waiting is not drawn. Clients that queue for a processor and clients that wait for a store look alike from outside, and a
queue for the processor says how many clients there were, not what a strategy costs.
"""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "cost"
PARTS = {"client": "client process", "store": "store process"}
COLOURS = ["#4477AA", "#EE6677"]
ROW = 44
# Of an axis with the same for one request.
PER_REQUEST = "processor time per request in µs, client and store (log scale)"


def figure(results: Results) -> Figure | Skipped:
    """Draws what summary.csv says of all valid repeats together; microseconds for one request are seconds for a million."""
    if results.throughput is None or results.summary is None:
        return Skipped(NAME, f"throughput.csv and summary.csv are not both in {results.path.name}")
    table = costs(results)
    if table.empty:
        return Skipped(NAME, f"no repeat in {results.path.name} knows its processor time")
    drawn = Figure(NAME, "Processor time of a million requests", chart(table), sentence(table), alt_text(table),
                   ["summary.csv"])
    return finish(drawn, results, "This time must be bought for each million requests. Time spent waiting is not in it.",
                  theme.height(ROW, [label(row) for row in table.itertuples()]))


def costs(results: Results) -> pd.DataFrame:
    """One row for each strategy, in seconds for a million requests; `store` is blank where it cannot be seen."""
    rates = results.rates()
    table = pd.DataFrame({"client": rates.cpu_us_per_op, "store": rates.store_cpu_us_per_op, "valid": rates.valid,
                          "repeats": [f"{row.valid_repeats} valid of {row.repeats}" for row in rates.itertuples()]})
    table["cpu"] = table.client + table.store.fillna(0)
    service = results.summary[results.summary.clock == "service"]
    table["n"] = service.groupby("strategy").n.sum()
    used = results.used()
    ranges = (used.cpu_us_per_op + used.store_cpu_us_per_op.fillna(0)).groupby(used.strategy)
    table["cpu_low"], table["cpu_high"] = ranges.min(), ranges.max()
    table = table.dropna(subset="client").sort_values("cpu")
    return table.loc[theme.baseline_last(list(table.index))].reset_index()


def amounts(table: pd.DataFrame) -> list[str]:
    """What a request costs with each strategy, and the range of its repeats."""
    return [f"{wording.digits(row.cpu)} µs ({wording.between(row.cpu_low, row.cpu_high, wording.digits)})"
            for row in table.itertuples()]


def chart(table: pd.DataFrame) -> alt.LayerChart:
    table = table.assign(label=[label(row) for row in table.itertuples()], zero=0)
    parts = table.melt(["strategy", "repeats", "n"], list(PARTS), "part", "seconds").dropna(subset="seconds")
    parts = parts.assign(place=parts.part.map(list(PARTS).index), part=parts.part.map(PARTS),
                         amount=parts.seconds.map(wording.digits) + " s")
    y = alt.Y("strategy:N", sort=list(table.strategy), title=None, axis=None)
    axis = {"title": "processor seconds per million requests", "axis": alt.Axis(tickCount=5),
            "scale": alt.Scale(domain=[0, table.cpu.max() * 1.05], nice=False)}
    bars = alt.Chart(parts).mark_bar(height=14, yOffset=9).encode(
        x=alt.X("seconds:Q", **axis), y=y, order="place:Q",
        opacity=alt.condition(f"datum.strategy == '{theme.BASELINE}'", alt.value(0.5), alt.value(1)), tooltip=theme.tips(
            strategy="strategy", part="part", amount="per million", n="operations (n)", repeats="repeats"),
        color=alt.Color("part:N", scale=alt.Scale(domain=list(PARTS.values()), range=COLOURS), legend=alt.Legend(title=None)))
    return alt.layer(bars, theme.rows(table, alt.X("zero:Q", **axis), y, dy=-9))


def label(row) -> str:
    """The strategy and its cost, above its bar."""
    words = f"{row.strategy}: {wording.digits(row.cpu)} s"
    if not wording.known(row.store):
        words += " (store unknown)"
    elif row.store > 0:
        words += f", of these {wording.digits(row.store)} s in the store"
    return words + wording.unusable(row.valid)


def sentence(table: pd.DataFrame) -> str:
    real = table[table.strategy != theme.BASELINE].sort_values("cpu")
    real, tail, nothing = theme.usable(real, "cost")
    if nothing:
        return nothing
    if real.empty:
        return f"Only the harness itself was measured: {wording.digits(table.cpu.iloc[0])} processor seconds per million."
    least, most = real.iloc[0], real.iloc[-1]
    words = f"A million requests take {wording.digits(least.cpu)} processor seconds with {least.strategy}"
    if len(real) > 1:
        words += f" and {wording.digits(most.cpu)} with {most.strategy}"
    return f"{words}.{unseen(real)}{tail}"


def unseen(table: pd.DataFrame) -> str:
    """The end of a sentence, which names the strategies whose store cannot be seen; empty if there are none."""
    hidden = theme.order(table.strategy[table.store.isna()])
    return f" What the store of {wording.listed(hidden)} takes cannot be seen from here." if hidden else ""


def alt_text(table: pd.DataFrame) -> str:
    parts = []
    for row in table.itertuples():
        store = f"{wording.digits(row.store)} s in the store" if wording.known(row.store) else "that of the store unknown"
        parts.append(f"{row.strategy}{wording.unusable(row.valid)} {wording.digits(row.client)} s in the client, {store}")
    return f"Stacked bars of processor seconds per million requests: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
