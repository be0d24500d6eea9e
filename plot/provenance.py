"""Where the numbers come from: the machine, the versions, and what the run says against itself."""

import theme
from wording import known, memory, time

# As `BaselineMovement` of the table has it.
MOST_MOVEMENT = 1.25


def provenance(results):
    """Returns the line under the title, the verdict on the run, the facts of `run.json`, and each invalid repeat."""
    record, faults = results.record, list(invalid_repeats(results.throughput))
    return {
        "summary": summary(record),
        "mood": mood(results.throughput, record, faults),
        "verdict": validity(results.throughput, record, faults),
        "facts": [(name, str(value)) for name, value in facts(record) if value not in (None, "")],
        "faults": faults,
    }


def summary(record):
    if not record:
        return "This folder has no run.json, so that neither run nor machine are known."
    machine = record.get("machine") or {}
    began = f", begun {record['started_at']}" if record.get("started_at") else ""
    return (f"Run {record.get('run_id') or 'without a name'}{began}, on {machine.get('cores') or '?'} cores of"
            f" {machine.get('cpu_model') or 'an unknown processor'}.")


def mood(throughput, record, faults):
    if faults or record.get("status", "complete") != "complete":
        return "bad"
    return "neutral" if throughput is None or movement(throughput) else "good"


def validity(throughput, record, faults):
    status = record.get("status", "complete")
    state = "" if status == "complete" else f" The run is not complete: its status is {status}."
    if throughput is None:
        return f"This folder holds no repeats of a run.{state}"
    total = len(throughput)
    moved = movement(throughput)
    if moved:
        state += (f" The machine changed meanwhile: the baseline, which does nothing, differs {theme.digits(moved)} times between"
                  " repeats. Do not trust smaller differences of operations per second; compare CPU time and p50.")
    if not faults:
        return f"All {total} repeats are valid.{state}"
    return f"{len(faults)} of {total} repeats must not be used; the reasons stand below.{state}"


def movement(throughput):
    """How many times the baseline's lowest rate or CPU time its highest is; nothing where that is noise."""
    own = throughput[(throughput.strategy == theme.FLOOR) & throughput.target_rate.isna()]
    columns = [own[name].dropna() for name in ("achieved_rate", "cpu_us_per_op")]
    ratios = [column.max() / column.min() for column in columns if len(column) > 1 and column.min() > 0]
    return next((ratio for ratio in [max(ratios, default=0)] if ratio > MOST_MOVEMENT), None)


def invalid_repeats(throughput):
    if throughput is None:
        return
    for row in throughput[~throughput.valid].itertuples():
        yield f"{row.strategy}, repeat {row.repeat}: {row.reason if known(row.reason) else 'no reason given'}"


def facts(record):
    machine, versions, stores = (record.get(name) or {} for name in ("machine", "versions", "stores"))
    load = machine.get("load_average") or {}
    group = machine.get("cgroup") or {}
    yield "Command", " ".join(record.get("command_line") or [])
    yield "Processor", machine.get("cpu_model")
    yield "Cores", machine.get("cores")
    yield "Core limit", group.get("cpu_quota_cores")
    yield "Memory", memory(machine.get("memory_bytes"))
    yield "Virtual machine", {True: "yes", False: "no"}.get(machine.get("hypervisor"))
    yield "System", ", ".join(filter(None, [machine.get("os"), machine.get("kernel")]))
    yield "Load before", ", ".join(str(load[key]) for key in ("load1", "load5", "load15") if key in load)
    yield "Versions", ", ".join(f"{name} {versions[name]}" for name in ("authbench", "sqlite", "redis", "openssl")
                                if versions.get(name))
    yield "Source", source(record)
    yield "Redis", distance(stores.get("redis") or {})
    yield "SQLite", record.get("sqlite_synchronous") and f"synchronous {record['sqlite_synchronous']}"
    yield "Trace (SHA-256)", record.get("trace_sha256")


def source(record):
    commit = record.get("git_commit")
    return commit and f"commit {commit}{' with changes' if record.get('git_dirty') else ''}"


def distance(redis):
    trip = redis.get("round_trip_p50_ns")
    return redis.get("topology") and f"{redis['topology']}, round trip p50 {time(trip)}"
