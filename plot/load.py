"""Load: time of a request against the rate that was offered, from several open-loop runs of one machine."""

import sys

import latency
import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "load"
MEANINGS = {"p99": "One request in 100 takes longer than its p99", "p90": "One request in 10 takes longer than its p90",
            "p50": "Half of the requests take longer than their p50"}


def figure(results: Results, also: list[Results] | None = None) -> Figure | Skipped:
    """Draws one point for each strategy and rate; a rate with no valid repeat, mostly overload, is a cross."""
    runs = [results, *(run for run in also or [] if run.distance_ns == results.distance_ns)]
    for run in runs[1:]:
        if difference := results.difference(run, clients=True):
            return Skipped(NAME, f"{run.path.name} cannot stand beside {results.path.name}: {difference}")
    joined = [measured(run) for run in runs if run.summary is not None and run.throughput is not None]
    rows = pd.concat(joined) if joined else pd.DataFrame({"target_rate": []})
    if rows.target_rate.nunique() < 2:
        return Skipped(NAME, "it needs open-loop runs at two rates or more; `make report ALSO=` names further ones")
    quantile = next((name for name in ("p99", "p90", "p50") if rows[f"{name}_ns"].notna().all()), None)
    if quantile is None:
        return Skipped(NAME, "a run has too few requests for a quantile; measure longer")
    table = points(rows, quantile)
    drawn = Figure(NAME, "Time against load", chart(table, quantile), sentence(table, quantile),
                   alt_text(table, quantile), ["summary.csv", "throughput.csv"])
    crosses = "" if table.valid.all() else ", × is not valid"
    what = f"{MEANINGS[quantile]}, waiting included; bands are 95 % intervals{crosses}."
    return finish(drawn, results, what, theme.tall(latency.HEIGHT, table.strategy))


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
        time=table.time_ns.map(wording.time), offered=table.rate.map(wording.digits) + " /s",
        interval=wording.betweens(table.low_ns, table.high_ns, wording.time))
    low, high = table[["time_ns", "low_ns"]].min(axis=None), table[["time_ns", "high_ns"]].max(axis=None)
    axis, rates = theme.Log(low * 0.8, high * 1.2), sorted(float(rate) for rate in table.rate.unique())
    across = {"title": "offered requests per second (log scale)", "axis": alt.Axis(labelExpr=theme.COUNT_AXIS, values=rates),
              "scale": alt.Scale(type="log", domain=[rates[0], rates[-1]], nice=False)}
    up = theme.times(axis, f"{quantile} of the response time (log scale)")
    base = alt.Chart(table).encode(
        x=alt.X("rate:Q", **across), y=alt.Y("time_ns:Q", **up), color=theme.colour(table.strategy), tooltip=theme.tips(
            strategy="strategy", offered="offered", time=quantile, interval="95 %", n="requests (n)", repeats="repeats"))
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("low_ns:Q", **up), y2="high_ns:Q")
    dots = base.transform_filter("datum.valid").mark_point(filled=True, size=55, opacity=1)
    crosses = base.transform_filter("!datum.valid").mark_point(filled=True, shape="cross", angle=45, size=80, opacity=1)
    ends = table.sort_values("rate").groupby("strategy").tail(1)[["strategy", "rate", "time_ns"]]
    ends = ends.assign(name=ends.strategy)
    tall = theme.tall(latency.HEIGHT, table.strategy)
    names = theme.names(ends, axis, tall, ("rate:Q", across), ("time_ns", up), right=rates[-1])
    return alt.layer(band, base.mark_line(strokeWidth=2).encode(strokeDash=theme.DASHED), names, dots, crosses)


def sentence(table: pd.DataFrame, quantile: str) -> str:
    real = table[table.strategy != theme.BASELINE]
    real = table if real.empty else real
    top = real[real.rate == real.rate.max()].sort_values("time_ns")
    best, worst = top.iloc[0], top.iloc[-1]
    words = (f"At {wording.digits(best.rate)} requests per second, the {quantile} of {best.strategy} is "
             f"{wording.time(best.time_ns)} and that of {worst.strategy} {wording.time(worst.time_ns)}")
    over = theme.order(top[~top.valid].strategy)
    return words + (f"; not valid there: {wording.listed(over)}." if over else ".")


def alt_text(table: pd.DataFrame, quantile: str) -> str:
    table = table.assign(text=[f"{wording.digits(row.rate)}/s {wording.time(row.time_ns)}" for row in table.itertuples()])
    parts = [f"{strategy} {', '.join(rows.text)}" for strategy, rows in table.groupby("strategy")]
    return f"Lines of {quantile} response time against the offered rate, log scales: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure, many="also"))
