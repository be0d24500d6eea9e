"""Outage: what becomes of the requests of each tenth of a second before, while and after a store is away."""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "outage"
# The height of one time line with its name, and the part of it that the bars take.
ROW = 46
FILLED = 0.52
# What can become of a request, the best at the bottom, each with its colour.
FATES = {
    "decided in time": "#56B4E9", "good credential refused": "#7A6FD0", "decided late": "#E6A100",
    "undecided": "#B33A3A",
}
KEYS = ["strategy", "fault", "repeat"]


def figure(results: Results) -> Figure | Skipped:
    """Draws one time line for each strategy and fault, of all its repeats together."""
    if results.outage is None or results.outage_series is None:
        return Skipped(NAME, f"no outage.csv in {results.path.name}; `authbench outage` writes one")
    outages = results.outage[results.outage.strategy != theme.BASELINE]
    if outages.empty:
        return Skipped(NAME, "only the harness itself was measured")
    bars = points(results.outage_series, outages)
    drawn = Figure(NAME, "While the store is away", chart(bars, outages), sentence(outages), alt_text(outages),
                   ["outage.csv", "outage_series.csv"])
    what = "What became of the requests that were due in each tenth of a second. Between the lines the store was away."
    return finish(drawn, results, what, ROW * outages.groupby(KEYS[:2]).ngroups)


def usable(outages: pd.DataFrame) -> pd.DataFrame:
    """The valid rows, or all where none is."""
    return outages[outages.valid] if outages.valid.any() else outages


def title(row) -> str:
    return f"{row.strategy}, {'no store' if row.fault == 'none' else row.fault}"


def lines(outages: pd.DataFrame) -> dict[str, int]:
    """The place of each time line, in the order of the file."""
    return {label: place for place, label in enumerate(dict.fromkeys(title(row) for row in outages.itertuples()))}


def points(series: pd.DataFrame, outages: pd.DataFrame) -> pd.DataFrame:
    """One row for each part of each bar: where it begins and ends, in seconds and in places of time lines.

    A bar is a slice, or several that are alike.
    """
    places = lines(outages)
    sums = ["due", "late", "undecided", "good_refused"]
    own = series[series.strategy.isin(outages.strategy) & (series.due > 0)]
    slices = own.groupby([*KEYS[:2], "slice_start_ns"], sort=False)[sums].sum().reset_index()
    step = slices.slice_start_ns.drop_duplicates().sort_values().diff().min() / 1e9
    parts = []
    for row in slices.itertuples():
        counts = {"undecided": row.undecided, "decided late": row.late}
        # A good credential that was refused late is late.
        counts["good credential refused"] = min(row.good_refused, row.due - row.undecided - row.late)
        counts["decided in time"] = row.due - sum(counts.values())
        bottom = 0.0
        for fate in FATES:
            share = counts[fate] / row.due
            foot = places[title(row)] + 1 - bottom * FILLED
            begin = row.slice_start_ns / 1e9
            parts.append({"begin": begin, "end": begin + step, "foot": foot, "head": foot - share * FILLED,
                          "fate": fate, "label": title(row), "share": f"{share:.0%}", "due": row.due})
            bottom += share
    table = pd.DataFrame(parts)
    return joined(table[table["head"] < table["foot"]])


def joined(bars: pd.DataFrame) -> pd.DataFrame:
    """Neighbours of the same height as one bar, so that the picture is small."""
    alike = ["label", "fate", "foot", "head"]
    bars = bars.sort_values(["label", "fate", "begin"], kind="stable")
    before = bars.shift()
    new = (bars[alike] != before[alike]).any(axis=1) | ((bars.begin - before.end).abs() > 1e-6)
    one = bars.groupby(new.cumsum().rename("bar"), sort=False)
    whole = one.agg({column: "first" for column in [*alike, "begin", "share"]} | {"end": "last", "due": "sum"})
    return whole.assign(moment=[f"{row.begin:.1f} to {row.end:.1f} s" for row in whole.itertuples()])


def chart(bars: pd.DataFrame, outages: pd.DataFrame) -> alt.LayerChart:
    places = lines(outages)
    across = {"title": "seconds since the start", "scale": alt.Scale(domain=[0, float(bars.end.max())], nice=False)}
    x = alt.X("begin:Q", **across)
    scale = alt.Scale(domain=[len(places), 0], nice=False)
    y = alt.Y("head:Q", axis=None, scale=scale)
    colours = alt.Color("fate:N", title=None, scale=alt.Scale(domain=list(FATES), range=list(FATES.values())),
                        legend=alt.Legend(orient="top", columns=2))
    areas = alt.Chart(bars).mark_rect().encode(
        x=x, x2="end:Q", y=y, y2="foot:Q", color=colours,
        tooltip=theme.tips(label="strategy", moment="at", fate="requests", share="share", due="due"))
    away = pd.DataFrame([{"label": title(row), "begin": row.fault_start_ns / 1e9, "end": row.fault_end_ns / 1e9,
                          "foot": places[title(row)] + 1, "head": places[title(row)] + 1 - FILLED}
                         for row in outages.drop_duplicates(KEYS[:2]).itertuples() if row.fault != "none"],
                        columns=["label", "begin", "end", "foot", "head"])
    edges = [alt.Chart(away).mark_rule(style="limit", strokeWidth=1.5).encode(
        x=alt.X(f"{end}:Q", **across), y=y, y2="foot:Q") for end in ("begin", "end")]
    names = pd.DataFrame([{"label": label, "begin": 0.0, "head": place + 1 - FILLED} for label, place in places.items()])
    return alt.layer(areas, *edges, theme.rows(names, x, y, -9))


def sentence(outages: pd.DataFrame) -> str:
    """What an operator wants to know first: who decides nothing, who loses what, and whether anything was let in."""
    parts = []
    reached = usable(outages[outages.fault != "none"]).dropna(subset="decided_share")
    shares = reached.groupby(KEYS[:2], sort=False).decided_share.mean()
    if len(shares):
        (strategy, fault), least = shares.idxmin(), shares.min()
        parts.append(f"With {fault}, {strategy} decides {least:.0%} of the requests in time while the store is away, the "
                     "least of all.")
    lost = usable(outages)
    lost = lost.assign(share=lost.lost / lost.good_checked.where(lost.good_checked > 0))
    lost = lost.groupby(KEYS[:2], sort=False).share.mean().dropna()
    parts += [f"After {fault}, {share:.0%} of the sessions of {strategy} are lost."
              for (strategy, fault), share in lost.items() if share >= 0.005]
    back = outages.groupby(KEYS[:2], sort=False)[["came_back", "signed_out_checked"]].sum()
    parts += [f"After {row.Index[1]}, {wording.counted(row.came_back, 'sign-out')} of {row.Index[0]} came back."
              for row in back.itertuples() if row.came_back]
    wrong = int(outages.wrong_accepts.sum())
    parts.append(f"Wrongly accepted: {wording.whole(wrong)}." if wrong else "Nothing was accepted wrongly.")
    bad = sorted({title(row) for row in outages.itertuples() if not row.valid})
    return " ".join(parts) + (f" Not valid: {'; '.join(bad)}." if bad else "")


def alt_text(outages: pd.DataFrame) -> str:
    shares = usable(outages).groupby(KEYS[:2], sort=False).decided_share.mean().dropna().reset_index()
    parts = [f"{title(row)} {row.decided_share:.0%}" for row in shares.itertuples()]
    return f"Time lines of an outage; decided in time while the store was away: {', '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
