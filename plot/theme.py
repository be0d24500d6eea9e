"""The shared look: one colour for each strategy in all figures, light and dark, and how numbers are written."""

import math

import altair as alt

FLOOR = "null-baseline"
# Okabe and Ito's palette, https://jfly.uni-koeln.de/color/; the orange darkened for 3:1 on white.
COLOURS = {
    "sqlite-session": "#0072B2",
    "redis-session": "#D55E00",
    "hs256-jwt": "#009E73",
    "rs256-jwt": "#CC79A7",
    "hybrid": "#B88200",
    FLOOR: "#8A8A8A",
}
SPARE = ["#56B4E9", "#7A6FD0", "#8C6D5A", "#5F8A00", "#C44E7B"]
FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
WIDTH = 620


def apply(dark: bool = False) -> None:
    """Makes every chart rendered from now on a light or a dark one; the charts themselves are neither."""
    alt.theme.register("authbench", enable=True)(lambda: alt.theme.ThemeConfig(config=config(dark)))


def config(dark: bool = False) -> dict:
    """The Vega-Lite configuration, for pages that switch the same charts from light to dark."""
    text, faint, grid, ground = ("#E8EAED", "#A9B0B8", "#343A42", "#15181D") if dark else (
        "#1F2328", "#57606A", "#E3E6EA", "#FFFFFF")
    axis = {"labelColor": text, "titleColor": text, "gridColor": grid, "domainColor": faint, "tickColor": faint}
    return {
        "background": ground, "font": FONT, "padding": 8, "view": {"stroke": None},
        "title": {"anchor": "start", "fontSize": 15, "subtitleFontSize": 12, "color": text, "subtitleColor": faint,
                  "offset": 14, "subtitlePadding": 5},
        "axis": axis | {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8},
        "legend": {"labelColor": text, "titleColor": text, "labelFontSize": 12, "titleFontSize": 12,
                   "orient": "top", "titleFontWeight": "normal", "symbolStrokeWidth": 2, "symbolType": "square"},
        "text": {"color": text, "fontSize": 12},
        "style": {
            "note": _paint(faint) | {"fontSize": 11}, "label": _paint(text) | {"fontSize": 12},
            "halo": _paint(ground) | {"stroke": ground, "strokeWidth": 4, "strokeJoin": "round"},
            "limit": {"color": faint, "stroke": faint, "strokeDash": [5, 4]},
            "zero": {"color": faint, "stroke": faint},
            "tolerance": _paint(faint) | {"opacity": 0.16}, "median": _paint(text) | {"opacity": 0.75},
        },
    }


def _paint(colour: str) -> dict:
    """Both names of a filled mark's colour: the first keeps Vega-Lite from its own default."""
    return {"color": colour, "fill": colour}


def order(strategies) -> list[str]:
    """Known strategies as the tables list them, then others by name, the floor last."""
    known = [name for name in COLOURS if name != FLOOR]
    present = set(strategies)
    others = sorted(present - set(COLOURS))
    return [name for name in known if name in present] + others + [FLOOR] * (FLOOR in present)


def floor_last(names: list[str]) -> list[str]:
    """The names as they stand, but the floor behind them all."""
    return [name for name in names if name != FLOOR] + [FLOOR] * (FLOOR in names)


def colour(strategies, field: str = "strategy", **options) -> alt.Color:
    """The colour channel: the same colour for a strategy in every figure."""
    names = order(strategies)
    others = [name for name in names if name not in COLOURS]
    spare = {name: SPARE[place % len(SPARE)] for place, name in enumerate(others)}
    scale = alt.Scale(domain=names, range=[COLOURS.get(name) or spare[name] for name in names])
    return alt.Color(f"{field}:N", scale=scale, legend=options.pop("legend", None), **options)


def unusable(valid: bool) -> str:
    """What is written behind a figure that must not be used."""
    return "" if valid else " (not valid)"


def tags(table, text: str, x: alt.X, y: alt.Y, colours: alt.Color) -> alt.LayerChart:
    """Names beside points, on a ground that keeps lines from crossing them."""
    # A coloured square and a name in the colour of text: five hues that read well as text do not exist.
    base = alt.Chart(table).encode(x=x, y=y)
    name, left = base.encode(text=f"{text}:N"), {"align": "left"}
    square = base.mark_text(text="■", dx=9, **left).encode(color=colours)
    return alt.layer(name.mark_text(style="halo", dx=21, **left), square, name.mark_text(style="label", dx=21, **left))


def tips(**fields: str) -> list[alt.Tooltip]:
    """Tooltips of ready-made texts: the column and its title."""
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in fields.items()]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, and twos and fives between them where the axis is short."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    length = math.log10(high / low)
    steps = (1,) if length > 2.5 else (1, 2, 5) if length > 1 else (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    return [tick for power in decades for step in steps if low <= (tick := step * 10.0**power) <= high]


def spread(heights: list[float], gap: float) -> list[float]:
    """Moves labels apart to at least the gap, in their order and as little as a simple sweep does."""
    places = sorted(range(len(heights)), key=heights.__getitem__)
    groups: list[list[int]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _middle(groups[-1], heights) - _middle(groups[-2], heights) < gap * (
                len(groups[-1]) + len(groups[-2])) / 2:
            last = groups.pop()
            groups[-1] += last
    result = list(heights)
    for group in groups:
        start = _middle(group, heights) - gap * (len(group) - 1) / 2
        for step, place in enumerate(group):
            result[place] = start + gap * step
    return result


def _middle(group: list[int], heights: list[float]) -> float:
    return sum(heights[place] for place in group) / len(group)


def time(ns: float) -> str:
    """A time in the unit that reads best: 5.17 µs."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{digits(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def between(low: float, high: float, write) -> str:
    """An interval in words, a dash where it is unknown."""
    return "–" if low != low or high != high else f"{write(low)} to {write(high)}"


def betweens(lows, highs, write, unit: str = "") -> list[str]:
    """The intervals of two columns in words."""
    return [between(low, high, write) + unit for low, high in zip(lows, highs, strict=True)]


def digits(value: float) -> str:
    """Three digits, no exponent, thousands apart: 1 160 000, 85.3, 5.17."""
    if abs(value) < 0.1:
        return f"{value:.2g}"
    if abs(value) >= 1000:
        whole = 10 ** (len(str(int(abs(value)))) - 3)
        return f"{round(value / whole) * whole:,}".replace(",", "\u202f")
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


TIME_AXIS = (
    "datum.value >= 1e9 ? datum.value/1e9 + ' s' : datum.value >= 1e6 ? datum.value/1e6 + ' ms' : "
    "datum.value >= 1e3 ? datum.value/1e3 + ' µs' : datum.value + ' ns'"
)
COUNT_AXIS = (
    "datum.value >= 1e6 ? datum.value/1e6 + ' M' : datum.value >= 1e3 ? datum.value/1e3 + ' k' : datum.value"
)
