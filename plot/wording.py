"""How numbers, times and lists are written; what is not known is a dash."""

import re

from libraries import pd

UNKNOWN = "–"
# The longest line of a strategy's name beside a mark.
NAME_WIDTH = 18


def known(value) -> bool:
    """Tells whether there is a value; what was not measured is blank in the files."""
    return value is not None and not pd.isna(value)


def digits(value: float) -> str:
    """Three digits, no exponent, thousands apart: 1 160 000, 85.3, 5.17."""
    if abs(value) < 0.1:
        return f"{value:.2g}"
    if abs(value) >= 1000:
        unit = 10 ** (len(str(int(abs(value)))) - 3)
        return f"{round(value / unit) * unit:,}".replace(",", "\u202f")
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


def number(value) -> str:
    return digits(value) if known(value) else UNKNOWN


def whole(count) -> str:
    """Writes a count to its last digit, thousands apart."""
    return f"{count:,.0f}".replace(",", "\u202f") if known(count) else UNKNOWN


def counted(count: int, noun: str) -> str:
    """A count with its noun: 1 repeat, 2 repeats."""
    return f"{whole(count)} {noun}{'' if count == 1 else 's'}"


def time(ns) -> str:
    """A time in the unit that reads best: 5.17 µs."""
    if not known(ns):
        return UNKNOWN
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{digits(ns / size)} {unit}"
    return f"{ns:.0f} ns"


def duration(seconds: float) -> str:
    """The largest unit that the time has two of: 11.9 h, 59 min, 14 s."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds)} s"


def memory(count):
    return f"{count / 2**30:.1f} GiB" if known(count) else None


def between(low, high, write) -> str:
    """An interval in words, a dash where it is unknown."""
    return f"{write(low)} to {write(high)}" if known(low) and known(high) else UNKNOWN


def betweens(lows, highs, write, unit: str = "") -> list[str]:
    """The intervals of two columns in words."""
    return [between(low, high, write) + unit for low, high in zip(lows, highs, strict=True)]


def listed(words) -> str:
    """A list as people write it: a, b and c."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def unusable(valid: bool) -> str:
    """What is written behind a figure that must not be used."""
    return "" if valid else " (not valid)"


def folded(name: str) -> str:
    """The name on as many lines as it needs; it is never cut.

    It is broken between words; a word that is too long before the parameters of a variant or between them; and what is still
    too long at its hyphens.
    """
    lines = broken(name.replace("(not valid)", "(not\u00a0valid)"), BREAKS)
    return "\n".join(line.strip() for line in lines).replace("\u00a0", " ")


# Where a name may be broken, the better places first; the last is anywhere.
BREAKS = ["(?<= )", "(?=@)|(?<=,)", "(?<=[-=])", ""]


def broken(text: str, places: list[str]) -> list[str]:
    lines: list[str] = []
    for piece in re.split(places[0], text):
        if lines and len((lines[-1] + piece).rstrip()) <= NAME_WIDTH:
            lines[-1] += piece
        elif len(piece.rstrip()) > NAME_WIDTH:
            lines += broken(piece, places[1:])
        elif piece:
            lines.append(piece)
    return lines


def away(ns: float) -> str:
    """A distance as people ask for it: 1 ms, 0.2 ms, 50 µs."""
    return f"{ns / 1e6:g} ms" if ns == 0 or ns >= 1e5 else f"{ns / 1e3:g} µs"
