"""How the page writes what it knows, and what it does not: a dash."""

import pandas as pd

import theme

UNKNOWN = "–"


def known(value):
    """Decides whether there is a value; what was not measured is blank in the files."""
    return value is not None and not pd.isna(value)


def number(value):
    return theme.digits(value) if known(value) else UNKNOWN


def time(ns):
    return theme.time(ns) if known(ns) else UNKNOWN


def whole(count):
    """Writes a count to its last digit, thousands apart."""
    return f"{count:,.0f}".replace(",", "\u202f") if known(count) else UNKNOWN


def memory(count):
    return f"{count / 2**30:.1f} GiB" if known(count) else None
