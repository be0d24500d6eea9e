"""A price against an exposure: which strategies no other beats, and the picture of it, for all figures of the two.

A table has a row for each strategy: `seconds`, its exposure, with `low` and `high`, the ends of its interval; a price with
its own, say `cpu`, `cpu_low` and `cpu_high`; and `front`, which `undominated` tells.
"""

import theme
from libraries import alt, pd

HEIGHT = 320
# Below it the axis is about linear, above it logarithmic; 0 has a place on it.
SYMLOG_s = 10
TICKS = [0, 10, 60, 600, 3600, 6 * 3600, 24 * 3600]
TICK_LABELS = ("datum.value >= 3600 ? datum.value/3600 + ' h' : datum.value >= 60 ? datum.value/60 + ' min' : "
               "datum.value + ' s'")


def undominated(table: pd.DataFrame, price: str) -> list[bool]:
    return [not beaters(row, table, price) for row in table.itertuples()]


def beaters(row, table: pd.DataFrame, price: str) -> list[str]:
    """Those that are as good in both and better in one; where intervals overlap, neither is better."""
    as_good = (table[price] <= getattr(row, price)) & (table.low <= row.high)
    better = (table[f"{price}_high"] < getattr(row, f"{price}_low")) | (table.high < row.low)
    return list(table.strategy[as_good & better])


def panel(
        table: pd.DataFrame, price: str, title: str, up_title: str, tips: dict[str, str], labels: str | None = None,
        foot: str | None = None) -> alt.LayerChart:
    """A mark for each strategy, filled on the front, which a step line joins; `foot`: where a line to each begins."""
    low, high = table[f"{price}_low"].min() / 1.3, table[f"{price}_high"].max() * 1.3
    axis = theme.Log(0, top(table), constant=SYMLOG_s)
    across = {"title": title,
              "axis": alt.Axis(values=theme.log_ticks(low, high), labelExpr=labels or "datum.label", labelSeparation=6),
              "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
    up = {"title": up_title,
          "axis": alt.Axis(values=[value for value in TICKS if value <= top(table)], labelExpr=TICK_LABELS),
          "scale": alt.Scale(type="symlog", constant=SYMLOG_s, domain=[0, top(table)], nice=False)}
    x, y = alt.X(f"{price}:Q", **across), alt.Y("seconds:Q", **up)
    base = alt.Chart(table).encode(color=theme.colour(table.strategy))
    ranges = [base.mark_rule(strokeWidth=1.5).encode(x=alt.X(f"{price}_low:Q", **across), x2=f"{price}_high:Q", y=y)]
    if foot:
        ranges.append(base.mark_rule(strokeWidth=1.5).encode(x=x, y=alt.Y(f"{foot}:Q", **up), y2="seconds:Q"))
    front = alt.Chart(table[table.front]).mark_line(interpolate="step-after", style="limit").encode(x=x, y=y)
    dots = base.encode(x=x, y=y, tooltip=theme.tips(**tips))
    filled = dots.transform_filter("datum.front").mark_point(filled=True, size=110, opacity=1)
    hollow = dots.transform_filter("!datum.front").mark_point(filled=False, size=90, opacity=1, strokeWidth=2)
    ends = table[["strategy", price, "seconds"]].assign(name=table.strategy)
    names = theme.names(ends, axis, height(table), (f"{price}:Q", across), ("seconds", up), right=high)
    return alt.layer(front, *ranges, names, hollow, filled)


def height(table: pd.DataFrame) -> int:
    """Of a panel."""
    return theme.tall(HEIGHT, table.strategy)


def top(table: pd.DataFrame) -> float:
    return max(60, table.seconds.max() * 1.5)
