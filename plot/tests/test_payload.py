"""The table of what claims cost: exact sizes, real runs, and a fault of the program in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import payload
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = os.environ.get("AUTHBENCH_PROGRAM", str(ROOT / ".build/debug/authbench"))


@pytest.mark.parametrize("size", [*payload.SIZES[1:], 60, 61, 75, 76, 77])
def test_claims_have_exactly_the_size(size):
    text = json.dumps(payload.claims(size), separators=(",", ":"))
    # The braces are there in every token.
    assert len(text) - 2 == size


def test_a_table_comes_of_real_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(payload, "SIZES", (0, 300))
    results = {size: payload.measure(PROGRAM, ["hs256-jwt"], size, 0.02, tmp_path) for size in payload.SIZES}
    found = {"hs256-jwt": {size: [result["hs256-jwt"]] for size, result in results.items()}}
    (line, time), (longer, _) = (found["hs256-jwt"][size][0] for size in payload.SIZES)
    # A comma and 300 bytes, as base64url.
    assert (longer - line - 1) // 4 == 301 // 3 and time > 0
    rows = payload.table(found).split("\n")
    assert len(rows) == 4 and rows[2].startswith(f"| 0 | {line} | ") and rows[2].endswith("| 1.00 |")


def test_what_the_program_says_is_said():
    run = subprocess.run(
        [sys.executable, ROOT / "plot/payload.py", PROGRAM, "--strategy", "nosuch"], capture_output=True, text=True)
    assert run.returncode == 1 and run.stderr.startswith("authbench: ") and run.stderr.count("\n") == 1
