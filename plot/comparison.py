"""Comparison: the change of each metric from base to head as a forest plot with the tolerance band.

`authbench gate --out DIR` leaves gate.csv, `authbench compare --format csv --out DIR/comparison.csv` the other file.
"""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "comparison"
ROW = 32
# More rows than these nobody reads; those that matter come first.
MOST = 40
# What a pass is proved to stay below, in per cent: the tolerances of `compare` and `gate` (README).
TOLERANCES = {"throughput": 8, "cpu_us_per_op": 5, "time_ns": 5, "cpu_ns": 5, "mean_ns": 8, "p50_ns": 8, "p99_ns": 15}
VERDICTS = {"regression": ("#D55E00", "triangle-right"), "inconclusive": ("#B88200", "diamond"),
            "pass": ("#009E73", "circle"), "improvement": ("#0072B2", "triangle-left")}
PERCENT_AXIS = "abs(datum.value - 1) < 1e-9 ? '0 %' : format((datum.value - 1) * 100, '+.0f') + ' %'"
# Percents on the axis, by how many times its upper end is its lower one.
STEPS = {1.4: range(-50, 55, 5), 2: range(-70, 150, 10), 4: range(-75, 300, 25), 1e9: (-90, -75, -50, 0, 100, 300, 900)}
OTHER = ("#8A8A8A", "square")


def figure(results: Results) -> Figure | Skipped:
    """Draws the rows that have an interval; the baseline is no strategy to choose and is left out."""
    if results.comparison is None:
        return Skipped(NAME, f"no gate.csv or comparison.csv in {results.path.name}; `authbench gate --out` writes one")
    table = rows(results.comparison)
    if table.empty:
        return Skipped(NAME, f"no row with an interval in {results.path.name}")
    shown = table.head(MOST)
    drawn = Figure(NAME, "Head against base", chart(shown), sentence(table), alt_text(shown), [results.compared])
    note = "Each change with its 95 % interval. A change within the grey band is tolerated."
    if len(table) > MOST:
        note += f" The first {MOST} of {len(table)} rows, regressions before all others; {results.compared} has all."
    return finish(drawn, results, note, theme.height(ROW, list(shown.label)))


def rows(comparison: pd.DataFrame) -> pd.DataFrame:
    table = comparison[comparison.strategy != theme.BASELINE].dropna(subset=["ci95_low_percent", "ci95_high_percent"])
    rank = {name: place for place, name in enumerate(theme.order(table.strategy))}
    weight = {name: place for place, name in enumerate(VERDICTS)}
    table = table.assign(operation=table.operation.astype(object).fillna("all"), rank=table.strategy.map(rank),
                         weight=table.verdict.map(weight).fillna(len(weight)))
    table = table.sort_values(["weight", "rank", "operation"], kind="stable")
    metric = table.metric.str.replace("throughput", "throughput (more is better)")
    table["row"] = table.strategy + " · " + table.operation + " · " + metric
    if table.clients.nunique() > 1:
        table["row"] += " · " + table.clients.map(lambda count: wording.counted(count, "client"))
    tolerance = table.metric.str.replace("response_", "").map(TOLERANCES)
    for name, percent in {"change": table.change_percent, "low": table.ci95_low_percent,
                          "high": table.ci95_high_percent, "upper": tolerance}.items():
        table[name] = 1 + percent / 100
    table["lower"] = 1 / table.upper
    table["label"] = [f"{row.row}: {row.change_percent:+.1f} %" for row in table.itertuples()]
    return table.reset_index(drop=True)


def ticks(low: float, high: float) -> list[float]:
    """Ratios whose names in per cent are round."""
    for limit, steps in STEPS.items():
        if high / low < limit:
            return [1 + step / 100 for step in steps if low <= 1 + step / 100 <= high]
    return [1]


def chart(table: pd.DataFrame) -> alt.LayerChart:
    names = [name for name in VERDICTS if name in set(table.verdict)]
    names += sorted(set(table.verdict) - set(VERDICTS))
    looks = [VERDICTS.get(name, OTHER) for name in names]
    low, high = table[["low", "lower"]].min(axis=None) * 0.98, table[["high", "upper"]].max(axis=None) * 1.02
    axis = {"title": "change from base to head in % (log scale of the ratio)",
            "scale": alt.Scale(type="log", domain=[low, high], nice=False),
            "axis": alt.Axis(values=ticks(low, high), labelExpr=PERCENT_AXIS)}
    spans = [f"{a:+.1f} to {b:+.1f} %" for a, b in zip(table.ci95_low_percent, table.ci95_high_percent, strict=True)]
    text = [f"{value:+.1f} %" for value in table.change_percent]
    kept = table[["row", "label", "change", "low", "high", "lower", "upper", "verdict", "n"]].assign(
        text=text, interval=spans, left=low)
    y = alt.Y("row:N", sort=list(table.row), title=None, axis=None)
    base = alt.Chart(kept).encode(y=y)
    band = base.transform_filter("isValid(datum.upper)").mark_bar(style="tolerance", height=12, yOffset=7).encode(
        x=alt.X("lower:Q", **axis), x2="upper:Q")
    zero = alt.Chart(pd.DataFrame({"change": [1]})).mark_rule(style="zero").encode(x=alt.X("change:Q", **axis))
    colour = alt.Color("verdict:N", title=None, scale=alt.Scale(domain=names, range=[look[0] for look in looks]))
    shape = alt.Shape("verdict:N", title=None, scale=alt.Scale(domain=names, range=[look[1] for look in looks]))
    lines = base.mark_rule(strokeWidth=2, yOffset=7, y2Offset=7).encode(x=alt.X("low:Q", **axis), x2="high:Q", color=colour)
    dots = base.mark_point(filled=True, size=75, opacity=1, yOffset=7).encode(
        x=alt.X("change:Q", **axis), color=colour, shape=shape,
        tooltip=theme.tips(row="row", text="change", interval="95 %", n="pairs (n)", verdict="verdict"))
    return alt.layer(band, zero, lines, dots, theme.rows(kept, alt.X("left:Q", **axis), y, dy=-8))


def sentence(table: pd.DataFrame) -> str:
    counts = wording.listed([f"{count} {name}" for name, count in table.verdict.value_counts().items()])
    bad = table[table.verdict == "regression"]
    row = table.loc[(bad if len(bad) else table).change_percent.abs().idxmax()]
    kind = "The largest regression" if len(bad) else "The largest change"
    return (f"Of {wording.counted(len(table), 'row')}: {counts}. {kind} is {row.change_percent:+.1f} % "
            f"in {row.metric} of {row.strategy} (95 %: {row.ci95_low_percent:+.1f} to {row.ci95_high_percent:+.1f} %).")


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{row.row} {row.change_percent:+.1f} % ({row.ci95_low_percent:+.1f} to {row.ci95_high_percent:+.1f} %), "
             f"{row.verdict}" for row in table.itertuples()]
    return f"Forest plot of changes from base to head: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
