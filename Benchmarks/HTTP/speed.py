"""Compares our HTTP client with wrk, and our server with a bare swift-nio one, in turns on one machine.

    python3 Benchmarks/HTTP/speed.py AUTHBENCH NIO_SERVER [--rounds 5] [--seconds 2]

Both clients ask the open and the protected route of one `authbench serve`, and wrk asks the other server, too. wrk has one token
for all requests, our client has those of all users and looks who was let in. Each figure is a ratio within one
round, ours against theirs; the median of the rounds is held against the limits, and the exit status is 1 beyond one.
Then our client has 1000 connections, and is counted: what it allocates for one request more is held against none.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

CONNECTIONS = (1, 8, 32)
# The least rate, and the most processor time: our client's of wrk's, our server's of swift-nio's.
LIMITS = {"client": (0.9, 1.3), "server": (0.9, 1.0)}


def started(command: list[str]) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    if not address:
        sys.exit(f"{command[0]} did not say where it listens")
    return process, address


def used_s(process: subprocess.Popen) -> float:
    """Processor time of a running process (proc(5), utime and stime)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def signed_in(url: str) -> str:
    """The line with a token, so that the requests of both clients have the same bytes."""
    request = urllib.request.Request(
        f"{url}/login", data=b'{"user": 1}', headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return f"Authorization: Bearer {json.load(answer)['access_token']}"


def wrk(
    server: tuple[subprocess.Popen, str], route: str, line: str, connections: int, seconds: float
) -> tuple[float, float, float]:
    """Requests per second, and microseconds of processor time for each: wrk's own, and the server's."""
    process, url = server
    served_s = used_s(process)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = subprocess.run(
        ["wrk", "-t", str(min(connections, 2)), "-c", str(connections), "-d", f"{seconds:g}s", "-H", line,
         "-H", "Accept: */*", "-H", "Accept-Encoding: identity", f"{url}{route}"],
        check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    requests = int(re.search(r"(\d+) requests in", output)[1])
    if re.search(r"Non-2xx|Socket errors", output):
        sys.exit(f"wrk had errors: {output}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    return rate, own_s * 1e6 / requests, (used_s(process) - served_s) * 1e6 / requests


def rows(program: str, url: str, connections: int, seconds: float, workload: Path, **environment: str) -> list[dict]:
    """Runs our client: a row for the open route, and one for the protected route."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [program, "run", str(workload), "--target", url, "--clients", str(connections), "--repeats", "1",
             "--population", str(max(1000, 16 * connections)), "--duration", f"{seconds:g}", "--warm-up", "0.2",
             "--out", folder, "-q"],
            capture_output=True, text=True, env=os.environ | environment)
        if run.returncode not in (0, 3):
            sys.exit(run.stderr)
        with open(Path(folder) / "latest" / "throughput.csv") as file:
            found = list(csv.DictReader(file))
    for row in found:
        if row["errors"] != "0" or row["false_accepts"] != "0" or row["false_rejects"] != "0":
            sys.exit(f"our client had errors: {row}")
    return found


def ours(program: str, url: str, connections: int, seconds: float, workload: Path) -> list[tuple[float, float]]:
    """Requests per second, and microseconds of processor time for each: of the open route, then of the protected one."""
    found = rows(program, url, connections, seconds, workload)
    found.sort(key=lambda row: row["strategy"] != "open-route")
    return [(int(row["operations"]) * 1e9 / int(row["wall_ns"]), float(row["cpu_us_per_op"])) for row in found]


def allocations(program: str, url: str, workload: Path, folder: Path) -> float:
    """What our client allocates for one request more, told from two runs of different length."""
    library, told = folder / "counting.so", folder / "allocations"
    here = Path(__file__).parent
    subprocess.run(
        ["cc", "-O2", "-w", "-shared", "-fPIC", "-I", here.parent / "CCounting" / "include", "-o", library,
         here.parent / "CCounting" / "counting.c", here / "counting_exit.c"], check=True)
    counted = []
    for seconds in (0.5, 2.5):
        found = rows(
            program, url, 1, seconds, workload, LD_PRELOAD=str(library), AUTHBENCH_ALLOCATIONS=str(told))
        counted.append((int(told.read_text()), sum(int(row["operations"]) for row in found)))
    (few, few_requests), (many, many_requests) = counted
    return (many - few) / (many_requests - few_requests)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("authbench")
    parser.add_argument("nio_server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    servers = [started([options.authbench, "serve", "hs256-jwt"]), started([options.nio_server])]
    own, nio = servers
    line = signed_in(own[1])
    ratios: dict[str, list[float]] = {}
    try:
        with tempfile.TemporaryDirectory() as folder:
            workload = Path(folder) / "authenticate.json"
            workload.write_text(json.dumps({
                "name": "authenticate", "summary": "Nothing but requests.", "mix": {"authenticate": 1}}))
            for number in range(options.rounds):
                for connections in CONNECTIONS:
                    turns = [
                        lambda: ours(options.authbench, own[1], connections, options.seconds, workload),
                        lambda: wrk(own, "/open", line, connections, options.seconds),
                        lambda: wrk(own, "/resource", line, connections, options.seconds),
                        lambda: wrk(nio, "/open", line, connections, options.seconds),
                    ]
                    order = [(number + offset) % len(turns) for offset in range(len(turns))]
                    client, opened, protected, other = (
                        figures for _, figures in sorted((index, turns[index]()) for index in order))
                    found = {f"server, {connections} connections": (opened[0] / other[0], opened[2] / other[2])}
                    for route, (rate, cpu), theirs in zip(("open", "protected"), client, (opened, protected)):
                        found[f"client, {route} route, {connections} connections"] = (
                            rate / theirs[0], cpu / theirs[1])
                    for name, pair in found.items():
                        ratios.setdefault(name, []).append(pair)
            crowd = rows(options.authbench, own[1], 1000, options.seconds, workload)
            allocated = allocations(options.authbench, own[1], workload, Path(folder))
    finally:
        for process, _ in servers:
            process.send_signal(signal.SIGTERM)
            process.wait()
    failed = False
    print(f"{'ours / theirs':42} {'requests per second':27} processor time per request")
    for name, pairs in ratios.items():
        line = ""
        for values, limit, is_rate in zip(zip(*pairs), LIMITS[name.split(",")[0]], (True, False)):
            median = statistics.median(values)
            beyond = median < limit if is_rate else median > limit
            failed |= beyond
            sign = ">=" if is_rate else "<="
            line += f" {median:5.2f} ({min(values):.2f} to {max(values):.2f}) {f'NOT {sign}' if beyond else sign} {limit:<4}"
        print(f"{name:41}{line}")
    requests = sum(int(row["operations"]) for row in crowd)
    print(f"1000 connections: {requests} requests, 0 errors")
    # The harness looks at the machine 50 times a second, whatever the requests are.
    beyond = round(allocated, 2) > 0
    print(f"allocations per request of our client: {allocated:.4f}{'  beyond' if beyond else ''}")
    return int(failed or beyond)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    sys.exit(main())
