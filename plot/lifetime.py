"""Lifetime: what renewals make of the cost of a short access token, at each of its lifetimes.

A token that lives for a minute ends soon after a logout, and its holder renews it fifteen times as often as one of a
quarter of an hour. Each request carries its part of the renewals that its user needs.
"""

import re
import sys

import cost
import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "lifetime"
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
HEIGHT = 240


def figure(results: Results) -> Figure | Skipped:
    """Draws processor time against the lifetime of an access token, where a run has the same strategy with several."""
    if results.throughput is None or results.summary is None:
        return Skipped(NAME, f"throughput.csv and summary.csv are not both in {results.path.name}")
    table = lifetimes(results)
    table = table[table.valid]
    table = table[table.groupby("family").seconds.transform("nunique") > 1]
    if table.empty:
        return Skipped(NAME, f"no strategy in {results.path.name} has valid repeats with two access lifetimes")
    drawn = Figure(NAME, "Processor time by the lifetime of an access token", chart(table), sentence(table),
                   alt_text(table), ["summary.csv"])
    note = ("Each request carries its part of the renewals that keep its user signed in. After a logout a token goes on "
            "until it expires: half of its lifetime on average.")
    return finish(drawn, results, note, HEIGHT)


def lifetimes(results: Results) -> pd.DataFrame:
    """One row for each strategy that has an access lifetime: its `family`, that lifetime in `seconds`, and its cost."""
    table = cost.costs(results).merge(
        results.summary.drop_duplicates("strategy")[["strategy", "parameter_access", "renewals_per_op"]], on="strategy")
    usual = ((results.record.get("workload") or {}).get("lifetimes_seconds") or {}).get("access")
    table["family"] = [re.sub(r"([@,])access=[^,]*,?", r"\1", name).rstrip("@,") for name in table.strategy]
    named = set(table.family[table.parameter_access.notna()])
    table = table[table.family.isin(named)]
    table = table.assign(seconds=[seconds(text) if isinstance(text, str) else usual for text in table.parameter_access])
    return table.dropna(subset="seconds").sort_values(["family", "seconds"], ignore_index=True)


def seconds(text: str) -> float:
    """A lifetime as it is typed: 90s, 15m."""
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * SECONDS[unit]


def chart(table: pd.DataFrame) -> alt.LayerChart:
    shown = table[["family", "seconds", "cpu", "cpu_low", "cpu_high", "n"]].assign(
        amount=cost.amounts(table), life=[wording.duration(each) for each in table.seconds],
        renewals=[wording.digits(1000 * each) for each in table.renewals_per_op])
    x = alt.X("seconds:Q", title="lifetime of an access token in s (log scale)", scale=alt.Scale(type="log"),
              axis=alt.Axis(values=sorted(set(table.seconds)), format="d"))
    title = cost.PER_REQUEST.replace(" (log scale)", "")
    y = alt.Y("cpu:Q", title=title, scale=alt.Scale(zero=True))
    color = alt.Color("family:N", title=None)
    base = alt.Chart(shown).encode(x=x, color=color)
    tips = theme.tips(family="strategy", life="lifetime", amount="processor time per request",
                      renewals="renewals per 1000 requests", n="operations (n)")
    return alt.layer(
        base.mark_line().encode(y=y), base.mark_rule().encode(y=alt.Y("cpu_low:Q", title=title), y2="cpu_high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=y, tooltip=tips))


def sentence(table: pd.DataFrame) -> str:
    """How many times as much the shortest lifetime costs as the longest, for each family."""
    words = []
    for family, own in table.groupby("family"):
        short, long = own.iloc[0], own.iloc[-1]
        words.append(
            f"With {family}, a request costs {wording.digits(short.cpu)} µs at a lifetime of {wording.duration(short.seconds)} "
            f"({wording.digits(1000 * short.renewals_per_op)} renewals per 1000 requests), and {wording.digits(long.cpu)} µs at "
            f"{wording.duration(long.seconds)} ({wording.digits(1000 * long.renewals_per_op)}).")
    return " ".join(words)


def alt_text(table: pd.DataFrame) -> str:
    points = "; ".join(f"{row.family} {wording.duration(row.seconds)}: {wording.digits(row.cpu)} µs"
                       for row in table.itertuples())
    return f"Lines of processor time per request against the lifetime of an access token: {points}."


if __name__ == "__main__":
    sys.exit(command(figure))
