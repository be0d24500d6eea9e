"""Throughput: operations per second of each repeat with its 95 % interval, and the median of the repeats."""

import sys

import altair as alt
import pandas as pd

import theme
from figure import Figure, Skipped, command, finish
from results import Results

NAME = "throughput"


def figure(results: Results) -> Figure | Skipped:
    """Draws every repeat as a dot; one that is not valid is a cross and in no median."""
    table = results.throughput
    if table is None:
        return Skipped(NAME, f"no throughput.csv in {results.path.name}")
    if not table.valid.any():
        return Skipped(NAME, f"no repeat in {results.path.name} is valid")
    medians = table[table.valid].groupby("strategy").achieved_rate.median().sort_values(ascending=False)
    drawn = Figure(NAME, "Throughput", chart(table, medians), sentence(medians, table), alt_text(medians, table),
                   ["throughput.csv"])
    asked = table.target_rate.max()
    loop = "closed loop" if pd.isna(asked) else f"open loop, {theme.digits(asked)} per second asked for"
    crosses = "" if table.valid.all() else ", × not valid"
    what = f"Every repeat with its 95 % interval, bar and number: their median{crosses} ({loop})"
    return finish(drawn, results, what, 56 * table.strategy.nunique())


def chart(table: pd.DataFrame, medians: pd.Series) -> alt.LayerChart:
    rows = table.assign(
        rate=table.achieved_rate.map(theme.digits) + " /s",
        interval=theme.betweens(table.achieved_rate_ci95_low, table.achieved_rate_ci95_high, theme.digits, " /s"),
        use=table.valid.map({True: "yes", False: "no: "}) + table.reason.astype(object).fillna(""))
    ranked = theme.floor_last(list(medians.index) + sorted(set(table.strategy) - set(medians.index)))
    low = rows[["achieved_rate", "achieved_rate_ci95_low"]].min(axis=None) / 1.3
    high = rows[["achieved_rate", "achieved_rate_ci95_high"]].max(axis=None) * 1.3
    axis = {"title": "operations per second (log scale)",
            "axis": alt.Axis(labelExpr=theme.COUNT_AXIS, values=theme.log_ticks(low, high)),
            "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
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
    middle = pd.DataFrame({"strategy": medians.index, "achieved_rate": medians.to_numpy()})
    middle["label"] = middle.achieved_rate.map(theme.digits) + " /s"
    median = alt.Chart(middle).encode(x=x, y=y)
    ticks = median.mark_tick(style="median", thickness=2, height=34)
    names = median.mark_text(style="label", dy=-25).encode(text="label:N")
    return alt.layer(lines, ticks, dots, crosses, names)


def sentence(medians: pd.Series, table: pd.DataFrame) -> str:
    asked = table.target_rate.max()
    real = medians.drop(theme.FLOOR, errors="ignore")
    bad = int((~table.valid).sum())
    tail = f" {bad} of {len(table)} repeats are not valid and in no median." if bad else ""
    if real.empty:
        return f"Only the harness itself was measured: {theme.digits(medians.iloc[0])} operations per second." + tail
    if asked == asked:
        return (f"Of {theme.digits(asked)} operations per second that were asked for, {real.index[-1]} does least, "
                f"{theme.digits(real.iloc[-1])}." + tail)
    words = f"{real.index[0]} does {theme.digits(real.iloc[0])} operations per second"
    if len(real) > 1:
        words += (f", {theme.digits(real.iloc[0] / real.iloc[-1])} times as many as {real.index[-1]}"
                  f" ({theme.digits(real.iloc[-1])})")
    return words + "." + tail


def alt_text(medians: pd.Series, table: pd.DataFrame) -> str:
    parts = [f"{name} {theme.digits(rate)}" for name, rate in medians.items()]
    repeats = table.groupby("strategy").size().max()
    return f"Dot plot of operations per second, {repeats} repeats each; medians: {', '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
