"""Request: what authentication adds to a request over HTTP, beside what it costs inside the process.

`authbench run --over-http` measures each strategy twice in one run, and a route that is open for everybody. What a protected
request takes longer than one to the open route is what authentication adds.
"""

import math
import sys
from statistics import mean, stdev

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "request"
OVER = "over=http"
OPEN = "open-route"
# Student's t for a two-sided interval of 95 %, by degrees of freedom from 1 on (NIST/SEMATECH e-Handbook, 1.3.6.7.2).
T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
       2.110, 2.101, 2.093, 2.086]
INSIDE, ADDED = "inside the process", "added to a request"


def figure(results: Results) -> Figure | Skipped:
    """Draws the time that authentication adds to a request beside what it takes inside the process, for each strategy."""
    if results.throughput is None or results.latency is None:
        return Skipped(NAME, f"throughput.csv and latency.csv are not both in {results.path.name}")
    rows = shares(results)
    if rows.empty:
        return Skipped(NAME, f"{results.path.name} has no strategy both in its process and over HTTP, as run --over-http measures")
    drawn = Figure(NAME, "What authentication adds to a request over HTTP", chart(rows), sentence(rows), alt_text(rows),
                   ["latency.csv", "throughput.csv"])
    note = ("Medians of authenticate. Added is a protected request less one to the open route of the same run; the bars are "
            "95 % intervals over the repeats.")
    return finish(drawn, results, note, theme.LINE * (2 + 3 * len(rows)))


def shares(results: Results) -> pd.DataFrame:
    """One row for each strategy, dearest last: `inside`, `added` and their `difference` in ns, each with `_low` and `_high`,
    the `share` of the request that authentication is, and processor time in µs: `cpu_inside`, `cpu_added`, each with ends."""
    times, cpu = medians(results), costs(results)
    names = [name for name in times if name.endswith(OVER)]
    rows = []
    for over in names:
        inside = over.removesuffix(OVER).rstrip("@,")
        if not {inside, OPEN} <= set(times):
            continue
        repeats = sorted(set(times[over]) & set(times[inside]) & set(times[OPEN]))
        if len(repeats) < 2:
            continue
        row = {"strategy": inside, "repeats": len(repeats)}
        series = {
            "inside": [times[inside][each] for each in repeats],
            "added": [times[over][each] - times[OPEN][each] for each in repeats],
            "request": [times[over][each] for each in repeats],
            "cpu_inside": [cpu[inside][each] for each in repeats],
            "cpu_added": [cpu[over][each] - cpu[OPEN][each] for each in repeats],
        }
        series["difference"] = [added - own for added, own in zip(series["added"], series["inside"])]
        series["cpu_difference"] = [added - own for added, own in zip(series["cpu_added"], series["cpu_inside"])]
        for name, values in series.items():
            low, high = interval(values)
            row |= {name: mean(values), f"{name}_low": low, f"{name}_high": high}
        rows.append(row | {"share": row["added"] / row["request"]})
    return pd.DataFrame(rows).sort_values("added", ignore_index=True) if rows else pd.DataFrame(rows)


def medians(results: Results) -> dict[str, dict[int, float]]:
    """The median time of an authentication, for each strategy and repeat."""
    table = results.latency
    own = table[(table.operation == "authenticate") & (table.clock == "service")].dropna(subset="p50_ns")
    return {name: dict(zip(rows.repeat, rows.p50_ns)) for name, rows in own.groupby("strategy")}


def costs(results: Results) -> dict[str, dict[int, float]]:
    """Processor time of client, service and store for an operation, for each strategy and repeat."""
    table = results.throughput
    both = table.cpu_us_per_op + table.store_cpu_us_per_op.fillna(0)
    return {name: dict(zip(table.repeat[rows.index], rows)) for name, rows in both.groupby(table.strategy)}


def interval(values: list[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of two values or more (Student)."""
    half = T95[min(len(values) - 1, len(T95)) - 1] * stdev(values) / math.sqrt(len(values))
    return mean(values) - half, mean(values) + half


def agree(row) -> bool:
    """Whether what is added may be what it takes inside: the interval of their difference has 0 in it."""
    return row.difference_low <= 0 <= row.difference_high


def chart(rows: pd.DataFrame) -> alt.LayerChart:
    names = list(rows.strategy)
    long = pd.concat([
        pd.DataFrame({"strategy": names, "what": what, "us": rows[name] / 1000, "low": rows[f"{name}_low"] / 1000,
                      "high": rows[f"{name}_high"] / 1000, "repeats": rows.repeats,
                      "amount": [wording.time(each) for each in rows[name]]})
        for what, name in ((INSIDE, "inside"), (ADDED, "added"))])
    y = alt.Y("strategy:N", title=None, sort=names)
    x = alt.X("us:Q", title="time of an authentication in µs")
    base = alt.Chart(long).encode(y=y, yOffset=alt.YOffset("what:N", sort=[INSIDE, ADDED]),
                                  color=alt.Color("what:N", title=None, sort=[INSIDE, ADDED]))
    tips = theme.tips(strategy="strategy", what="what", amount="median", repeats="repeats (n)")
    return alt.layer(
        base.mark_rule().encode(x=alt.X("low:Q", title="time of an authentication in µs"), x2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=x, tooltip=tips))


def sentence(rows: pd.DataFrame) -> str:
    """What share of a request authentication is, and where the two ways of measuring it do not agree."""
    least, most = rows.loc[rows.share.idxmin()], rows.loc[rows.share.idxmax()]
    words = (f"Authentication is {100 * least.share:.0f} % of a request to the smallest possible route with {least.strategy}, and "
             f"{100 * most.share:.0f} % with {most.strategy}.")
    apart = [f"{row.strategy} ({signed(row.difference)})" for row in rows.itertuples() if not agree(row)]
    if not apart:
        return f"{words} What it adds agrees with what it takes inside the process, for every strategy."
    return f"{words} What it adds differs from what it takes inside the process: {wording.listed(apart)}."


def signed(ns: float) -> str:
    return f"{'+' if ns >= 0 else '−'}{wording.time(abs(ns))}"


def alt_text(rows: pd.DataFrame) -> str:
    points = "; ".join(f"{row.strategy} {wording.time(row.inside)} inside, {wording.time(row.added)} added"
                       for row in rows.itertuples())
    return f"Two points for each strategy, time inside the process and time added to a request: {points}."


def markdown(rows: pd.DataFrame) -> str:
    """The same as a table for a document."""
    def spread(row, name: str, write) -> str:
        return f"{write(row[name])} ({write(row[f'{name}_low'])} to {write(row[f'{name}_high'])})"

    def amount(ns: float) -> str:
        return wording.time(ns) if ns >= 0 else signed(ns)

    lines = ["| strategy | inside the process | added to a request | of the request | processor time inside, µs | added, µs |",
             "|---|---|---|---|---|---|"]
    for _, row in rows.iterrows():
        lines.append(
            f"| `{row.strategy}` | {spread(row, 'inside', amount)} | {spread(row, 'added', amount)} | {100 * row.share:.0f} % "
            f"| {spread(row, 'cpu_inside', '{:.2f}'.format)} | {spread(row, 'cpu_added', '{:.2f}'.format)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(command(figure))
