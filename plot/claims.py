"""Reads what `authbench claims` said of each claim, for a section of the page."""

import csv
from pathlib import Path

from results import BadFolder

FILE = "claims.csv"
COLUMNS = ("claim", "statement", "verdict", "rule", "figure", "unit", "value", "ci95_low", "ci95_high", "valid")


def claims(folder: str | Path) -> list[dict]:
    """One entry for each claim, with its verdict and what it was made of; raises `BadFolder`."""
    place = Path(folder) / FILE
    if not place.is_file():
        raise BadFolder(f"{folder}: has no {FILE}; give a folder of authbench claims, as results/latest-claims")
    with place.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows or any(row.get(name) is None for row in rows for name in COLUMNS):
        raise BadFolder(f"{place}: is cut off, or of another version; measure the claims again")
    entries: dict[str, dict] = {}
    for row in rows:
        entry = entries.setdefault(row["claim"], {
            "id": row["claim"], "statement": row["statement"], "verdict": row["verdict"], "rule": row["rule"],
            "disturbed": False, "figures": []})
        entry["disturbed"] |= row["valid"] != "true"
        if row["figure"]:
            entry["figures"].append(f"{row['figure']}: {figure(row)}")
    return list(entries.values())


def figure(row: dict) -> str:
    """The figure with its interval, as the file has them."""
    middle = f"{short(row['value'])}{'' if row['unit'] == 'ratio' else ' ' + row['unit']}"
    low, high = short(row["ci95_low"]), short(row["ci95_high"])
    return middle if low == high else f"{middle} ({low} to {high})"


def short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
