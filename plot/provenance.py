"""Where the numbers come from: the machine, the versions and the settings of a run, as `run.json` has them."""

from wording import memory, time

# What `run.json` calls them, and what stands before their numbers; OpenSSL says its name itself.
VERSIONS = {"authbench": "authbench ", "sqlite": "SQLite ", "redis": "Redis ", "postgres": "PostgreSQL ", "openssl": ""}


def facts(record: dict) -> list[tuple[str, str]]:
    """Names and values of what is known."""
    return [(name, str(value)) for name, value in told(record) if value not in (None, "")]


def told(record):
    machine, versions, stores = (record.get(name) or {} for name in ("machine", "versions", "stores"))
    load = machine.get("load_average") or {}
    group = machine.get("cgroup") or {}
    yield "Run", record.get("run_id")
    yield "Begun", record.get("started_at")
    yield "Workload", (record.get("workload") or {}).get("summary")
    yield "Command", " ".join(record.get("command_line") or [])
    yield "Processor", machine.get("cpu_model")
    yield "Cores", machine.get("cores")
    yield "Core limit", group.get("cpu_quota_cores")
    yield "Memory", memory(machine.get("memory_bytes"))
    yield "Virtual machine", {True: "yes", False: "no"}.get(machine.get("hypervisor"))
    yield "System", ", ".join(filter(None, [machine.get("os"), machine.get("kernel")]))
    known = [str(load[key]) for key in ("load1", "load5", "load15") if load.get(key) is not None]
    yield "Load before (1, 5, 15 min)", ", ".join(known)
    yield "Versions", ", ".join(name + versions[key] for key, name in VERSIONS.items() if versions.get(key))
    yield "Source", source(record)
    yield "Redis", distance(stores.get("redis") or {})
    yield "PostgreSQL", distance(stores.get("postgres") or {})
    yield "SQLite", record.get("sqlite_synchronous") and f"synchronous {record['sqlite_synchronous']}"
    yield "Trace (SHA-256)", record.get("trace_sha256")


def source(record):
    commit = record.get("git_commit")
    return commit and f"commit {commit}{' with changes' if record.get('git_dirty') else ''}"


def distance(server):
    trip = server.get("round_trip_p50_ns")
    return server.get("topology") and f"{server['topology']}, round trip p50 {time(trip)}"
