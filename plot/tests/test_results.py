"""Bad folders are told in one line; good ones open with the columns that the schema documents."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import results
from crafted import SCHEMA, columns, gate_folder
from results import BadFolder, open_results


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def drop_last_line(file: Path) -> None:
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))


BAD = {
    "no such folder": lambda run: run.rename(run.with_name("gone")),
    "is empty": lambda run: [file.unlink() for file in run.iterdir()],
    "run.json: missing": lambda run: (run / "run.json").unlink(),
    "run.json: Expecting": lambda run: (run / "run.json").write_text("{"),
    "run.json: no JSON object": lambda run: (run / "run.json").write_text("[]"),
    "run.json: schema version 3, and this report reads version 5 only; measure again, or make the report with the "
    "authbench that measured": lambda run: replace(run / "run.json", 'version": 5', 'version": 3'),
    "summary.csv: missing": lambda run: (run / "summary.csv").unlink(),
    "latency.csv: missing": lambda run: (run / "latency.csv").unlink(),
    "size.csv: no rows": lambda run: (run / "size.csv").write_text(",".join(columns("size.csv")) + "\n"),
    "latency.csv: schema version 5 and 9, and": lambda run: replace(run / "latency.csv", "\n5,r,hs256", "\n9,r,hs256"),
    "summary.csv: no column stale_accepts": lambda run: replace(run / "summary.csv", ",stale_accepts,", ",late,"),
    "throughput.csv: no column achieved_rate": lambda run: replace(run / "throughput.csv", "achieved_rate,", "rate,"),
    "throughput.csv: truncated at line": lambda run: (run / "throughput.csv").write_bytes(
        (run / "throughput.csv").read_bytes()[:-40]),
    "latency.csv: truncated at line 16": lambda run: (run / "latency.csv").write_text(
        (run / "latency.csv").read_text().rstrip("\n")),
    "latency.csv: truncated, it lacks repeats": lambda run: drop_last_line(run / "latency.csv"),
    "size.csv: truncated, no row of rs256-jwt": lambda run: [drop_last_line(run / "size.csv") for _ in range(2)],
    "mean_ns holds something else than numbers": lambda run: replace(run / "latency.csv", ",6000,", ",x,"),
    "valid holds something else than true and false": lambda run: replace(run / "throughput.csv", ",true,", ",maybe,"),
    "utf-8": lambda run: (run / "size.csv").write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("words", BAD)
def test_a_bad_folder_is_told_in_one_line(run, words):
    BAD[words](run)
    with pytest.raises(BadFolder, match=re.escape(words)) as told:
        open_results(run)
    assert "\n" not in str(told.value) and str(run) in str(told.value) and "; " in str(told.value)


def test_every_script_ends_with_status_2_and_no_traceback(run):
    (run / "summary.csv").write_text("schema_version,run_id\n5")
    for name in ("latency", "throughput", "cost", "size", "exposure", "load", "comparison"):
        script = Path(results.__file__).with_name(f"{name}.py")
        done = subprocess.run([sys.executable, script, run], capture_output=True, text=True)
        assert done.returncode == 2, name
        assert len(done.stderr.splitlines()) == 1 and done.stderr.startswith("plot: "), done.stderr
        assert done.stdout == ""


def test_an_interrupted_run_opens_with_what_it_has(run):
    record = json.loads((run / "run.json").read_text()) | {"status": "interrupted"}
    (run / "run.json").write_text(json.dumps(record))
    drop_last_line(run / "latency.csv")
    assert len(open_results(run).latency) == 14


def test_a_gate_folder_has_a_comparison_and_nothing_else(tmp_path):
    opened = open_results(gate_folder(tmp_path / "gate"))
    assert len(opened.comparison) == 4 and opened.latency is None and opened.record == {}


def test_the_columns_that_are_read_are_documented():
    assert f"schema version {results.SCHEMA_VERSION}." in SCHEMA
    for name in ("summary", "latency", "throughput", "size", "exposure"):
        assert set(getattr(results, name.upper())) <= set(columns(f"{name}.csv"))
