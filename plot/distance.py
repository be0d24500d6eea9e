"""Distance: time of a request against how far away the store is, from several runs of one machine.

`authbench run --store-rtt direct,0.2ms,1ms` makes the runs, one folder for each distance.
"""

import sys

import theme
import wording
from crossing import Point, compared
from figure import Figure, Skipped, command, finish
from latency import OPERATION
from libraries import alt, np, pd
from results import Results

NAME = "distance"
HEIGHT = 360
QUANTILES = {"p50": [1, 0], "p99": [5, 4]}


def figure(results: Results, also: list[Results] | None = None) -> Figure | Skipped:
    """Draws a line for each strategy that asks a server, and a level one for each that asks none."""
    runs = [run for run in [results, *(also or [])] if run.summary is not None and run.throughput is not None]
    for run in runs:
        if difference := results.difference(run, clients=True):
            return Skipped(NAME, f"{run.path.name} cannot stand beside {results.path.name}: {difference}")
    table = points(runs)
    far = table[table.far]
    if far.empty or far[far["quantile"] == "p50"].groupby("strategy").place_ns.nunique().max() < 2:
        return Skipped(NAME, "it needs runs at two distances to the store or more; `authbench run --store-rtt direct,1ms` "
                       "makes them, and `make report ALSO=` names further ones")
    drawn = Figure(NAME, "Time against the distance to the store", chart(table), sentence(table), alt_text(table),
                   ["summary.csv", "throughput.csv"])
    who = wording.counted(results.clients, "client")
    crosses = "" if table.valid.all() else " × is not valid."
    note = (f"Half of the requests ({OPERATION}) take longer than the solid line (p50), one in 100 longer than the dashed one "
            f"(p99), with {who}.{crosses}")
    return finish(drawn, results, note, theme.tall(HEIGHT, table.strategy))


def points(runs: list[Results]) -> pd.DataFrame:
    """One row for each strategy, quantile and distance; of what asks no server there are two, at both ends."""
    table = gathered(runs)
    far, level = table[table.far], table[~table.far]
    ends = [level.assign(place_ns=edge) for edge in (far.place_ns.min(), far.place_ns.max())]
    return pd.concat([far, *ends]).sort_values(["strategy", "quantile", "place_ns"], ignore_index=True)


def gathered(runs: list[Results]) -> pd.DataFrame:
    """The quantiles of all runs; of what asks no server once, without a distance."""
    found = [row for run in runs for row in measured(run)]
    table = pd.DataFrame(found, columns=[
        "strategy", "quantile", "place_ns", "asked_ns", "time_ns", "low_ns", "high_ns", "n", "repeats", "valid", "far"])
    table["far"] = table.far.astype(bool)
    # Of two runs at one distance the first counts, and of level lines, which every run may have, too.
    table = table.drop_duplicates(["strategy", "quantile", "place_ns"])
    return table[table.far | ~table.strategy.isin(table.strategy[table.far])]


def measured(run: Results):
    """The quantiles of one run; what asks a server has the place at which the server was."""
    rows = run.times(OPERATION).set_index("strategy")
    remote = set(run.remote())
    for strategy in theme.order(rows.index):
        row, far = rows.loc[strategy], strategy in remote
        place = where(run, strategy) if far else np.nan
        if strategy == theme.BASELINE or far and not place > 0:
            continue
        for name in QUANTILES:
            if wording.known(row[f"{name}_ns"]):
                yield (strategy, name, place, row.store_rtt_asked_ns,
                       row[f"{name}_ns"], row[f"{name}_ci95_low_ns"], row[f"{name}_ci95_high_ns"],
                       row.n, f"{row.valid_repeats} valid of {row.repeats}", bool(row.valid), far)


def where(run: Results, strategy: str) -> float:
    """How far away the server was: as measured while the strategy ran, or without a relay before."""
    used = run.used()
    reached = used[used.strategy == strategy].store_rtt_p50_ns.median()
    if wording.known(reached):
        return reached
    stores = run.record.get("stores") or {}
    server = "postgres" if strategy.startswith("postgres") else "redis"
    direct = (stores.get(server) or {}).get("round_trip_p50_ns")
    return float(direct) if wording.known(direct) else np.nan


def chart(table: pd.DataFrame) -> alt.LayerChart:
    table = table.assign(
        time=table.time_ns.map(wording.time), interval=wording.betweens(table.low_ns, table.high_ns, wording.time),
        distance=[wording.time(row.place_ns) if row.far else "any" for row in table.itertuples()])
    axis = theme.Log(table.time_ns.min() * 0.8, table.time_ns.max() * 1.25)
    # A little further than the last point, so that a round distance keeps its tick.
    low, high, last = table.place_ns.min() / 1.06, table.place_ns.max() * 1.06, table.place_ns.max()
    across = {"title": "time of a round trip to the store (log scale)",
              "axis": alt.Axis(labelExpr=theme.TIME_AXIS, values=theme.log_ticks(low, high), labelOverlap="greedy"),
              "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
    up = theme.times(axis, "time of a request (log scale)")
    base = alt.Chart(table).encode(
        x=alt.X("place_ns:Q", **across), y=alt.Y("time_ns:Q", **up), color=theme.colour(table.strategy))
    lines = [base.properties(data=bent(table)).transform_filter(f"datum.quantile == '{name}'").mark_line(
        strokeWidth=2.2 if name == "p50" else 1.4, strokeDash=dash, opacity=1 if name == "p50" else 0.7)
        for name, dash in QUANTILES.items()]
    tips = theme.tips(strategy="strategy", quantile="quantile", distance="distance", time="time", interval="95 %",
                      n="requests (n)", repeats="repeats")
    dots = base.transform_filter("datum.far && datum.valid").mark_point(filled=True, opacity=1).encode(
        size=alt.condition("datum.quantile == 'p50'", alt.value(55), alt.value(25)), tooltip=tips)
    crosses = base.transform_filter("!datum.valid").mark_point(
        filled=True, shape="cross", angle=45, size=80, opacity=1).encode(tooltip=tips)
    ends = table[(table.place_ns == last) & (table["quantile"] == "p50")][["strategy", "place_ns", "time_ns"]]
    names = theme.names(ends.assign(name=ends.strategy), axis, theme.tall(HEIGHT, table.strategy), ("place_ns:Q", across),
                        ("time_ns", up), right=high)
    return alt.layer(*lines, names, dots, crosses)


def sentence(table: pd.DataFrame) -> str:
    """Names each crossing; of no crossing it says which line is below."""
    good = table[table.valid & (table["quantile"] == "p50")]
    tail = theme.left_out(set(table.strategy) - set(good.strategy))
    lines = {strategy: rows for strategy, rows in good[good.far].groupby("strategy") if len(rows) > 1}
    found = {row.strategy: point(row) for row in good[~good.far].itertuples()}
    levels = {name: found[name] for name in theme.order(found)}
    if not lines or not levels:
        return (worst(lines) if lines else "No distance may be used.") + tail
    return " ".join(
        compared(name, [point(row) for row in lines[name].itertuples()], levels, wording.time, wording.listed)
        for name in theme.order(lines)) + tail


def worst(lines: dict) -> str:
    words = []
    for strategy in theme.order(lines):
        near, far = lines[strategy].iloc[0], lines[strategy].iloc[-1]
        words.append(f"The p50 of {strategy} goes from {wording.time(near.time_ns)} at {wording.time(near.place_ns)} to "
                     f"{wording.time(far.time_ns)} at {wording.time(far.place_ns)}.")
    return " ".join(words)


def bent(table: pd.DataFrame) -> pd.DataFrame:
    """The lines between the points: straight by distance and time, as the crossings have them, so bent on logarithmic axes."""
    parts = []
    for (strategy, name), rows in table.groupby(["strategy", "quantile"], sort=False):
        places = rows.place_ns.to_numpy()
        between = [np.geomspace(*ends, 12) for ends in zip(places, places[1:])]
        along = np.unique(np.concatenate([places, *between]))
        parts.append(pd.DataFrame({"strategy": strategy, "quantile": name, "place_ns": along,
                                   "time_ns": np.interp(along, places, rows.time_ns.to_numpy())}))
    return pd.concat(parts)


def point(row) -> Point:
    return Point(row.place_ns, row.time_ns, row.low_ns, row.high_ns)


def alt_text(table: pd.DataFrame) -> str:
    parts = []
    for (strategy, name), rows in table.groupby(["strategy", "quantile"], sort=False):
        if not rows.far.any():
            parts.append(f"{strategy} {name} {wording.time(rows.time_ns.iloc[0])} at any distance")
            continue
        at = [f"{wording.time(row.time_ns)} at {wording.time(row.place_ns)}{wording.unusable(row.valid)}"
              for row in rows.itertuples()]
        parts.append(f"{strategy} {name} {', '.join(at)}")
    return f"Lines of p50 and p99 against the distance to the store, log scales: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure, rest="also"))
