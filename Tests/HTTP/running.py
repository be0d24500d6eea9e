"""`authbench run --target` and `authbench serve`, as a user starts them."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

PROGRAM = Path(os.environ.get("AUTHBENCH_PROGRAM", Path(__file__).parents[2] / ".build/debug/authbench"))
# Far beyond the 2 s that the client waits for an answer, and still no hang.
PATIENCE_S = 60
QUICK = {"--population": "50", "--clients": "2", "--duration": "0.3", "--warm-up": "0", "--repeats": "1"}

BEARER = {
    "login": {"path": "/login", "body": '{"user": {{user}}}'},
    "credential": {"json": "/access_token"},
    "present": "bearer",
    "protected": {"path": "/resource"},
    "open": {"path": "/open"},
    "user": {"json": "/user"},
    "logout": {"method": "POST", "path": "/logout"},
    "revocation": "immediate",
}
COOKIE = BEARER | {"credential": {"cookie": "sid"}, "present": {"cookie": "sid"}}


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    status: int
    lines: list
    rows: list
    seconds: float

    def __post_init__(self):
        """What holds for every run, whatever the server does."""
        assert self.status in (0, 1, 2, 3, 5, 64, 65), self
        assert len(self.lines) == (0 if self.status == 0 else 1), self
        for row in self.rows:
            if row["valid"] == "true":
                faults = [int(row[name] or 0) for name in ("false_accepts", "false_rejects", "errors")]
                assert int(row["operations"]) > 0 and not any(faults), self
        # A wrong decision is reported where one was counted, or where one was met before anything was measured.
        assert (self.status == 1) == (self.wrong > 0 or "nothing was measured" in "".join(self.lines)), self

    def sum(self, *columns):
        return sum(int(row[column] or 0) for row in self.rows for column in columns)

    @property
    def wrong(self):
        return self.sum("false_accepts", "false_rejects")

    @property
    def errors(self):
        return self.sum("errors")

    @property
    def line(self):
        return self.lines[0]


def command(port, *options, workload="mixed", scheme="http", flags=()):
    # The program takes a count of operations or a time.
    quick = QUICK | dict(zip(options[::2], options[1::2], strict=True))
    if "--operations" in quick:
        del quick["--duration"]
    target = ["--target", f"{scheme}://127.0.0.1:{port}", "--contract", "contract.json"]
    return [PROGRAM, "run", workload, "--quiet", *chain.from_iterable(quick.items()), "--out", "out", *target, *flags]


def replay(folder, port, contract=BEARER, *options, **more):
    """Replays a trace on the server at a port."""
    (folder / "contract.json").write_text(json.dumps(contract))
    began_s = time.monotonic()
    run = subprocess.run(
        command(port, *options, **more), cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    table = folder / "out/latest/throughput.csv"
    rows = list(csv.DictReader(table.open(newline=""))) if table.exists() else []
    return Outcome(run.returncode, run.stderr.splitlines(), rows, time.monotonic() - began_s)


def is_sound(outcome):
    """Nothing is held against the server; a busy machine may have disturbed the row."""
    assert outcome.status in (0, 3), outcome
    assert outcome.rows and outcome.wrong == outcome.errors == 0, outcome


def has_failed(outcome, *parts):
    """The server is at fault or away, which one line says; what was measured until then counts its errors."""
    assert outcome.status == 2, outcome
    for part in parts:
        assert part in outcome.line, outcome
    # The open route of the same server may be sound.
    assert all(row["valid"] == "false" for row in outcome.rows if int(row["errors"]) > 0), outcome
    assert outcome.errors > 0 or not outcome.rows, outcome
    assert outcome.seconds < 30, outcome


class Served:
    """A strategy behind HTTP."""

    def __init__(self, process, address, contract):
        self.process, self.address, self.contract = process, address, contract
        self.port = int(address.rsplit(":", 1)[1])

    def end(self):
        """Ends it as an operator does; returns its status and what it said."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


@contextlib.contextmanager
def served(folder, strategy, *options):
    file = folder / "contract.json"
    process = subprocess.Popen(
        [PROGRAM, "serve", strategy, "--contract", file, *options], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield Served(process, address, json.loads(file.read_text()))
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
