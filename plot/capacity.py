"""Capacity: the highest rate at which a strategy kept all objectives, and the lowest at which it broke one."""

import theme
import wording
from figure import Figure, Skipped, finish
from libraries import alt, pd
from results import Results

NAME = "capacity"
ROW = 44
LIMITS = {"generator": "those who send the requests were the limit", "machine": "the machine was busy with something else",
          "range": "the highest rate asked for held", "objective": "none of the rates held"}


def figure(results: Results) -> Figure | Skipped:
    """Draws what capacity.csv says: a line from what held to what broke; a hollow mark where the capacity is not found."""
    table = results.capacity.assign(
        rate=results.capacity.held_per_second.fillna(results.capacity.broken_per_second),
        high=results.capacity.broken_per_second.fillna(results.capacity.held_per_second))
    shown = table.dropna(subset="rate").sort_values("rate", ascending=False)
    if shown.empty:
        return Skipped(NAME, f"no rate is known of any strategy in {results.path.name}: {table.why.iloc[0]}")
    objectives, clients = table.objectives.iloc[0], wording.counted(int(table.clients.max()), "client")
    drawn = Figure(NAME, "The rate that a strategy carries", chart(shown), sentence(table), alt_text(shown), ["capacity.csv"])
    note = (f"Objectives: {objectives}; {clients}. The line goes from the highest rate that held to the lowest that broke one. "
            "A hollow mark: the capacity is not found, and the mark is what is known.")
    return finish(drawn, results, note, theme.height(ROW, [label(row) for row in shown.itertuples()]))


def chart(table: pd.DataFrame) -> alt.LayerChart:
    # Without a lower rate a bar would begin at nothing: the axis begins well below the least.
    low, high = table.rate.min() / 3, table.high.max() * 1.3
    x = {"title": "requests per second (log scale)",
         "axis": alt.Axis(values=theme.log_ticks(low, high), labelExpr=theme.COUNT_AXIS),
         "scale": alt.Scale(type="log", domain=[low, high], nice=False)}
    y = alt.Y("strategy:N", sort=list(table.strategy), title=None, axis=None)
    rows = table.assign(label=[label(row) for row in table.itertuples()], first=low, amount=[amount(row) for row in table.itertuples()])
    base = alt.Chart(rows).encode(y=y, color=theme.colour(table.strategy))
    tips = theme.tips(strategy="strategy", amount="requests per second", why="why", probes="rates tried (n)")
    dots = base.encode(x=alt.X("rate:Q", **x), tooltip=tips)
    look = {"size": 90, "opacity": 1, "yOffset": 9}
    return alt.layer(
        base.mark_rule(strokeWidth=3, yOffset=9).encode(x=alt.X("rate:Q", **x), x2="high:Q"),
        dots.transform_filter("datum.found").mark_point(filled=True, **look),
        dots.transform_filter("!datum.found").mark_point(filled=False, strokeWidth=2, **look),
        theme.rows(rows[["strategy", "label", "first"]], alt.X("first:Q", **x), y, dy=-9))


def amount(row) -> str:
    """The capacity in words."""
    if row.found:
        return wording.between(row.held_per_second, row.broken_per_second, wording.digits)
    if wording.known(row.held_per_second):
        return f"at least {wording.digits(row.held_per_second)}"
    return f"below {wording.digits(row.broken_per_second)}" if wording.known(row.broken_per_second) else wording.UNKNOWN


def label(row) -> str:
    return f"{row.strategy}: {amount(row)}" + ("" if row.found else " (not found)")


def sentence(table: pd.DataFrame) -> str:
    """What each strategy carries, or why that is not known."""
    words = []
    for row in table.itertuples():
        if row.found:
            words.append(f"{row.strategy} carries {wording.digits(row.held_per_second)} requests per second, and breaks an "
                         f"objective at {wording.digits(row.broken_per_second)}.")
        else:
            known = "" if amount(row) == wording.UNKNOWN else f" Known is: {amount(row)} per second."
            words.append(f"The capacity of {row.strategy} is not found: {LIMITS.get(row.limit, row.limit)}.{known}")
    return " ".join(words)


def alt_text(table: pd.DataFrame) -> str:
    return f"Rates in requests per second: {'; '.join(label(row) for row in table.itertuples())}."
