"""The comparison of servers that others wrote: its contracts, and one server measured from its start to its end."""

import csv
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = os.environ.get("AUTHBENCH_PROGRAM", ROOT / ".build/release/authbench")
COMPARE = ROOT / "Examples/frameworks/compare.py"
CONTRACTS = sorted((ROOT / "Examples/contracts").glob("*.json"))
# Flask stands for all: it needs the fewest packages.
SMALL = ["--only", "flask", "--clients", "2", "--population", "100", "--duration", "0.3", "--repeats", "2"]


def compared(*words, **environment):
    return subprocess.run([sys.executable, COMPARE, PROGRAM, *map(str, words)], capture_output=True, text=True,
                          env=os.environ | environment)


def rows(file):
    return list(csv.DictReader(file.open(newline="")))


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.stem)
def test_every_contract_is_sound(contract):
    checked = subprocess.run([PROGRAM, "contract", contract], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr


def test_the_contract_of_the_page_is_sound(tmp_path):
    (page,) = re.findall(r"^```json\n(.*?)^```", (ROOT / "docs/http.md").read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "contract.json"
    file.write_text(page)
    checked = subprocess.run([PROGRAM, "contract", file], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stderr


def test_every_contract_is_that_of_a_row_and_every_row_has_one():
    used = set(re.findall(r'Target\("[\w-]+", "([\w-]+)"', COMPARE.read_text()))
    assert used == {path.stem for path in CONTRACTS}


@pytest.fixture(scope="module")
def flask(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flask")
    (folder / "home").mkdir()
    return compared(*SMALL, "--out", folder / "run", "--keep", folder / "kept", HOME=str(folder / "home")), folder


def test_a_server_is_measured_and_its_decisions_are_judged_by_its_contract(flask):
    done, folder = flask
    # 3: another process took processor time, which the rows say.
    assert done.returncode in (0, 3), done.stderr
    decisions = {}
    for row in rows(folder / "run/latest/throughput.csv"):
        own = decisions.setdefault(row["strategy"], {"wrong": 0, "stale": 0, "errors": 0})
        own["wrong"] += int(row["false_accepts"]) + int(row["false_rejects"])
        own["stale"] += int(row["stale_accepts"])
        own["errors"] += int(row["errors"])
    assert set(decisions) == {"open-route", "flask", "flask-immediate"}
    assert all(own["errors"] == 0 for own in decisions.values())
    # The same cookie after its logout: stale by the promise that Flask gives, wrong by one that it does not.
    assert decisions["flask"]["wrong"] == 0 and decisions["flask"]["stale"] > 0
    assert decisions["flask-immediate"]["wrong"] > 0
    assert "flask-immediate: " in done.stderr and "held to a promise" in done.stderr


def test_what_is_kept_says_what_each_row_is(flask):
    _, folder = flask
    kept = rows(folder / "kept/servers.csv")
    assert [(row["strategy"], row["revocation"]) for row in kept] == [("flask", "at-expiry"), ("flask-immediate", "immediate")]
    assert all(re.fullmatch(r"Flask [\d.]+, itsdangerous [\d.]+, gunicorn [\d.]+", row["server"]) for row in kept)
    assert rows(folder / "kept/summary.csv") == rows(folder / "run/latest/summary.csv")


def test_nothing_is_left_at_home(flask):
    _, folder = flask
    assert not list((folder / "home").iterdir())


def test_nothing_listens_any_more(flask):
    _, folder = flask
    words = json.loads((folder / "run/latest/run.json").read_text())["command_line"]
    ports = {int(word.rpartition(":")[2]) for word in words if re.match(r"[\w-]+=http://", word)}
    assert len(ports) == 1
    for port in ports:
        with socket.socket() as asking:
            assert asking.connect_ex(("127.0.0.1", port)) != 0


def test_a_server_that_does_not_come_up_is_one_line_with_its_last_words(tmp_path):
    (tmp_path / "flask.py").write_text("raise RuntimeError('there is no Flask today')\n")
    done = compared(*SMALL, "--out", tmp_path / "run", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == "compare: flask did not come up: RuntimeError: there is no Flask today\n"


@pytest.mark.parametrize(("words", "part"), [
    (["--only", "rails"], "no such server; there are serve-hs256-jwt, "), (["--clients", "many"], "--clients")])
def test_a_wrong_command_line_is_one_line(words, part, tmp_path):
    done = compared("--out", tmp_path / "run", *words)
    assert done.returncode == 64 and part in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    done = compared(*SMALL, "--out", tmp_path)
    assert done.returncode == 64 and "exists: name a new folder" in done.stderr and not list(tmp_path.iterdir())
