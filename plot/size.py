"""Size: bytes of the header line that carries the credential, for each claim profile."""

import sys

import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "size"
HEIGHT = 340
TICKS = [16, 64, 256, 1024, 4096, 8192]
LIMITS = {4096: "cookie limit", 8192: "server limit"}


def figure(results: Results) -> Figure | Skipped:
    """Draws strategies that send the same bytes in every profile as one line."""
    if results.size is None:
        return Skipped(NAME, f"no size.csv in {results.path.name}")
    table = lines(results.size)
    drawn = Figure(NAME, "Bytes on the wire", chart(table), sentence(results.size), alt_text(table), ["size.csv"])
    note = ("The HTTP/1.1 header line of each request. The more a token says of its user, the longer it is. "
            "Browsers keep cookies up to 4096 bytes; common servers take header lines up to 8192.")
    return finish(drawn, results, note, theme.tall(HEIGHT, table["name"]))


def lines(size: pd.DataFrame) -> pd.DataFrame:
    """One row for each line and profile; the profiles stand in the order of their largest credential."""
    wide = size.pivot(index="strategy", columns="claim_profile", values="request_header_bytes")
    wide = wide[wide.max().sort_values(kind="stable").index].loc[theme.order(wide.index)]
    alike = [wide.index == theme.BASELINE, *(wide[column] for column in wide)]
    groups = wide.groupby(alike, sort=False, dropna=False).groups.values()
    rows = []
    for members in groups:
        first = members[0]
        rows += [{"strategy": first, "name": ", ".join(members), "profile": profile, "bytes": float(count)}
                 for profile, count in wide.loc[first].dropna().items()]
    return pd.DataFrame(rows)


def chart(table: pd.DataFrame) -> alt.LayerChart:
    profiles = list(dict.fromkeys(table.profile))
    axis = theme.Log(table.bytes.min() / 1.3, max(table.bytes.max(), max(LIMITS)) * 1.35)
    across = {"sort": profiles, "title": "what the credential says (claim profile)", "axis": alt.Axis(labelAngle=0, grid=False),
              "scale": alt.Scale(type="point", padding=0.1)}
    up = {"title": "bytes per request (log scale)", "axis": alt.Axis(values=TICKS, format="d"),
          "scale": alt.Scale(type="log", domain=[axis.low, axis.high], nice=False)}
    limits = pd.DataFrame({"bytes": list(LIMITS), "text": list(LIMITS.values())})
    drawn = alt.Chart(limits).mark_rule(style="limit").encode(y=alt.Y("bytes:Q", **up))
    notes = alt.Chart(limits).mark_text(style="note", align="left", dy=-7).encode(
        x=alt.value(6), y=alt.Y("bytes:Q", **up), text="text:N")
    base = alt.Chart(table.assign(amount=[f"{count:.0f}" for count in table.bytes])).encode(
        x=alt.X("profile:N", **across), y=alt.Y("bytes:Q", **up), color=theme.colour(table.strategy), detail="name:N")
    curve = base.mark_line(strokeWidth=2).encode(strokeDash=theme.DASHED)
    dots = base.mark_point(filled=True, size=50, opacity=1).encode(
        tooltip=theme.tips(name="strategy", profile="claim profile", amount="bytes"))
    names = theme.names(table[table.profile == profiles[-1]], axis, theme.tall(HEIGHT, table["name"]), ("profile:N", across),
                        ("bytes", up))
    return alt.layer(drawn, notes, curve, dots, names)


def sentence(size: pd.DataFrame) -> str:
    real = size[size.strategy != theme.BASELINE]
    over = real[~real.fits_cookie_4096]
    least, most = real.loc[real.request_header_bytes.idxmin()], real.loc[real.request_header_bytes.idxmax()]
    words = (f"A request carries from {least.request_header_bytes} bytes ({least.strategy}) to "
             f"{most.request_header_bytes} ({most.strategy}, {most.claim_profile}).")
    if over.empty:
        return words + " All credentials fit into a cookie of 4096 bytes."
    who, where = wording.listed(theme.order(over.strategy)), wording.listed(dict.fromkeys(over.claim_profile))
    return f"{words} With {where}, the credential of {who} does not fit into a cookie of 4096 bytes."


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{name}: " + ", ".join(f"{row.profile} {row.bytes:.0f}" for row in rows.itertuples())
             for name, rows in table.groupby("name", sort=False)]
    return f"Lines of bytes per request by claim profile, with limits at 4096 and 8192 bytes. {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure))
