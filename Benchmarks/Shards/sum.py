"""Compares what two shards reach together with the sum of what each reaches alone, and with what `authbench plan` says of them.

    python3 Benchmarks/Shards/sum.py AUTHBENCH [--rounds 5] [--seconds 3]

Each shard is in a network namespace of its own, and Redis in a third. A round trip is 5 ms long, so that neither the store nor a
processor is the limit: the clients are, each of which waits for its answer. In each round both shards run alone and together, in
turns. The exit status is 1 where the median of the rounds is more than 5 % from the sum, or more than 10 % from the rate that the
plan predicts from one machine with 6 clients.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib.util
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CLIENTS = 4
# A plan was validated up to 1.5 times the rate that was measured.
FOR_PLAN = 6
FAR = 0.05
FAR_FROM_PLAN = 0.1


def private_machines():
    path = Path(__file__).parents[2] / "Examples/cluster/private_slurm.py"
    specification = importlib.util.spec_from_file_location("private_slurm", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("authbench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    private = private_machines()
    with contextlib.ExitStack() as ended:
        folder = Path(ended.enter_context(tempfile.TemporaryDirectory(prefix="authbench-shards-")))
        store, *loaders = private.machines(ended)
        (port,) = private.free_ports(1)
        private.start(ended, folder / "redis.log", store.command(
            "redis-server", "--port", str(port), "--bind", store.address, "--protected-mode", "no", "--save", ""))
        url = f"redis://{store.address}:{port}"
        private.until(lambda: subprocess.run(
            loaders[0].command("redis-cli", "-u", url, "PING"), capture_output=True, text=True).stdout == "PONG\n", "Redis")

        def begun(machine, out: Path, clients: int, *more: str) -> subprocess.Popen:
            return subprocess.Popen(machine.command(
                options.authbench, "run", "browse", "--strategy", "redis-session", "--redis", url, "--store-rtt", "5ms",
                "--clients", str(clients), "--population", "400", "--repeats", "1", "--warm-up", "0.2",
                "--duration", f"{options.seconds:g}", "--out", str(out), "--quiet", *more),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

        def finished(process: subprocess.Popen) -> None:
            errors = process.communicate()[1]
            if process.returncode not in (0, 3):
                sys.exit(errors)

        def rate(out: Path) -> float:
            with open(out / "throughput.csv", newline="") as file:
                (row,) = csv.DictReader(file)
            if any(row[name] != "0" for name in ("errors", "false_accepts", "false_rejects")):
                sys.exit(f"{out}: {row}")
            return float(row["achieved_rate"])

        def alone(number: int, out: Path, clients: int = CLIENTS) -> float:
            finished(begun(loaders[number], out, clients))
            return rate(out / "latest")

        def predicted(one: Path, both: Path) -> list[float]:
            """The error of the rate of both shards, as the plan sees it; none where the one was so slow that both are beyond its reach."""
            plan = subprocess.run(
                [options.authbench, "plan", one, both, "--requests-per-second", "1000", "--format", "csv"],
                capture_output=True, text=True)
            if plan.returncode not in (0, 3):
                sys.exit(plan.stderr)
            (row,) = csv.DictReader(plan.stdout.splitlines())
            return [float(row["seen_rate_error"])] if row["seen_rate_error"] else []

        def together(out: Path) -> float:
            shards = [out / "shard-1", out / "shard-2"]
            processes = [
                begun(machine, shard, 2 * CLIENTS, "--shard", f"{index}/2", "--rendezvous", url)
                for index, (machine, shard) in enumerate(zip(loaders, shards), 1)]
            for process in processes:
                finished(process)
            subprocess.run(
                [options.authbench, "merge", "--shards", *(shard / "latest" for shard in shards), "--out", out / "merged"],
                check=True, capture_output=True)
            return rate(merged(out))

        def merged(out: Path) -> Path:
            (found,) = [path for path in (out / "merged").iterdir() if not path.is_symlink()]
            return found

        ratios, errors = [], []
        for number in range(options.rounds):
            turns = [
                lambda out: alone(0, out), lambda out: alone(1, out), together, lambda out: alone(0, out, FOR_PLAN)]
            order = [(number + offset) % len(turns) for offset in range(len(turns))]
            first, second, both, _ = (
                figure for _, figure in sorted((index, turns[index](folder / f"{number}-{index}")) for index in order))
            ratios.append(both / (first + second))
            errors.extend(predicted(folder / f"{number}-3" / "latest", merged(folder / f"{number}-2")))
            print(f"alone {first:.1f} and {second:.1f} requests/s, together {both:.1f}: {ratios[-1]:.3f} of the sum")
    if not errors:
        sys.exit("one machine was too slow in all rounds for a plan: measure when it is quiet")
    median, error = statistics.median(ratios), statistics.median(errors)
    print(f"together / sum of each alone: {median:.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    print(f"predicted from one machine with 6 clients: {error:.1%} off ({min(errors):.1%} to {max(errors):.1%})")
    return int(abs(median - 1) > FAR or error > FAR_FROM_PLAN)


if __name__ == "__main__":
    sys.exit(main())
