"""Sweep: time of a request against the one thing that `authbench sweep` varied, or the capacities that it found."""

import sys

import capacity
import latency
import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "sweep"
UNITS = {"per_second": "per second", "clients": "", "sessions": "", "bytes": "in bytes", "ns": "in ns", "ms": "in ms"}


def figure(results: Results) -> Figure | Skipped:
    """Draws one point for each strategy and value; a value with no valid repeat is a cross.

    A search for capacities has no such points: of it the capacities are drawn.
    """
    if results.sweep is None:
        return Skipped(NAME, f"{results.path.name} has no sweep.csv; `make report SWEEP=` names a folder of authbench sweep")
    if results.capacity is not None:
        return capacity.figure(results)
    rows = results.sweep[(results.sweep.stage == "point") & results.sweep.value.notna()]
    clock = "response" if rows.response_p50_ns.notna().any() else "service"
    quantile = next((name for name in ("p99", "p50") if rows[f"{clock}_{name}_ns"].notna().all()), None)
    if rows.value.nunique() < 2:
        return Skipped(NAME, f"{results.path.name} has fewer than two values of one thing")
    if quantile is None:
        return Skipped(NAME, "a value has too few requests for a quantile; measure longer")
    table = points(rows, f"{clock}_{quantile}")
    over, unit = rows.over.iloc[0], rows.unit.iloc[0]
    drawn = Figure(NAME, f"Time against {over}", chart(table, f"{over} {UNITS[unit]}".strip(), f"{quantile} of the {clock} time"),
                   sentence(table, over, quantile), alt_text(table, over, quantile), ["sweep.csv"])
    crosses = "" if table.valid.all() else "; × is not valid"
    note = (f"{quantile} of authenticate, {clock} time, workload {rows.workload.iloc[0]}. Lines from end to end of each point are "
            f"95 % intervals{crosses}.")
    return finish(drawn, results, note, theme.tall(latency.HEIGHT, table.strategy))


def points(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """One row for each strategy, without what the sweep sets of it, and value."""
    swept = {"cache": "cache", "access-lifetime": "access"}.get(rows.over.iloc[0])
    time_ns = rows[f"{name}_ns"]
    return pd.DataFrame({
        "strategy": [family(each, swept) for each in rows.strategy], "value": rows.value, "point": rows.point, "time_ns": time_ns,
        "low_ns": rows[f"{name}_ci95_low_ns"].fillna(time_ns), "high_ns": rows[f"{name}_ci95_high_ns"].fillna(time_ns),
        "valid": rows.valid, "n": rows.operations,
        "repeats": [f"{row.valid_repeats} valid of {row.repeats}" for row in rows.itertuples()],
    }).sort_values(["strategy", "value"], ignore_index=True)


def family(strategy: str, parameter: str | None) -> str:
    """A strategy without one of its parameters."""
    name, _, settings = strategy.partition("@")
    rest = [each for each in settings.split(",") if each and not each.startswith(f"{parameter}=")]
    return name + (f"@{','.join(rest)}" if rest else "")


def chart(table: pd.DataFrame, across: str, up: str) -> alt.LayerChart:
    shown = table.assign(time=table.time_ns.map(wording.time),
                         interval=wording.betweens(table.low_ns, table.high_ns, wording.time))
    # A value of 0 has no place on a logarithmic scale.
    kind = "log" if table.value.min() > 0 else "linear"
    axis = theme.Log(table[["time_ns", "low_ns"]].min(axis=None) * 0.8, table[["time_ns", "high_ns"]].max(axis=None) * 1.2)
    y = theme.times(axis, f"{up} (log scale)")
    values = sorted(float(value) for value in table.value.unique())
    x = {"title": f"{across} (log scale)" if kind == "log" else across, "axis": alt.Axis(values=values, format="~s"),
         "scale": alt.Scale(type=kind, domain=[values[0], values[-1]], nice=False)}
    base = alt.Chart(shown).encode(
        x=alt.X("value:Q", **x), y=alt.Y("time_ns:Q", **y), color=theme.colour(table.strategy),
        tooltip=theme.tips(strategy="strategy", point="value", time="time", interval="95 %", n="operations (n)",
                           repeats="repeats"))
    ends = table.groupby("strategy").tail(1)[["strategy", "value", "time_ns"]].assign(name=lambda rows: rows.strategy)
    names = theme.names(ends, axis, theme.tall(latency.HEIGHT, table.strategy), ("value:Q", x), ("time_ns", y), right=values[-1])
    return alt.layer(
        base.mark_line(strokeWidth=2).encode(strokeDash=theme.DASHED), names,
        base.mark_rule().encode(y=alt.Y("low_ns:Q", **y), y2="high_ns:Q"),
        base.transform_filter("datum.valid").mark_point(filled=True, size=55, opacity=1),
        base.transform_filter("!datum.valid").mark_point(filled=True, shape="cross", angle=45, size=80, opacity=1))


def sentence(table: pd.DataFrame, over: str, quantile: str) -> str:
    """How far the time moves from the first valid value to the last, for each strategy."""
    words, short = [], []
    for name, own in table[table.valid].groupby("strategy"):
        first, last = own.iloc[0], own.iloc[-1]
        if len(own) < 2:
            short.append(name)
            continue
        words.append(f"From {over} {first.point} to {last.point}, the {quantile} of {name} goes from "
                     f"{wording.time(first.time_ns)} to {wording.time(last.time_ns)}.")
    short += set(table.strategy) - set(table.strategy[table.valid])
    if short:
        words.append(f"Fewer than two values are valid of {wording.listed(theme.order(short))}.")
    return " ".join(words)


def alt_text(table: pd.DataFrame, over: str, quantile: str) -> str:
    parts = [f"{name} " + ", ".join(f"{row.point}: {wording.time(row.time_ns)}{wording.unusable(row.valid)}"
                                   for row in own.itertuples())
             for name, own in table.groupby("strategy")]
    return f"Lines of {quantile} against {over}: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
