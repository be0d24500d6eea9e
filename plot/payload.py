"""Payload: what a check of a token costs as its claims grow, as a table in Markdown.

    python3 plot/payload.py .build/release/authbench

Each round measures every size once, one after the other, so that a busy moment meets all of them. A figure is the median of
the rounds. The workload asks for nothing but `authenticate`, so the processor time of an operation is that of one check.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

WORKLOAD = {"name": "payload", "summary": "Nothing but checks of good tokens.", "population": 320, "clients": 2,
            "skew": "uniform", "mix": {"authenticate": 1, "renew": 0}}
# Bytes of JSON that the user adds; the last is as many as a workload takes.
SIZES = (0, 100, 423, 1024, 2048, 4096, 5120, 8192)
STRATEGIES = ("hs256-jwt", "rs256-jwt")


def claims(size: int) -> dict | None:
    """Roles as real tokens have them, of exactly so many bytes as members of a JSON object."""
    if size == 0:
        return None
    roles = {"roles": []}

    def missing() -> int:
        return size - len(json.dumps(roles, separators=(",", ":"))) + 2

    while missing() > 40:
        roles["roles"].append(f"tenant-{100 + len(roles['roles'])}-editor")
    # With its quotes and a comma before it.
    roles["roles"].append("x" * (missing() - (3 if roles["roles"] else 2)))
    assert missing() == 0
    return roles


def measure(program: str, strategies: list[str], size: int, duration_s: float, folder: Path) -> dict[str, tuple[int, float]]:
    """The bytes of a header line and the processor time of a check in microseconds, for each strategy."""
    workload = folder / "payload.json"
    workload.write_text(json.dumps(WORKLOAD | ({"claims": own} if (own := claims(size)) else {})))
    options = [word for one in strategies for word in ("--strategy", one)]
    run = subprocess.run(
        [program, "run", str(workload), *options, "--repeats", "1", "--duration", str(duration_s), "--out", str(folder), "-q"],
        capture_output=True, text=True)
    # Status 3 says that a row was disturbed, which a busy machine does; the median of the rounds is taken for that.
    if run.returncode not in (0, 3):
        sys.exit(run.stderr.strip() or f"{program} ended with {run.returncode}")
    with (folder / "latest/size.csv").open() as sizes, (folder / "latest/summary.csv").open() as summary:
        issued = [row for row in csv.DictReader(sizes) if row["claim_profile"] == "rfc9068"]
        checked = [row for row in csv.DictReader(summary) if row["operation"] == "authenticate"]
    lines = {row["strategy"]: int(row["request_header_bytes"]) for row in issued}
    times = {row["strategy"]: float(row["cpu_us_per_op"]) for row in checked}
    return {one: (lines[one], times[one]) for one in strategies}


def table(found: dict[str, dict[int, list[tuple[int, float]]]]) -> str:
    """One row for each size; times as multiples of the first row too."""
    strategies = list(found)
    head = ["claims of your own, bytes"]
    for one in strategies:
        head += [f"`{one}`: header line, bytes", "CPU of a check, µs", "times the first"]
    rows = [head, ["---:"] * len(head)]
    for size in found[strategies[0]]:
        row = [str(size)]
        for one in strategies:
            first = statistics.median(time for _, time in found[one][SIZES[0]])
            time = statistics.median(time for _, time in found[one][size])
            row += [str(found[one][size][0][0]), f"{time:.2f}", f"{time / first:.2f}"]
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures what a check of a token costs as its claims grow.")
    parser.add_argument("program", help="the program, such as .build/release/authbench")
    parser.add_argument("--strategy", action="append", help=f"a token strategy (default: {', '.join(STRATEGIES)})")
    parser.add_argument("--rounds", type=int, default=7, help="how often each size is measured (default: 7)")
    parser.add_argument("--duration", type=float, default=0.5, help="seconds of each measurement (default: 0.5)")
    options = parser.parse_args()
    strategies = options.strategy or list(STRATEGIES)
    found = {one: {size: [] for size in SIZES} for one in strategies}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for size in SIZES:
                for one, result in measure(options.program, strategies, size, options.duration, Path(folder)).items():
                    found[one][size].append(result)
    print(table(found))


if __name__ == "__main__":
    main()
