"""Reads a result folder; whatever is wrong with one is told in one line."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from libraries import pd
from wording import away, known

SCHEMA_VERSION = 5
COMMON = ["schema_version", "run_id", "strategy", "workload", "trace_sha256"]
QUANTILES = {"p50": 2, "p90": 10, "p99": 100, "p999": 1000, "p9999": 10000}
INTERVALS = ["p50", "p90", "p99"]
LATENCY = COMMON + ["repeat", "operation", "clock", "n", "mean_ns"]
LATENCY += [f"{q}_ns" for q in QUANTILES] + [f"{q}_ci95_{end}_ns" for q in INTERVALS for end in ("low", "high")]
THROUGHPUT = COMMON + [
    "repeat", "clients", "target_rate", "achieved_rate", "achieved_rate_ci95_low", "achieved_rate_ci95_high",
    "operations", "cpu_us_per_op", "store_cpu_us_per_op", "store_cpu_source", "store_rtt_asked_ns", "store_rtt_p50_ns",
    "valid", "reason",
]
SUMMARY = COMMON + ["operation", "clock", "repeats", "valid_repeats", "valid", "n", "mean_ns"]
SUMMARY += [f"{q}_ns" for q in QUANTILES] + [f"{q}_ci95_{end}_ns" for q in INTERVALS for end in ("low", "high")]
SUMMARY += ["operations_per_second", "operations_per_second_ci95_low", "operations_per_second_ci95_high",
            "cpu_us_per_op", "store_cpu_us_per_op", "renewals_per_op", "false_accepts", "false_rejects", "stale_accepts", "errors",
            "store_rtt_asked_ns", "store_round_trips_per_op", "needed_clients_at_1000_per_second"]
SIZE = COMMON + ["claim_profile", "credential_bytes", "request_header_bytes", "fits_cookie_4096", "fits_header_8192",
                 "exposure_theory_p50_ms", "exposure_theory_max_ms"]
EXPOSURE = COMMON + [
    "withdrawal", "revocation", "n", "p50_ms", "p99_ms", "p99_ci95_low_ms", "p99_ci95_high_ms", "max_ms", "reason",
]
OUTAGE_KEYS = COMMON + ["fault", "repeat"]
OUTAGE = OUTAGE_KEYS + [
    "fault_start_ns", "fault_end_ns", "due_while_away", "decided_share", "late_share", "undecided_share", "first_error_ns",
    "first_good_ns", "normal_again_ns", "good_checked", "lost", "signed_out_checked", "came_back", "wrong_accepts", "valid",
    "reason",
]
SWEEP = COMMON + ["over", "point", "value", "unit", "stage", "clients", "operations", "repeats", "valid_repeats", "valid",
                  "reason"]
SWEEP += [f"{clock}_{q}{end}_ns" for clock in ("service", "response") for q in ("p50", "p99")
          for end in ("", "_ci95_low", "_ci95_high")]
CAPACITY = COMMON + ["objectives", "clients", "found", "held_per_second", "broken_per_second", "limit", "why", "probes"]
OUTAGE_SERIES = OUTAGE_KEYS + ["slice_start_ns", "due", "late", "undecided", "good_refused", "wrong_accepts"]
COMPARISON = [
    "strategy", "operation", "clients", "metric", "change_percent", "ci95_low_percent", "ci95_high_percent", "n",
    "verdict",
]
STORES = {"no-store": "none", "in-process": "in process", "private-server": "next door",
          "target": "over HTTP", "unknown-foreign-server": "your own"}
COMPARED = ("gate.csv", "comparison.csv")
TEXT = {
    "run_id", "strategy", "workload", "trace_sha256", "operation", "clock", "store_cpu_source", "reason",
    "claim_profile", "withdrawal", "revocation", "metric", "verdict", "fault",
    "over", "point", "unit", "stage", "objectives", "limit", "why",
}
# No time and no rate is 0. The interval of few and scattered ones may end there, where a logarithm has no place for it: then at
# the least that is written of such a number.
LEAST = {f"{q}_ci95_low_ns": 1 for q in INTERVALS} | {
    "achieved_rate_ci95_low": 0.1, "operations_per_second_ci95_low": 0.1}
FLAGS = {"valid", "found", "fits_cookie_4096", "fits_header_8192"}
OTHER = "measure again, or make the report with the authbench that measured"
AGAIN = "measure again, or copy the folder whole"
# What else two workloads of one name must have in common.
SAME_WORKLOAD = ("mix", "lifetimes_seconds", "session_bytes", "claims")


class BadFolder(Exception):
    """What is wrong with a folder, where, and what to do: one line."""


@dataclass(frozen=True)
class Results:
    """The tables of one result folder; a table that the folder does not have is `None`."""

    path: Path
    record: dict
    summary: pd.DataFrame | None = None
    latency: pd.DataFrame | None = None
    throughput: pd.DataFrame | None = None
    size: pd.DataFrame | None = None
    exposure: pd.DataFrame | None = None
    outage: pd.DataFrame | None = None
    outage_series: pd.DataFrame | None = None
    sweep: pd.DataFrame | None = None
    capacity: pd.DataFrame | None = None
    comparison: pd.DataFrame | None = None

    @property
    def caption(self) -> str:
        """The workload and the machine in a few words."""
        if not self.record:
            return self.path.name
        machine, workload = self.record.get("machine") or {}, self.record.get("workload") or {}
        clients = f", {self.clients} clients" if self.clients else ""
        model, cores = machine.get("cpu_model") or "unknown processor", machine.get("cores") or "?"
        return f"{workload.get('name')}{clients} · {model}, {cores} cores"

    @property
    def strategies(self) -> set[str]:
        """Whoever stands in one of the tables."""
        tables = (self.summary, self.size, self.exposure, self.outage, self.sweep, self.comparison)
        return {name for table in tables if table is not None for name in table.strategy}

    @property
    def compared(self) -> str:
        """The file that `comparison` was read from."""
        return next((name for name in COMPARED if (self.path / name).exists()), "")

    @property
    def clients(self) -> int | None:
        """How many clients sent requests at once, where the folder tells."""
        return None if self.throughput is None else int(self.throughput.clients.max())

    def difference(self, other: "Results", clients: bool = False) -> str:
        """What keeps the numbers of two folders from standing side by side; empty if nothing does.

        `clients`: as many clients are wanted too.
        """
        if elsewhere := self.other_machine(other):
            return elsewhere
        mine, its = ((run.record.get("workload") or {}).get("name") for run in (self, other))
        if mine != its:
            return f"the workloads differ ({mine}, {its})"
        mine, its = ((run.record.get("workload") or {}) for run in (self, other))
        differing = [key for key in SAME_WORKLOAD if mine.get(key) != its.get(key)]
        if differing:
            return f"two workloads of one name differ in {', '.join(differing)}"
        if clients and self.clients != other.clients:
            return f"the clients differ ({self.clients}, {other.clients})"
        return ""

    def other_machine(self, other: "Results") -> str:
        """How the machines differ; empty if they do not."""
        for key in ("cpu_model", "cores"):
            mine, its = ((run.record.get("machine") or {}).get(key) for run in (self, other))
            if mine != its:
                return f"the machines differ ({mine}, {its})"
        return ""

    @property
    def distance_ns(self) -> float | None:
        """How far away the stores were to be, where a relay was asked for."""
        asked = None if self.summary is None else self.summary.store_rtt_asked_ns.max()
        return asked if known(asked) else None

    def remote(self) -> list[str]:
        """The strategies that wait for a store in another process."""
        rates = self.rates()
        return list(rates.index[rates.store_round_trips_per_op > 0])

    def place(self, strategy: str) -> str:
        """Where the store of a strategy is, in the words of the program's table."""
        asked = self.rates().store_rtt_asked_ns[strategy]
        if known(asked):
            return f"{away(asked)} away"
        rows = None if self.throughput is None else self.throughput[self.throughput.strategy == strategy]
        return STORES.get(rows.store_cpu_source.iloc[0], "") if rows is not None and len(rows) else ""

    def used(self) -> pd.DataFrame:
        """The rows of `throughput.csv` that the figures of `summary.csv` are made of: valid ones, or all where none is."""
        table = self.throughput
        return table[table.valid | ~table.groupby("strategy").valid.transform("any")]

    def rates(self) -> pd.DataFrame:
        """What `summary.csv` says of each strategy, of all its operations together."""
        return self.summary.drop_duplicates("strategy").set_index("strategy")

    def times(self, operation: str) -> pd.DataFrame:
        """What it says of an operation; in an open loop with the waiting, which users feel."""
        rows = self.summary[self.summary.operation == operation]
        return rows[rows.clock == ("response" if (rows.clock == "response").any() else "service")]


def open_results(path: str | Path) -> Results:
    """Reads and checks the folder; raises `BadFolder`."""
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise BadFolder(f"{path}: no such folder; give the folder of a run, as results/latest")
    if not any(folder.iterdir()):
        raise BadFolder(f"{path}: the folder is empty; {AGAIN}")
    compared = [folder / name for name in COMPARED if (folder / name).exists()]
    if compared and not (folder / "run.json").exists():
        return Results(folder, {}, comparison=_table(compared[0], COMPARISON, versioned=False))
    if (folder / "series.json").exists():
        table = _table(folder / "sweep.csv", SWEEP)
        series = _record(folder, "series.json")
        capacity = _table(folder / "capacity.csv", CAPACITY) if (folder / "capacity.csv").exists() else None
        return Results(folder, series | {"workload": {"name": table.workload.iloc[0]}}, sweep=table, capacity=capacity)
    record = _record(folder)
    files = {"summary": SUMMARY, "latency": LATENCY, "throughput": THROUGHPUT, "size": SIZE}
    if not any((folder / f"{name}.csv").exists() for name in ("throughput", "latency")):
        others = {"exposure": {"exposure": EXPOSURE}, "outage": {"outage": OUTAGE, "outage_series": OUTAGE_SERIES}}
        files = next((own for name, own in others.items() if (folder / f"{name}.csv").exists()), files)
    optional = {"exposure": EXPOSURE}
    files |= {name: columns for name, columns in optional.items() if (folder / f"{name}.csv").exists()}
    tables = {name: _table(folder / f"{name}.csv", columns) for name, columns in files.items()}
    for name, table in tables.items():
        _check_complete(folder / f"{name}.csv", table, record)
    comparison = _table(compared[0], COMPARISON, versioned=False) if compared else None
    return Results(folder, record, comparison=comparison, **tables)


def _record(folder: Path, name: str = "run.json") -> dict:
    file = folder / name
    try:
        record = json.loads(file.read_text())
    except FileNotFoundError:
        raise BadFolder(f"{file}: missing; this is no result folder, or {AGAIN}") from None
    except (OSError, ValueError) as error:
        raise BadFolder(f"{file}: {error}; {AGAIN}") from None
    if not isinstance(record, dict):
        raise BadFolder(f"{file}: no JSON object; {AGAIN}")
    _check_version(file, {record.get("schema_version")})
    return record


def _table(file: Path, columns: list[str], versioned: bool = True) -> pd.DataFrame:
    try:
        text = file.read_text()
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except FileNotFoundError:
        raise BadFolder(f"{file}: missing; {AGAIN}") from None
    except (OSError, ValueError, csv.Error) as error:
        raise BadFolder(f"{file}: {error}; {AGAIN}") from None
    if len(rows) < 2:
        raise BadFolder(f"{file}: no rows; {AGAIN}")
    ragged = [number for number, row in enumerate(rows, 1) if len(row) != len(rows[0])]
    if ragged or not text.endswith("\n"):
        raise BadFolder(f"{file}: truncated at line {ragged[0] if ragged else len(rows)}; {AGAIN}")
    table = pd.read_csv(io.StringIO(text))
    if versioned and "schema_version" in table:
        _check_version(file, set(table.schema_version))
    missing = [column for column in columns if column not in table]
    if missing:
        raise BadFolder(f"{file}: no column {', '.join(missing)}; {OTHER}")
    for column in columns:
        is_flag = pd.api.types.is_bool_dtype(table[column])
        is_number = pd.api.types.is_numeric_dtype(table[column]) and not is_flag
        if column not in TEXT and not (is_flag if column in FLAGS else is_number):
            what = "true and false" if column in FLAGS else "numbers"
            raise BadFolder(f"{file}: {column} holds something else than {what}; {AGAIN}")
    for column in LEAST.keys() & set(table):
        table[column] = table[column].where(table[column] != 0, LEAST[column])
    return table


def _check_version(file: Path, found: set) -> None:
    if found != {SCHEMA_VERSION}:
        versions = " and ".join(sorted(map(str, found)))
        raise BadFolder(f"{file}: schema version {versions}, and this report reads version {SCHEMA_VERSION} only; {OTHER}")


def _check_complete(file: Path, table: pd.DataFrame, record: dict) -> None:
    """A file cut between two lines lacks what a complete run says it measured."""
    if record.get("status") != "complete":
        return
    planned = {name for repeat in record.get("order") or [] for name in repeat}
    missing = sorted(planned - set(table.strategy))
    if missing:
        raise BadFolder(f"{file}: truncated, no row of {', '.join(missing)}; {AGAIN}")
    count = sum(len(repeat) for repeat in record.get("order") or [])
    if "repeat" in table and "order" in record and len(table[["strategy", "repeat"]].drop_duplicates()) < count:
        raise BadFolder(f"{file}: truncated, it lacks repeats that run.json names; {AGAIN}")
