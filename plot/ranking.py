"""The order of strategies wherever they stand in a table: that of the program's own (`Summary.ranked`)."""

import math


def ranked(rows: list) -> list:
    """The rows with the least exposure first, among equals those that take the least processor time.

    The distance to a store changes these least. Rows that must not be used come after the others, and the baseline, which is
    no strategy to choose, comes last. The rows of one strategy stay together, the nearer store first. A row has `strategy`,
    `baseline`, `unusable`, `exposure_ms`, `cpu_us` and `distance_ns`, of which the last three may be unknown.
    """
    def least(values, default: float = math.inf) -> float:
        return min((value for value in values if value is not None and value == value), default=default)

    def place(row) -> tuple:
        own = [each for each in rows if each.strategy == row.strategy]
        return (row.baseline, all(each.unusable for each in own), least(each.exposure_ms for each in own),
                least(each.cpu_us for each in own), least([row.distance_ns], -1))

    return sorted(rows, key=place)
