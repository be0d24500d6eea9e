"""Reads what `authbench advise` decided, so that the page repeats it and decides nothing a second time."""

import json
from pathlib import Path

from results import BadFolder

FILE = "advice.json"
VERSION = 1
# As the table of `advise` names its rows; `test_advice.py` holds them against the program.
TITLES = {
    "p99": "p99 of a check", "sign_ins": "sign-ins, and their CPU", "logout": "accepted after logout",
    "permission": "kept after a permission was taken",
    "store_away": "while the store is away", "header": "header line, bytes", "minting": "verifiers can make credentials",
    "stores": "stores needed", "services": "several services", "cpu": "CPU per million requests", "bytes": "bytes per request",
    "share": "share of a request", "core": "requests a second on one core", "price": "price of the processor",
}
VERDICTS = {"ok", "NO", "?", ""}
# What is read, and of which kind it is.
KEYS = {"undominated": list, "flips_when": list, "requirements": dict, "strategies": list, "not_known": list,
        "command": str, "machine": str, "runs": list}
STRATEGY = {"strategy": str, "meets": bool, "drivers": list, "flips_when": list}
DRIVER = {"driver": str, "required": str, "measured": str, "verdict": str}


def advice(place: str | Path) -> dict:
    """The answer of `authbench advise --format json`, from its file or the folder that holds it; raises `BadFolder`."""
    file = Path(place) / FILE if Path(place).is_dir() else Path(place)
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadFolder(f"{place}: {absent(Path(place))}") from None
    except (OSError, ValueError) as error:
        raise BadFolder(f"{file}: {error}; write it again with authbench advise --format json") from None
    if not fits(body):
        raise BadFolder(f"{file}: is no answer of authbench advise --format json, or of another version; write it again")
    return body


def absent(place: Path) -> str:
    """What to do about a folder without an answer."""
    if not place.is_dir():
        return "no such file or folder; give a file of authbench advise --format json, or a folder with that as advice.json"
    record = place / "series.json"
    try:
        command = json.loads(record.read_text(encoding="utf-8")).get("command")
    except (OSError, ValueError, AttributeError):
        command = None
    if command != "advise":
        return f"has no {FILE}; give a folder of authbench advise, as results/latest-advise"
    return f"has no {FILE}; write it with authbench advise --resume {place} --format json >{place / FILE}"


def fits(body) -> bool:
    """Tells whether all is there that is read, and whether no verdict stands against another."""
    if not holds(body, KEYS) or body.get("schema_version") != VERSION or not body["strategies"]:
        return False
    return all(holds(one, STRATEGY) and all(holds(row, DRIVER) and row["verdict"] in VERDICTS for row in one["drivers"])
               and one["meets"] == all(row["verdict"] in ("ok", "") for row in one["drivers"])
               for one in body["strategies"])


def holds(value, keys: dict) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), kind) for key, kind in keys.items())


def title(driver: str) -> str:
    return TITLES.get(driver, driver.replace("_", " "))
