"""The shared look: one colour for each strategy in all figures, light and dark, and names that never cover each other."""

import math

from libraries import alt, np
from wording import folded, listed

# The strategy that does nothing: what the harness itself costs.
BASELINE = "null-baseline"
# Okabe and Ito's palette, https://jfly.uni-koeln.de/color/; the orange darkened for 3:1 on white. The others were chosen one
# by one: each with 3:1 on both grounds, and far from all before it, also for readers who cannot tell red from green.
COLOURS = {
    "memory-session": "#A05000",
    "sqlite-session": "#0072B2",
    "redis-session": "#D55E00",
    "postgres-session": "#487000",
    "introspection": "#C05838",
    "hs256-jwt": "#009E73",
    "rs256-jwt": "#CC79A7",
    "ps256-jwt": "#C80848",
    "es256-jwt": "#9868F8",
    "ed25519-jwt": "#4098D8",
    "denylist-redis": "#B02898",
    "allowlist-redis": "#885868",
    "epoch-redis": "#007870",
    "denylist-pushed": "#8048C8",
    "epoch-pushed": "#48A800",
    "bound-jwt": "#F85070",
    "hybrid": "#B88200",
    BASELINE: "#8A8A8A",
}
# Of variants and of strategies that are not ours.
SPARE = ["#C850C8", "#1070F0", "#D83888", "#807848", "#009028", "#B86860", "#3088A0", "#B080D8", "#9068A8", "#D08060",
         "#606090", "#6878D0", "#909860", "#E03848", "#40A0A8"]
# Whoever stands on a page beyond those known: figures that show some of them agree in their spare colours.
_introduced: list[str] = []
FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
WIDTH = 620
# The height of a line of text, in pixels.
LINE = 15
# Characters of a label that have room on a phone.
LABEL_WIDTH = 52


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
    """Known strategies as the tables list them, each before its variants, then others by name, the baseline last."""
    known = list(COLOURS)

    def place(name: str) -> tuple:
        base = name.split("@")[0]
        return name == BASELINE, known.index(base) if base in COLOURS else len(known), name

    return sorted(set(strategies), key=place)


def introduce(strategies) -> None:
    """Gives out the spare colours of a page to all that stand on it."""
    _introduced[:] = [name for name in order(strategies) if name not in COLOURS]


def left_out(strategies) -> str:
    """The end of a figure's sentence, which names the strategies that no repeat speaks for; empty if there are none."""
    names = order(strategies)
    return f" No repeat is valid of {listed(names)}." if names else ""


def usable(rows, noun: str) -> tuple:
    """The valid rows, the end of the sentence about the others, and the whole sentence where no row is valid."""
    tail = left_out(rows.strategy[~rows.valid])
    nothing = f"No {noun} may be used.{tail}" if len(rows) and not rows.valid.any() else ""
    return rows[rows.valid], tail, nothing


def baseline_last(names: list[str]) -> list[str]:
    """The names as they stand, but the baseline behind them all."""
    return [name for name in names if name != BASELINE] + [BASELINE] * (BASELINE in names)


def colour(strategies, field: str = "strategy", **options) -> alt.Color:
    """The colour channel: the same colour for a strategy in every figure."""
    names = order(strategies)
    others = [*_introduced, *(name for name in names if name not in COLOURS and name not in _introduced)]
    spare = {name: SPARE[place % len(SPARE)] for place, name in enumerate(others)}
    scale = alt.Scale(domain=names, range=[COLOURS.get(name) or spare[name] for name in names])
    return alt.Color(f"{field}:N", scale=scale, legend=options.pop("legend", None), **options)


def tips(**fields: str) -> list[alt.Tooltip]:
    """Tooltips of ready-made texts: the column and its title."""
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in fields.items()]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, and twos and fives between them where the axis is short."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    length = math.log10(high / low)
    steps = (1,) if length > 2.5 else (1, 2, 5) if length > 1 else (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    return [tick for power in decades for step in steps if low <= (tick := step * 10.0**power) <= high]


# The baseline's lines are dashed.
DASHED = alt.condition(f"datum.strategy == '{BASELINE}'", alt.value([4, 3]), alt.value([1, 0]))


def times(axis: "Log", title: str) -> dict:
    """The options of a logarithmic axis of times."""
    return {"title": title, "axis": alt.Axis(labelExpr=TIME_AXIS, values=log_ticks(axis.low, axis.high)),
            "scale": alt.Scale(type="log", domain=[axis.low, axis.high], nice=False)}


class Log:
    """Where a value stands on a logarithmic axis, and the value of a place; `constant` makes it linear near 0."""

    def __init__(self, low: float, high: float, constant: float = 0):
        self.low, self.high, self.constant = low, high, constant

    def place(self, value):
        """From 0 at the lower end of the axis to 1 at the upper one."""
        low, high, here = (np.log(end + self.constant) for end in (self.low, self.high, value))
        return (here - low) / (high - low)

    def value(self, place):
        low, high = (np.log(end + self.constant) for end in (self.low, self.high))
        return np.exp(low + place * (high - low)) - self.constant


def names(ends, axis: Log, height: int, across: tuple[str, dict], up: tuple[str, dict], right=None) -> alt.LayerChart:
    """Names in one column at the right, where none can cover another, each with a thin line from its mark.

    `ends` has a row for each name: `name`, `strategy`, and the fields of `across` and `up`, each a field with the options
    of its channel. `right` is the value at the right edge; without it all marks stand there already.
    """
    texts = ends.name.map(folded)
    lines = texts.str.count("\n") + 1
    places = axis.place(ends[up[0]].to_numpy()) * height
    middles = np.array(spread(list(places), [LINE * count for count in lines], height))
    # A text of many lines is placed by its first one, where its square stands, so that it is told from those around it.
    table = ends.assign(text=texts, first=axis.value((middles + (lines - 1) * LINE / 2) / height), right=right)
    x, y, colours = alt.X(across[0], **across[1]), alt.Y(f"{up[0]}:Q", **up[1]), colour(table.strategy)
    edge = x if right is None else alt.X("right:Q", **across[1])
    left = {"align": "left", "baseline": "middle", "lineBreak": "\n", "lineHeight": LINE}
    base = alt.Chart(table)
    # A coloured square and a name in the colour of text: five hues that read well as text do not exist.
    square = base.mark_text(text="■", dx=12, **left).encode(x=edge, y=alt.Y("first:Q", **up[1]), color=colours)
    name = base.mark_text(style="label", dx=25, **left).encode(x=edge, y=alt.Y("first:Q", **up[1]), text="text:N")
    if right is None:
        return alt.layer(square, name)
    leader = base.mark_rule(x2Offset=10, strokeWidth=1.2, strokeDash=[1, 3]).encode(
        x=x, y=y, x2="right:Q", y2="first:Q", color=colours)
    return alt.layer(leader, square, name)


def tall(least: int, labels) -> int:
    """The height of a figure beside which these names have room."""
    return max(least, LINE * sum(folded(label).count("\n") + 1 for label in set(labels)))


def rows(table, x: alt.X, y: alt.Y, dy: float) -> alt.LayerChart:
    """The `label` of each row above its marks, from the left: there any name has room; a long one has its numbers below it."""
    table = table.assign(label=[label.replace(": ", ":\n", 1) if long(label) else label for label in table.label])
    layers = []
    for lines in (1, 2):
        base = alt.Chart(table[table.label.str.count("\n") == lines - 1]).encode(x=x, y=y, text="label:N")
        look = {"align": "left", "baseline": "middle", "lineBreak": "\n", "lineHeight": LINE, "dx": 2,
                "dy": dy - LINE * (lines - 1)}
        layers += [base.mark_text(style="halo", **look), base.mark_text(style="label", **look)]
    return alt.layer(*layers)


def long(label: str) -> bool:
    return len(label) > LABEL_WIDTH


def height(row: int, labels) -> int:
    """Of a figure with these rows."""
    return len(labels) * (row + LINE * any(map(long, labels)))


def spread(places: list[float], sizes: list[float], length: float) -> list[float]:
    """The middles of labels of these sizes, apart from each other and within the length, as near as can be to their places."""
    order = sorted(range(len(places)), key=places.__getitem__)
    groups: list[tuple[list[int], float, float]] = []
    for label in order:
        members = [label]
        start, size = _start(members, places, sizes, length)
        while groups and groups[-1][1] + groups[-1][2] > start:
            members = groups.pop()[0] + members
            start, size = _start(members, places, sizes, length)
        groups.append((members, start, size))
    middles = list(places)
    for members, start, _ in groups:
        for label in members:
            middles[label] = start + sizes[label] / 2
            start += sizes[label]
    return middles


def _start(members: list[int], places: list[float], sizes: list[float], length: float) -> tuple[float, float]:
    """Where a row of labels without gaps begins, so that they are nearest to their places, and how long it is."""
    before, wanted = 0.0, 0.0
    for label in members:
        wanted += places[label] - (before + sizes[label] / 2)
        before += sizes[label]
    return max(0, min(wanted / len(members), length - before)), before


TIME_AXIS = (
    "datum.value >= 1e9 ? datum.value/1e9 + ' s' : datum.value >= 1e6 ? datum.value/1e6 + ' ms' : "
    "datum.value >= 1e3 ? datum.value/1e3 + ' µs' : datum.value + ' ns'"
)
COUNT_AXIS = (
    "datum.value >= 1e6 ? datum.value/1e6 + ' M' : datum.value >= 1e3 ? datum.value/1e3 + ' k' : datum.value"
)
