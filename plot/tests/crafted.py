"""Result folders with known numbers, whose columns are those that results/SCHEMA.md documents."""

import csv
import json
import re
from pathlib import Path

SCHEMA = (Path(__file__).parents[2] / "results/SCHEMA.md").read_text()
STRATEGIES = {"null-baseline": 0.1, "sqlite-session": 5, "redis-session": 100, "hs256-jwt": 2, "rs256-jwt": 20}
PROFILES = {"tiny": 100, "roles-9kib": 9000}
NOTHING = {"store_cpu_us_per_op": 0, "store_cpu_source": "no-store"}
# How often an operation waits for its store across the network.
TRIPS = {"redis-session": 1.06}
# In the place of a crafted strategy one with an access lifetime: its name, that lifetime, its cost and its renewals.
LIFETIMES = {"hs256-jwt": ("hybrid", "", 10, 0.01), "rs256-jwt": ("hybrid@access=1m", "1m", 40, 0.16),
         "sqlite-session": ("hybrid@alg=es256,access=1h", "1h", 7, 0.003),
         "redis-session": ("hybrid@access=90s,alg=es256", "90s", 70, 0.1)}
# In the place of a crafted strategy one of a run --over-http: its name, and median in ns and processor time in µs of each repeat.
OVER_HTTP = {
    "sqlite-session": ("hs256-jwt", [1000, 1100, 900], [1, 1, 1]),
    "redis-session": ("hs256-jwt@over=http", [31_000, 32_000, 30_000], [21, 21.5, 20.5]),
    "rs256-jwt": ("open-route", [30_000, 30_900, 29_100], [20, 20, 20]),
    "hs256-jwt": ("rs256-jwt", [20_000, 20_000, 20_000], [20, 20, 20]),
}
RECORD = {
    "schema_version": 5, "status": "complete", "order": [list(STRATEGIES)] * 3,
    "machine": {"cpu_model": "Test CPU", "cores": 4}, "workload": {"name": "mixed"},
}


def columns(file: str) -> list[str]:
    """The documented columns of a CSV file."""
    return re.findall(r"^\| `(\w+)`", SCHEMA.split(f"## {file}")[1].split("\n## ")[0], re.MULTILINE)


def write(file: Path, names: list[str], rows: list[dict]) -> None:
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def common(strategy: str) -> dict:
    return {"schema_version": 5, "run_id": "r", "strategy": strategy, "workload": "mixed", "trace_sha256": "0" * 64}


def latency_row(strategy: str, us: float, repeat: int, clock: str) -> dict:
    row = common(strategy) | {"repeat": repeat, "operation": "authenticate", "clock": clock, "n": 20000}
    for place, name in enumerate(("p50", "p90", "p99")):
        time = us * 1000 * (1 + 0.1 * repeat**2) * 2**place
        row |= {f"{name}_ns": round(time)}
        row |= {f"{name}_ci95_low_ns": round(time * 0.9), f"{name}_ci95_high_ns": round(time * 1.1)}
    return row | {"mean_ns": us * 3000, "min_ns": 1, "max_ns": 10**9}


def summary_rows(strategy: str, latency: list[dict], throughput: list[dict]) -> list[dict]:
    """Figures of the whole: those of the middle one of the valid repeats, or of all, with twice its interval."""
    own = [row for row in throughput if row["strategy"] == strategy]
    good = [row for row in own if row["valid"] == "true"]
    middle = (good or own)[len(good or own) // 2]
    rate = middle["achieved_rate"]
    whole = {
        "repeats": len(own), "valid_repeats": len(good), "valid": str(bool(good)).lower(),
        "operations_per_second": rate, "operations_per_second_ci95_low": rate * 0.8,
        "operations_per_second_ci95_high": rate * 1.2, "cpu_us_per_op": middle["cpu_us_per_op"],
        "store_cpu_us_per_op": middle["store_cpu_us_per_op"], "store_rtt_asked_ns": middle.get("store_rtt_asked_ns", ""),
        "store_round_trips_per_op": TRIPS.get(strategy, 0), "renewals_per_op": 0,
        "needed_clients_at_1000_per_second": 4 * 1000 / rate}
    whole |= {"false_accepts": 0, "false_rejects": 0, "errors": 0, "stale_accepts": 200 if accepts_revoked(strategy) else 0}
    rows = [row for row in latency if (row["strategy"], row["repeat"]) == (strategy, middle["repeat"])]
    rows += [row | {"operation": "revoked", "n": 200} for row in rows]
    return [{key: value for key, value in row.items() if key not in ("repeat", "min_ns")} | whole for row in rows]


def accepts_revoked(strategy: str) -> bool:
    return "jwt" in strategy or strategy == "null-baseline"


def run_folder(
        folder: Path, rate: float | None = None, invalid: str = "", slower: float = 1, unusable: str = "",
        unsteady: str = "", away_ns: int | None = None) -> Path:
    """A run of three repeats; the last of one strategy may be invalid, or all of one, or one may need another time each.

    `away_ns`: only what has a store across the network was measured, with that so far away.
    """
    folder.mkdir(parents=True)
    latency, throughput = [], []
    strategies = {name: us for name, us in STRATEGIES.items() if away_ns is None or name in TRIPS}
    for strategy, us in strategies.items():
        seen = {"store_cpu_us_per_op": us / 4, "store_cpu_source": "private-server"}
        store = seen if strategy == "redis-session" else NOTHING
        if away_ns is not None:
            store |= {"store_rtt_asked_ns": away_ns, "store_rtt_p50_ns": away_ns + 1000}
            us += away_ns / 1000
        for repeat in (1, 2, 3):
            good = not (strategy == invalid and repeat == 3) and strategy != unusable
            steady = strategy == "null-baseline" and unsteady != strategy
            achieved = 4e6 / us * (1 + (0.01 if steady else 0.1) * repeat**2) * (1 if good else 100)
            clocks = ["service"] if rate is None else ["service", "response"]
            latency += [latency_row(strategy, us * slower, repeat, clock) for clock in clocks]
            throughput.append(common(strategy) | store | {
                "repeat": repeat, "clients": 4, "target_rate": rate or "", "achieved_rate": achieved,
                "achieved_rate_ci95_low": achieved * 0.9, "achieved_rate_ci95_high": achieved * 1.1,
                "operations": 20000, "cpu_us_per_op": STRATEGIES[strategy], "valid": "true" if good else "false",
                "reason": "" if good else "overload: as the test wants it"})
    size = [common(strategy) | {
        "claim_profile": profile, "credential_bytes": count, "request_header_bytes": count + 22,
        "fits_cookie_4096": str(count <= 4096).lower(), "fits_header_8192": str(count <= 8192).lower(),
        "exposure_theory_p50_ms": 1_800_000 if accepts_revoked(strategy) else 0,
        "exposure_theory_max_ms": 3_600_000 if accepts_revoked(strategy) else 0}
        for strategy in strategies for profile, stated in PROFILES.items()
        for count in [stated if "jwt" in strategy else 16 if strategy == "null-baseline" else 43]]
    summary = [row for strategy in strategies for row in summary_rows(strategy, latency, throughput)]
    for name, rows in {"summary": summary, "latency": latency, "throughput": throughput, "size": size}.items():
        write(folder / f"{name}.csv", columns(f"{name}.csv"), rows)
    # Without a relay only the record knows how far away Redis was.
    stores = {"redis": {"topology": "unix", "round_trip_p50_ns": 20_000}}
    (folder / "run.json").write_text(json.dumps(RECORD | {"stores": stores, "order": [list(strategies)] * 3}))
    return folder


def lifetime_folder(folder: Path) -> Path:
    """A run of two strategies, each with two lifetimes of its access token."""
    run_folder(folder)
    for name in ("summary", "latency", "throughput", "size"):
        file = folder / f"{name}.csv"
        rows = list(csv.DictReader(file.open(newline="")))
        for row in rows:
            own, access, cpu, renewals = LIFETIMES.get(row["strategy"], (row["strategy"], "", None, 0))
            row |= {"strategy": own, "parameter_access": access}
            if cpu and "cpu_us_per_op" in row:
                row |= {"cpu_us_per_op": cpu, "store_cpu_us_per_op": 0}
            if "renewals_per_op" in row:
                row["renewals_per_op"] = renewals
        write(file, list(rows[0]), rows)
    record = json.loads((folder / "run.json").read_text())
    record["order"] = [[LIFETIMES.get(name, (name,))[0] for name in repeat] for repeat in record["order"]]
    record["workload"] = {"name": "mixed", "lifetimes_seconds": {"access": 900}}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def sweep_folder(folder: Path, over: str = "clients", unit: str = "clients", values=(1, 2, 4), invalid: int = 0) -> Path:
    """A sweep of two strategies, whose p99 is 10 µs x value, and 20 µs x value; `invalid` is a value without valid repeats."""
    folder.mkdir(parents=True)
    names = {"cache": "redis-session@cache={0}ms", "access-lifetime": "hybrid@access={0}ms,alg=es256"}
    rows = []
    for value in values:
        for factor, strategy in ((10, "hs256-jwt"), (20, names.get(over, "redis-session"))):
            time = 1000 * factor * max(1, value)
            row = common(strategy.format(value)) | {
                "over": over, "point": value, "value": value, "unit": unit, "stage": "point", "clients": 8, "operations": 20000, "repeats": 3,
                "valid_repeats": 0 if value == invalid else 3, "valid": str(value != invalid).lower(), "reason": ""}
            for name, share in (("p50", 2), ("p99", 1)):
                row |= {f"service_{name}_ns": time // share, f"service_{name}_ci95_low_ns": time // share // 2,
                        f"service_{name}_ci95_high_ns": time // share * 2}
            rows.append(row)
    write(folder / "sweep.csv", columns("sweep.csv"), rows)
    (folder / "series.json").write_text(json.dumps({"schema_version": 5, "machine": RECORD["machine"]}))
    return folder


def capacity_folder(folder: Path, **limits) -> Path:
    """A search for capacities: of two strategies each found within 5 %, or otherwise as `limits` says of them."""
    sweep_folder(folder, "rate", "per_second", (1000, 2000))
    rows = []
    for strategy, held in (("hs256-jwt", 40_000), ("sqlite-session", 8000)):
        row = common(strategy) | {
            "objectives": "response p99 <= 5ms; errors <= 0", "clients": 8, "found": "true", "held_per_second": held,
            "broken_per_second": held * 1.05, "limit": "objective", "why": "p99 is 6 ms", "probes": 9}
        rows.append(row | limits.get(strategy.replace("-", "_"), {}))
    write(folder / "capacity.csv", columns("capacity.csv"), rows)
    return folder


def exposure_folder(folder: Path, machine: str = "Test CPU", workload: str = "mixed") -> Path:
    folder.mkdir(parents=True)
    rows = [common(strategy) | {
        "withdrawal": kind, "revocation": "at-expiry" if ms else "immediate", "n": 400, "p50_ms": ms / 2,
        "p99_ms": ms, "p99_ci95_low_ms": ms * 0.99, "p99_ci95_high_ms": ms * 1.01 + 1, "max_ms": ms,
        "login_n": 25, "login_p50_ms": ms * 11, "login_max_ms": ms * 12}
        for strategy in STRATEGIES if strategy != "null-baseline" for kind in ("logout", "permission-change")
        for ms in [3_500_000 if "jwt" in strategy else 0]]
    write(folder / "exposure.csv", columns("exposure.csv"), rows)
    record = RECORD | {"machine": {"cpu_model": machine, "cores": 4}, "workload": {"name": workload},
                       "order": [list(STRATEGIES)[1:]]}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def outage_folder(folder: Path, wrong: int = 0, valid: bool = True, times: dict | None = None) -> Path:
    """A second of outage after one of peace: a session that is cut off, one that is lost, and a token that notices nothing."""
    folder.mkdir(parents=True)
    rows, series = [], []
    for strategy, fault, decided, lost, back in [
            ("redis-session", "cut", 0.25, 0, 0), ("redis-session", "kill", 0.0, 40, 3), ("hs256-jwt", "none", 1.0, 0, 0)]:
        key = common(strategy) | {"fault": fault, "repeat": 1}
        rows.append(key | {
            "revocation": "immediate", "fault_start_ns": 10**9, "fault_end_ns": 2 * 10**9, "due_while_away": 100,
            "decided_share": decided, "late_share": 0, "undecided_share": 1 - decided, "good_checked": 50, "lost": lost,
            "signed_out_checked": 10, "came_back": back, "wrong_accepts": wrong, "valid": str(valid).lower(),
            "reason": "" if valid else "why"} | (times or {}))
        for slice in range(30):
            away = 10 <= slice < 20
            series.append(key | {
                "slice_start_ns": slice * 10**8, "due": 10, "late": 0, "undecided": round(10 * (1 - decided)) if away else 0,
                "good_refused": 8 if slice >= 20 and lost else 0, "wrong_accepts": 0})
    write(folder / "outage.csv", columns("outage.csv"), rows)
    write(folder / "outage_series.csv", columns("outage_series.csv"), series)
    record = RECORD | {"order": [["redis-session", "hs256-jwt"]]}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def gate_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    names = ["strategy", "workload", "operation", "clients", "metric", "base", "head", "change_percent",
             "ci95_low_percent", "ci95_high_percent", "p", "p_holm", "n", "sigma_b_percent",
             "mde_percent", "stage", "verdict", "why"]
    rows = [(name, metric, *change, verdict) for name, metric, change, verdict in [
        ("hs256-jwt", "time_ns", (12.3, 11, 13.5), "regression"), ("hs256-jwt", "p50_ns", (0.5, -1, 2), "pass"),
        ("sqlite-session", "p99_ns", ("", "", ""), "not gated"),
        ("null-baseline", "time_ns", (40, 30, 50), "advisory")]]
    write(folder / "gate.csv", names, [
        dict(strategy=row[0], workload="gate", operation="authenticate", clients=1, metric=row[1],
             change_percent=row[2], ci95_low_percent=row[3], ci95_high_percent=row[4], n=24, verdict=row[5])
        for row in rows])
    return folder


def http_folder(folder: Path, names: dict = OVER_HTTP) -> Path:
    """A run of a strategy inside its process and over HTTP."""
    run_folder(folder)
    for name in ("summary", "latency", "throughput", "size"):
        file = folder / f"{name}.csv"
        rows = list(csv.DictReader(file.open(newline="")))
        for row in rows:
            row["strategy"], times, cpu = names.get(row["strategy"], (row["strategy"], None, None))
            if name == "latency" and times:
                row["p50_ns"] = times[int(row["repeat"]) - 1]
            if name == "throughput" and cpu:
                row |= {"cpu_us_per_op": cpu[int(row["repeat"]) - 1], "store_cpu_us_per_op": 0}
        write(file, list(rows[0]), rows)
    record = json.loads((folder / "run.json").read_text())
    record["order"] = [[names.get(name, (name,))[0] for name in repeat] for repeat in record["order"]]
    (folder / "run.json").write_text(json.dumps(record))
    return folder
