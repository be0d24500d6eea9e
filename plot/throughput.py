"""Throughput: requests per second of each repeat, and of all valid repeats together with their 95 % interval.

It ranks nothing: clients that wait for their answers do the fewer requests the further away a store is, at the same cost.
"""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "throughput"
ROW = 60


def figure(results: Results) -> Figure | Skipped:
    """Draws every repeat as a dot; one that is not valid is a cross and in no figure, where another is valid."""
    table = results.throughput
    if table is None:
        return Skipped(NAME, f"no throughput.csv in {results.path.name}")
    rates = results.rates()
    rates = rates.loc[theme.order(rates.index)]
    drawn = Figure(NAME, "Requests per second", chart(table, rates), sentence(rates, table), alt_text(rates, table),
                   ["throughput.csv", "summary.csv"])
    asked = table.target_rate.max()
    who = wording.counted(results.clients, "client")
    loop = (f"{who[0].upper()}{who[1:]} waited for each answer, so the rate falls with the distance to a store: it ranks "
            "nothing."
            if pd.isna(asked) else f"{wording.digits(asked)} per second were asked for.")
    crosses = "" if table.valid.all() else " × is not valid."
    what = f"{loop} Dots are repeats; the broad band is the 95 % interval over all of them.{crosses}"
    return finish(drawn, results, what, theme.height(ROW, [label(row) for row in rates.itertuples()]))


def chart(table: pd.DataFrame, rates: pd.DataFrame) -> alt.LayerChart:
    points = table.assign(
        rate=table.achieved_rate.map(wording.digits) + " /s",
        interval=wording.betweens(table.achieved_rate_ci95_low, table.achieved_rate_ci95_high, wording.digits, " /s"),
        use=table.valid.map({True: "yes", False: "no: "}) + table.reason.astype(object).fillna(""))
    ranked = theme.baseline_last(list(rates.index))
    low, high = points.achieved_rate.min() / 1.3, points.achieved_rate.max() * 1.3
    axis = {"title": "requests per second (log scale)",
            "axis": alt.Axis(labelExpr=theme.COUNT_AXIS, values=theme.log_ticks(low, high)),
            "scale": alt.Scale(type="log", domain=[low, high], nice=False, clamp=True)}
    y = alt.Y("strategy:N", sort=ranked, title=None, axis=None, scale=alt.Scale(paddingInner=0.5, paddingOuter=0.45))
    base = alt.Chart(points).encode(y=y, yOffset=alt.YOffset("repeat:O"), color=theme.colour(points.strategy), tooltip=theme.tips(
        strategy="strategy", repeat="repeat", rate="rate", interval="95 %", operations="operations (n)", use="valid"))
    lines = base.transform_filter("isValid(datum.achieved_rate_ci95_low)").mark_rule(strokeWidth=1.5).encode(
        x=alt.X("achieved_rate_ci95_low:Q", **axis), x2="achieved_rate_ci95_high:Q")
    x = alt.X("achieved_rate:Q", **axis)
    dots = base.transform_filter("datum.valid").mark_point(filled=True, size=60, opacity=1).encode(x=x)
    cross = {"shape": "cross", "angle": 45, "size": 70, "filled": True, "opacity": 1}
    crosses = base.transform_filter("!datum.valid").mark_point(**cross).encode(x=x)
    summary = pd.DataFrame({
        "strategy": rates.index, "achieved_rate": rates.operations_per_second.to_numpy(),
        "low": rates.operations_per_second_ci95_low.to_numpy(), "high": rates.operations_per_second_ci95_high.to_numpy(),
        "label": [label(row) for row in rates.itertuples()], "left": low})
    whole = alt.Chart(summary).encode(x=x, y=y)
    wide = whole.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=9, opacity=0.35).encode(
        x=alt.X("low:Q", **axis), x2="high:Q", color=theme.colour(points.strategy))
    ticks = whole.mark_tick(style="median", thickness=2, height=34)
    return alt.layer(wide, lines, ticks, dots, crosses, theme.rows(summary, alt.X("left:Q", **axis), y, dy=-25))


def label(row) -> str:
    """The strategy, its rate and the interval, above its dots."""
    low, high = row.operations_per_second_ci95_low, row.operations_per_second_ci95_high
    interval = f" ({wording.between(low, high, wording.digits)})" if wording.known(low) and wording.known(high) else ""
    return f"{row.Index}: {wording.digits(row.operations_per_second)}{interval}{wording.unusable(row.valid)}"


def sentence(rates: pd.DataFrame, table: pd.DataFrame) -> str:
    asked, each = table.target_rate.max(), rates.operations_per_second
    real = each[rates.valid].drop(theme.BASELINE, errors="ignore")
    bad = int((~table.valid).sum())
    tail = f" {bad} of {wording.counted(len(table), 'repeat')} {'is' if bad == 1 else 'are'} not valid." if bad else ""
    tail += theme.left_out(rates.index[~rates.valid])
    if real.empty:
        alone = set(rates.index) == {theme.BASELINE}
        words = f"Only the harness itself was measured: {wording.digits(each.iloc[0])} requests per second."
        return (words if alone else "No rate may be used.") + tail
    least, most = real.idxmin(), real.idxmax()
    if asked == asked:
        return (f"Of {wording.digits(asked)} requests per second that were asked for, {least} did "
                f"{wording.digits(real[least])}, the least of all." + tail)
    words = f"The clients did {wording.digits(real[most])} requests per second with {most}"
    more = f" and {wording.digits(real[least])} with {least}" if len(real) > 1 else ""
    far = theme.order(set(rates.index[rates.store_round_trips_per_op > 0]) & set(real.index))
    waited = f" With {wording.listed(far)} they also waited for a store across the network." if far else ""
    return f"{words}{more}.{waited}{tail}"


def alt_text(rates: pd.DataFrame, table: pd.DataFrame) -> str:
    parts = [f"{row.Index} {wording.digits(row.operations_per_second)}{wording.unusable(row.valid)}"
             for row in rates.itertuples()]
    repeats = table.groupby("strategy").size().max()
    return f"Dot plot of requests per second, {repeats} repeats each; of the valid ones: {', '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
