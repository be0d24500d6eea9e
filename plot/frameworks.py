"""Frameworks: what a request takes with servers that others wrote, each asked over HTTP, from `make frameworks`."""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from latency import OPERATION
from libraries import alt, pd
from results import Results

NAME = "frameworks"
# The row of a route that needs nobody to be signed in.
OPEN = "open-route"
FILE = "servers.csv"
ROW = 44
KINDS = {"refused at once": "#0072B2", "accepted until it expires": "#D55E00", "wrong decisions": "#C80848"}


def figure(results: Results) -> Figure | Skipped:
    """Draws p50 and p90 of each server, by what its contract promises of a logout."""
    file = results.path / FILE
    if results.summary is None or not file.exists():
        return Skipped(NAME, f"summary.csv and {FILE} are not both in {results.path.name}; `make frameworks` writes them")
    table = times(results, pd.read_csv(file))
    if table.empty:
        return Skipped(NAME, f"no server in {results.path.name} has enough requests for a quantile; measure longer")
    least_ns = floor(results)
    drawn = Figure(NAME, "Time of a request to servers that others wrote", chart(table, least_ns), sentence(table, least_ns),
                   alt_text(table), ["summary.csv", FILE])
    note = (f"Dots are p50, the lines end at p90, with {wording.counted(results.clients, 'client')} that wait for their answers. "
            "The dashed line is a request without authentication to the first server. "
            "Colours say what happens to a credential after its logout.")
    return finish(drawn, results, note, theme.height(ROW, table.label))


def times(results: Results, servers: pd.DataFrame) -> pd.DataFrame:
    """One row for each server, the fastest first."""
    rows = results.times(OPERATION).merge(servers[["strategy", "revocation"]], on="strategy").dropna(subset="p50_ns")
    rows = rows.assign(
        wrong=rows.false_accepts + rows.false_rejects,
        end_ns=rows.p90_ns.fillna(rows.p50_ns),
        repeats_text=[f"{row.valid_repeats} valid of {row.repeats}" for row in rows.itertuples()])
    rows["kind"] = [list(KINDS)[2 if row.wrong else row.revocation != "immediate"] for row in rows.itertuples()]
    rows["label"] = [label(row) for row in rows.itertuples()]
    return rows.sort_values("p50_ns", ignore_index=True)


def floor(results: Results) -> float | None:
    """What a request takes that nobody is asked about."""
    rows = results.times(OPERATION)
    found = rows[rows.strategy == OPEN].p50_ns
    return float(found.iloc[0]) if len(found) and wording.known(found.iloc[0]) else None


def label(row) -> str:
    wrong = f", {wording.counted(row.wrong, 'wrong decision')}" if row.wrong else ""
    return f"{row.strategy}: {wording.time(row.p50_ns)}{wrong}{wording.unusable(row.valid or row.wrong > 0)}"


def chart(table: pd.DataFrame, least_ns: float | None) -> alt.LayerChart:
    lowest = table.p50_ns.min() if least_ns is None else min(least_ns, table.p50_ns.min())
    axis = theme.Log(lowest * 0.8, table.end_ns.max() * 1.25)
    x = theme.times(axis, "time of a request (log scale)")
    y = alt.Y("strategy:N", sort=list(table.strategy), title=None, axis=None)
    shown = table[["strategy", "label", "p50_ns", "end_ns", "kind", "n"]].assign(
        left=axis.low, time=table.p50_ns.map(wording.time), p90=table.p90_ns.map(wording.time), repeats=table.repeats_text,
        interval=wording.betweens(table.p50_ci95_low_ns, table.p50_ci95_high_ns, wording.time))
    scale = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    colour = alt.Color("kind:N", scale=scale, legend=alt.Legend(title="after logout"))
    base = alt.Chart(shown).encode(y=y, color=colour)
    tips = theme.tips(strategy="server", time="p50", interval="95 %", p90="p90", n="requests (n)", repeats="repeats")
    layers = [
        base.mark_rule(strokeWidth=2, yOffset=9).encode(x=alt.X("p50_ns:Q", **x), x2="end_ns:Q"),
        base.mark_point(filled=True, size=70, opacity=1, yOffset=9).encode(x=alt.X("p50_ns:Q", **x), tooltip=tips),
        theme.rows(shown, alt.X("left:Q", **x), y, dy=-9)]
    if least_ns is not None:
        limit = alt.Chart(pd.DataFrame({"open_ns": [least_ns]})).mark_rule(style="limit")
        layers.insert(0, limit.encode(x=alt.X("open_ns:Q", **x)))
    return alt.layer(*layers)


def sentence(table: pd.DataFrame, least_ns: float | None) -> str:
    """Names the fastest and the slowest whose decisions are right, and those whose are not."""
    bad = table[table.wrong > 0]
    good, tail, nothing = theme.usable(table[table.wrong == 0], "time")
    words = [nothing] if nothing else []
    if len(good):
        words.append(f"Half of the requests to {good.strategy.iloc[0]} take less than {wording.time(good.p50_ns.iloc[0])}, "
                     f"of those to {good.strategy.iloc[-1]} less than {wording.time(good.p50_ns.iloc[-1])}.{tail}")
    if least_ns is not None:
        words.append(f"Without authentication it is {wording.time(least_ns)}.")
    if len(bad):
        words.append(f"{wording.listed(list(bad.strategy))} decided wrongly.")
    return " ".join(words)


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{row.strategy} p50 {wording.time(row.p50_ns)}, p90 {wording.time(row.p90_ns)}, {row.kind}"
             for row in table.itertuples()]
    return f"Dots of p50 with lines to p90 of each server, log scale: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
