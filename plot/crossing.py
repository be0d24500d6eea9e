"""Where the time of a strategy that asks a server passes those that ask none, in words; it needs nothing but Python."""

from collections.abc import Callable
from typing import NamedTuple


class Point(NamedTuple):
    """A time with its 95 % interval, at a distance."""

    place: float
    time: float
    low: float
    high: float


def crossings(line: list[Point], level: float) -> list[float]:
    """The distances at which a line passes a level, on straight lines between the measured distances."""
    found = []
    for near, far in zip(line, line[1:]):
        above, beyond = near.time - level, far.time - level
        if (above < 0) != (beyond < 0):
            found.append(near.place + (far.place - near.place) * above / (above - beyond))
    return found


def compared(strategy: str, line: list[Point], levels: dict[str, Point], write: Callable, listed: Callable) -> str:
    """One strategy against all that are the same at any distance, the nearest distance first.

    `write` writes a time or distance, `listed` a list of words. Where two intervals overlap at the nearest distance, neither
    is called faster there.
    """
    near, end = line[0], line[-1]
    faster, slower, open_ones, words = [], [], [], []
    for other, level in levels.items():
        met = crossings(line, level.time)
        if len(met) == 1 and near.time < level.time:
            words.append(f"Below {write(met[0])}, {strategy} is faster than {other}; above it never.")
        elif met:
            words.append(f"The p50 of {strategy} crosses that of {other} at about {listed([write(one) for one in met])}.")
        elif near.time < level.time:
            faster.append(other)
        else:
            # What has no interval may be anything.
            (slower if near.low > level.high else open_ones).append(other)
    if faster:
        words.append(f"At every distance up to {write(end.place)}, {strategy} is faster than {listed(faster)}.")
    if slower:
        words.append(f"At every distance from {write(near.place)} on, {strategy} is slower than {listed(slower)}.")
    if open_ones:
        words.append(f"At {write(near.place)} the intervals of {strategy} and of {listed(open_ones)} overlap; further away "
                     f"{strategy} is slower.")
    return " ".join(words)
