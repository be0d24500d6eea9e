#!/usr/bin/env python3
"""Measures sessions in a private Redis Cluster while one of its masters dies.

`failover.py --population 1000000 --duration 20` (a population must be named) starts `authbench run` with these options and lets it bring up a cluster of its
own. When its clients have begun to ask, the master with the most keys is killed. Prints what was loaded, and each repeat's row.
Environment: AUTHBENCH, the program.
"""

import csv
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = os.environ.get("AUTHBENCH", ".build/release/authbench")
# Requests read more than they run scripts, and loading does not: so often more says that requests have begun.
READS_PER_SCRIPT = 2
LOOK_S = 0.3
# How long requests go well before the master dies.
BEFORE_S = 5
COLUMNS = ["strategy", "operations", "wall_ns", "false_accepts", "false_rejects", "errors", "valid", "reason"]


class Node:
    """One server of the cluster, by the files of its folder."""

    def __init__(self, folder, process):
        self.process = process
        self.password = (folder / "redis.conf").read_text().split()[1]
        # A server calls itself `redis-server 127.0.0.1:21000 [cluster]`.
        title = re.search(r":(\d+)", Path(f"/proc/{process}/cmdline").read_text())
        self.port = title[1] if title else "0"

    def information(self, section):
        text = subprocess.run(
            ["redis-cli", "-p", self.port, "info", section], capture_output=True, text=True, check=False,
            env={**os.environ, "REDISCLI_AUTH": self.password}).stdout
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def number(self, section, name, field=None):
        value = self.information(section).get(name, "0")
        if field:
            value = dict(part.split("=") for part in value.split(",") if "=" in part).get(field, "0")
        return int(value)

    @property
    def is_master(self):
        return self.information("replication").get("role") == "master"

    @property
    def resident_kib(self):
        lines = Path(f"/proc/{self.process}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def nodes(temporary, program):
    """Those that have come up so far."""
    found = []
    for folder in sorted(Path(temporary).glob("*/node-*")):
        for process in Path(f"/proc/{program}/task/{program}/children").read_text().split():
            if os.path.realpath(f"/proc/{process}/cwd") == os.path.realpath(folder):
                found.append(Node(folder, int(process)))
    # One that has not named itself has not come up.
    return [node for node in found if node.port != "0"]


def keys(cluster):
    """Of all masters, sessions and lists of users together."""
    return sum(node.number("keyspace", "db0", "keys") for node in cluster if node.is_master)


def calls(cluster, command):
    """How often a command was carried out so far."""
    return sum(node.number("commandstats", f"cmdstat_{command}", "calls") for node in cluster)


def main():
    began = time.monotonic()
    population = int(sys.argv[sys.argv.index("--population") + 1])
    with tempfile.TemporaryDirectory() as temporary, tempfile.TemporaryDirectory() as out:
        program = subprocess.Popen(
            [PROGRAM, "run", "--strategy", "cluster-session", "--repeats", "1", "--warm-up", "0", "--out", out,
             *sys.argv[1:]], env={**os.environ, "TMPDIR": temporary})
        try:
            cluster, before = [], (0, 0)
            while program.poll() is None:
                time.sleep(LOOK_S)
                if len(cluster) < 6:
                    cluster = nodes(temporary, program.pid)
                    continue
                now = (calls(cluster, "get"), calls(cluster, "evalsha"))
                reads, scripts = (new - old for new, old in zip(now, before))
                if keys(cluster) >= population and reads > 1000 and reads > READS_PER_SCRIPT * scripts:
                    break
                before = now
            if program.poll() is not None:
                return program.returncode
            print(f"loaded, and the first requests sent, after {time.monotonic() - began:.1f} s")
            print(f"keys: {keys(cluster)},"
                  f" memory of all nodes: {sum(n.resident_kib for n in cluster) / 1024:.0f} MiB")
            time.sleep(BEFORE_S)
            dying = max((n for n in cluster if n.is_master), key=lambda n: n.number("keyspace", "db0", "keys"))
            os.kill(dying.process, signal.SIGKILL)
            died = time.monotonic()
            rest = [n for n in cluster if n is not dying]
            while sum(n.is_master for n in rest) < 3 and program.poll() is None:
                time.sleep(0.02)
            print(f"a replica was master {time.monotonic() - died:.2f} s after its master was killed")
            status = program.wait()
        finally:
            if program.poll() is None:
                program.terminate()
                program.wait()
        with open(Path(out) / "latest" / "throughput.csv", newline="") as file:
            for row in csv.DictReader(file):
                print(", ".join(f"{name} {row[name]}" for name in COLUMNS if name in row))
        print(f"status {status}, after {time.monotonic() - began:.1f} s")
        return status


if __name__ == "__main__":
    sys.exit(main())
