"""Ends authbench by signals at random and aimed moments, and looks at what is left.

For each trial: the documented status, within a second (two on a busy machine); no process, folder or socket left; and
results whose finished rows can be used. `make soak` does 500, the tests a few: python Tests/Soak/soak.py PROGRAM
--trials 500 --seed 1. A failed trial prints one line; the status is 1 if there was any.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

MARK = "AUTHBENCH_SOAK"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL]
SMALL = ["--population", "320", "--clients", "4", "--quiet"]
STORES = ["--strategy", "redis", "--strategy", "sqlite", "--strategy", "hs256"]

# How long each goes on if nobody ends it is enough for the latest moment.
COMMANDS = {
    "run": ["run", *SMALL, *STORES, "--duration", "0.1", "--warm-up", "0", "--repeats", "100"],
    "distance": ["run", *SMALL, *STORES, "--duration", "0.1", "--warm-up", "0", "--repeats", "100", "--store-rtt", "1ms"],
    "exposure": ["exposure", "--clients", "3", "--seconds", "2", "--credentials", "20", "--quiet", *STORES],
    # A server that dies, one that stands still, and one that is started again: nobody may be left of any.
    "outage": ["outage", *SMALL, *STORES, "--rate", "200", "--after", "0.5", "--for", "0.3", "--recovery", "1"],
    # Programs of its own that have programs of their own.
    "sweep": ["sweep", *SMALL, *STORES, "--over", "rate", "200..20000", "+200", "--duration", "0.1", "--warm-up", "0"],
    "gate": ["gate", "--base", "{program}", "--head", "{program}", "--strategy", "redis", "--operation", "authenticate",
             "--quiet", "--out", "gate"],
    "conform": ["conform", *STORES, "--quiet"],
    "merge": ["merge", "{runs}/a", "{runs}/b", "--out", "merged"],
    "compare": ["compare", "{runs}/a", "{runs}/b", "--out", "comparison.txt"],
}
# In which the system loads the program, on a busy machine.
LOADING_S = 0.5
# Of commands that end before the signal comes: nothing proved, and what busy machines make of rows.
ENDED_BEFORE = {0, 2, 3, 4, 5}


@dataclass
class Trial:
    """One command, one signal, one moment."""

    command: str
    number: signal.Signals
    moment: str
    delay_s: float
    is_loading: bool = False
    faults: list = field(default_factory=list)

    def __str__(self):
        return f"{self.command} {self.number.name} {self.moment} + {self.delay_s * 1000:.1f} ms"


def draw(chance, commands):
    """A trial: at any moment, in the first milliseconds, or just after something has come into being."""
    command = chance.choice(commands)
    moment = chance.choice(["start", "any", "child", "file"])
    longest_s = {"start": 0.02, "any": 0.2 if command in ("merge", "compare") else 3, "child": 0.003, "file": 0.02}[moment]
    return Trial(command, chance.choice(SIGNALS), moment, chance.uniform(0, longest_s))


def processes(mark):
    """Living processes that were started in a trial, by the environment that they inherit."""
    found = []
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                if (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().split(b"\0")[0].decode()))
        except OSError:
            pass
    return found


def await_moment(trial, process, mark, folder):
    """Waits for what the trial is aimed at, for at most 5 s."""
    end = time.monotonic() + 5
    while process.poll() is None and time.monotonic() < end:
        if trial.moment == "child":
            if len(processes(mark)) > 1:
                break
        elif trial.moment == "file":
            if any(path.is_file() for path in folder.rglob("*")):
                break
        else:
            break
        time.sleep(0.0005)
    time.sleep(trial.delay_s)


def heed_signals():
    """Undoes what nohup(1) and shells do for what they start in the background, which would be inherited."""
    for number in SIGNALS:
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)


def carry_out(trial, program, runs, root, mark, patience_s):
    """Starts the command, ends it and notes what is not as it should be."""
    folder, temporary = root / "work", root / "tmp"
    for one in (folder, temporary):
        one.mkdir()
    arguments = [part.format(program=program, runs=runs) for part in COMMANDS[trial.command]]
    environment = os.environ | {MARK: mark, "TMPDIR": str(temporary)}
    with (root / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [program, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=errors, preexec_fn=heed_signals)
        started = time.monotonic()
        await_moment(trial, process, mark, folder)
        was_alive = process.poll() is None
        sent = time.monotonic()
        trial.is_loading = sent - started < LOADING_S
        if was_alive:
            process.send_signal(trial.number)
        try:
            status = process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            trial.faults.append("did not end within 15 s")
            return
        took_s = time.monotonic() - sent
    check_end(trial, status, was_alive, took_s, patience_s, (root / "stderr").read_text(errors="replace"))
    check_rest(trial, mark, temporary)
    check_results(trial, program, folder)


def check_end(trial, status, was_alive, took_s, patience_s, errors):
    """The status and the time."""
    if not was_alive:
        allowed = ENDED_BEFORE
    elif trial.number == signal.SIGKILL:
        allowed = {-signal.SIGKILL}
    else:
        # Before the program's own first line the system ends it, which a shell reports as the same status.
        allowed = {128 + trial.number} | ({-trial.number} if trial.is_loading else set())
    # The signal may come when all is done but the end of the process.
    if status not in allowed and not (status in ENDED_BEFORE and took_s < 0.02):
        trial.faults.append(f"status {status}: {errors.strip().splitlines()[-1:]}")
    if was_alive and took_s > patience_s:
        trial.faults.append(f"ended after {took_s:.2f} s")


def check_rest(trial, mark, temporary):
    """Processes go at once, a killed run's folder with the next run."""
    for _ in range(100):
        left = processes(mark)
        if not left:
            break
        time.sleep(0.01)
    else:
        trial.faults.append(f"left processes {left}")
        for process, _ in left:
            os.kill(process, signal.SIGKILL)
    if trial.number != signal.SIGKILL and any(temporary.iterdir()):
        trial.faults.append(f"left {[str(path.relative_to(temporary)) for path in temporary.rglob('*')]}")


def check_results(trial, program, folder):
    """What was finished can be used: a result folder is sound, or there is none."""
    for record in folder.rglob("run.json"):
        if trial.number == signal.SIGKILL:
            continue
        result = subprocess.run([program, "validate", record.parent], capture_output=True, text=True)
        if result.returncode:
            trial.faults.append(f"validate {result.returncode}: {result.stdout.strip()[:200]} {result.stderr.strip()[:200]}")
    hidden = [str(path.relative_to(folder)) for path in folder.rglob(".*")]
    if hidden and trial.number != signal.SIGKILL:
        trial.faults.append(f"left {hidden}")


def soak(program, trials, seed, commands, patience_s):
    """Carries trials out and returns those that failed."""
    program = str(Path(program).resolve())
    chance = random.Random(seed)
    failed = []
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        root = Path(name)
        runs = root / "runs"
        runs.mkdir()
        for run in "ab":
            subprocess.run(
                [program, "run", *SMALL, "--strategy", "hs256", "--duration", "0.1", "--repeats", "2", "--out",
                 runs / f"of-{run}"], cwd=root, stdout=subprocess.DEVNULL, check=False)
            (runs / run).symlink_to(next(path for path in (runs / f"of-{run}").iterdir() if path.name != "latest"))
        for index in range(trials):
            trial = draw(chance, commands)
            own = root / f"t{index}"
            own.mkdir()
            carry_out(trial, program, runs, own, f"{os.getpid()}-{index}", patience_s)
            if trial.faults:
                failed.append(trial)
                print(f"trial {index}: {trial}: {'; '.join(trial.faults)}", flush=True)
            shutil.rmtree(own)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", help="the built authbench")
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--command", action="append", choices=list(COMMANDS), help="only these (default: all)")
    parser.add_argument("--patience", type=float, default=2, help="seconds in which a command must have ended")
    arguments = parser.parse_args()
    failed = soak(
        arguments.program, arguments.trials, arguments.seed, arguments.command or list(COMMANDS), arguments.patience)
    print(f"{arguments.trials} signals, seed {arguments.seed}: {len(failed)} trials failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
