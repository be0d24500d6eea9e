"""Throughput: operations per second of each repeat, and of all valid repeats together with their 95 % interval."""

import sys

import altair as alt
import pandas as pd

import theme
from figure import Figure, Skipped, command, finish
from results import Results

NAME = "throughput"


def figure(results: Results) -> Figure | Skipped:
    """Draws every repeat as a dot; one that is not valid is a cross and in no figure, where another is valid."""
    table = results.throughput
    if table is None:
        return Skipped(NAME, f"no throughput.csv in {results.path.name}")
    rates = results.rates().sort_values("operations_per_second", ascending=False)
    drawn = Figure(NAME, "Throughput", chart(table, rates), sentence(rates, table), alt_text(rates, table),
                   ["throughput.csv", "summary.csv"])
    asked = table.target_rate.max()
    loop = "closed loop" if pd.isna(asked) else f"open loop, {theme.digits(asked)} per second asked for"
    crosses = "" if table.valid.all() else ", × not valid"
    what = f"Every repeat with the 95 % interval of it alone; bar and number: all valid ones, theirs wide{crosses} ({loop})"
    return finish(drawn, results, what, 56 * table.strategy.nunique())


def chart(table: pd.DataFrame, rates: pd.DataFrame) -> alt.LayerChart:
    rows = table.assign(
        rate=table.achieved_rate.map(theme.digits) + " /s",
        interval=theme.betweens(table.achieved_rate_ci95_low, table.achieved_rate_ci95_high, theme.digits, " /s"),
        use=table.valid.map({True: "yes", False: "no: "}) + table.reason.astype(object).fillna(""))
    ranked = theme.floor_last(list(rates.index))
    low, high = rows.achieved_rate.min() / 1.3, rows.achieved_rate.max() * 1.3
    axis = {"title": "operations per second (log scale)",
            "axis": alt.Axis(labelExpr=theme.COUNT_AXIS, values=theme.log_ticks(low, high)),
            "scale": alt.Scale(type="log", domain=[low, high], nice=False, clamp=True)}
    y = alt.Y("strategy:N", sort=ranked, title=None, axis=alt.Axis(labelLimit=200, ticks=False),
              scale=alt.Scale(paddingInner=0.45, paddingOuter=0.3))
    place = alt.YOffset("repeat:O")
    base = alt.Chart(rows).encode(y=y, yOffset=place, color=theme.colour(rows.strategy), tooltip=theme.tips(
        strategy="strategy", repeat="repeat", rate="rate", interval="95 %", operations="operations (n)", use="valid"))
    lines = base.transform_filter("isValid(datum.achieved_rate_ci95_low)").mark_rule(strokeWidth=1.5).encode(
        x=alt.X("achieved_rate_ci95_low:Q", **axis), x2="achieved_rate_ci95_high:Q")
    x = alt.X("achieved_rate:Q", **axis)
    dots = base.transform_filter("datum.valid").mark_point(filled=True, size=60, opacity=1).encode(x=x)
    cross = {"shape": "cross", "angle": 45, "size": 70, "filled": True, "opacity": 1}
    crosses = base.transform_filter("!datum.valid").mark_point(**cross).encode(x=x)
    middle = pd.DataFrame({
        "strategy": rates.index, "achieved_rate": rates.operations_per_second.to_numpy(),
        "low": rates.operations_per_second_ci95_low.to_numpy(),
        "high": rates.operations_per_second_ci95_high.to_numpy(),
        "label": [theme.digits(row.operations_per_second) + " /s" + theme.unusable(row.valid) for row in rates.itertuples()]})
    whole = alt.Chart(middle).encode(x=x, y=y)
    wide = whole.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=9, opacity=0.25).encode(
        x=alt.X("low:Q", **axis), x2="high:Q", color=theme.colour(rows.strategy))
    ticks = whole.mark_tick(style="median", thickness=2, height=34)
    names = whole.mark_text(style="label", dy=-25).encode(text="label:N")
    return alt.layer(wide, lines, ticks, dots, crosses, names)


def sentence(rates: pd.DataFrame, table: pd.DataFrame) -> str:
    asked, each = table.target_rate.max(), rates.operations_per_second
    real = each[rates.valid].drop(theme.FLOOR, errors="ignore")
    bad = int((~table.valid).sum())
    tail = f" {bad} of {len(table)} repeats are not valid." if bad else ""
    if unusable := theme.order(rates.index[~rates.valid]):
        tail += f" No repeat is valid of {', '.join(unusable)}."
    if real.empty:
        alone = set(rates.index) == {theme.FLOOR}
        words = f"Only the harness itself was measured: {theme.digits(each.iloc[0])} operations per second."
        return (words if alone else "No rate may be used.") + tail
    if asked == asked:
        return (f"Of {theme.digits(asked)} operations per second that were asked for, {real.index[-1]} does least, "
                f"{theme.digits(real.iloc[-1])}." + tail)
    words = f"{real.index[0]} does {theme.digits(real.iloc[0])} operations per second"
    if len(real) > 1:
        words += (f", {theme.digits(real.iloc[0] / real.iloc[-1])} times as many as {real.index[-1]}"
                  f" ({theme.digits(real.iloc[-1])})")
    return words + "." + tail


def alt_text(rates: pd.DataFrame, table: pd.DataFrame) -> str:
    parts = [f"{row.Index} {theme.digits(row.operations_per_second)}{theme.unusable(row.valid)}"
             for row in rates.itertuples()]
    repeats = table.groupby("strategy").size().max()
    return f"Dot plot of operations per second, {repeats} repeats each; of the valid ones: {', '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
