"""Size: bytes of the header line that carries the credential, for each claim profile."""

import sys

import altair as alt
import numpy as np
import pandas as pd

import theme
from figure import Figure, Skipped, command, finish
from results import Results

NAME = "size"
HEIGHT = 340
TICKS = [16, 64, 256, 1024, 4096, 8192]
LIMITS = {4096: "4096: a browser's cookie", 8192: "8192: common servers"}


def figure(results: Results) -> Figure | Skipped:
    """Draws strategies that send the same bytes in every profile as one line."""
    if results.size is None:
        return Skipped(NAME, f"no size.csv in {results.path.name}")
    table = lines(results.size)
    drawn = Figure(NAME, "Bytes on the wire", chart(table), sentence(results.size), alt_text(table), ["size.csv"])
    return finish(drawn, results, "The HTTP/1.1 header line of each request, by what the credential says", HEIGHT)


def lines(size: pd.DataFrame) -> pd.DataFrame:
    """One row for each line and profile; the profiles stand in the order of their largest credential."""
    wide = size.pivot(index="strategy", columns="claim_profile", values="request_header_bytes")
    wide = wide[wide.max().sort_values(kind="stable").index].loc[theme.order(wide.index)]
    alike = [wide.index == theme.FLOOR, *(wide[column] for column in wide)]
    groups = wide.groupby(alike, sort=False, dropna=False).groups.values()
    rows = []
    for members in groups:
        first = members[0]
        rows += [{"strategy": first, "name": ", ".join(members), "profile": profile, "bytes": float(count)}
                 for profile, count in wide.loc[first].dropna().items()]
    return pd.DataFrame(rows)


def chart(table: pd.DataFrame) -> alt.LayerChart:
    profiles = list(dict.fromkeys(table.profile))
    low, high = table.bytes.min() / 1.3, max(table.bytes.max(), max(LIMITS)) * 1.35
    x = alt.X("profile:N", sort=profiles, title="claim profile", axis=alt.Axis(labelAngle=0, grid=False))
    y = alt.Y("bytes:Q", title="bytes per request (log scale)", axis=alt.Axis(values=TICKS, format="d"),
              scale=alt.Scale(type="log", domain=[low, high], nice=False))
    limits = pd.DataFrame({"bytes": list(LIMITS), "text": list(LIMITS.values())})
    drawn = alt.Chart(limits).mark_rule(style="limit").encode(y=y)
    names = alt.Chart(limits).mark_text(style="note", align="left", dy=-7).encode(x=alt.value(6), y=y, text="text:N")
    dash = alt.condition(f"datum.strategy == '{theme.FLOOR}'", alt.value([4, 3]), alt.value([1, 0]))
    base = alt.Chart(table.assign(amount=[f"{count:.0f}" for count in table.bytes])).encode(
        x=x, y=y, color=theme.colour(table.strategy), detail="name:N")
    curve = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(
        tooltip=theme.tips(name="strategy", profile="claim profile", amount="bytes"))
    return alt.layer(drawn, names, curve, dots, labels(table, x, y, low, high))


def labels(table: pd.DataFrame, x: alt.X, y: alt.Y, low: float, high: float) -> alt.LayerChart:
    ends = table[table.profile == list(dict.fromkeys(table.profile))[-1]]
    moved = theme.spread(list(np.log(ends.bytes)), 16 * np.log(high / low) / HEIGHT)
    return theme.tags(ends.assign(bytes=np.exp(moved)), "name", x, y, theme.colour(table.strategy))


def sentence(size: pd.DataFrame) -> str:
    real = size[size.strategy != theme.FLOOR]
    over = real[~real.fits_cookie_4096]
    least, most = real.loc[real.request_header_bytes.idxmin()], real.loc[real.request_header_bytes.idxmax()]
    words = (f"A request carries from {least.request_header_bytes} bytes ({least.strategy}) to "
             f"{most.request_header_bytes} ({most.strategy}, {most.claim_profile})")
    if over.empty:
        return words + "; all credentials fit a cookie of 4096 bytes."
    who, where = ", ".join(theme.order(over.strategy)), ", ".join(dict.fromkeys(over.claim_profile))
    return f"{words}; over the 4096 bytes of a cookie are {who} with {where}."


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{name}: " + ", ".join(f"{row.profile} {row.bytes:.0f}" for row in rows.itertuples())
             for name, rows in table.groupby("name", sort=False)]
    return f"Lines of bytes per request by claim profile, with limits at 4096 and 8192 bytes. {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
