"""The pipelines that users paste are what their servers read, and call the program as it is."""

import re
import subprocess
import sys

import pytest
import yaml
from program_calls import PROGRAM, ROOT, calls, is_called_right

GITHUB = ROOT / ".github/workflows/auth-performance.yml"
GITLAB = ROOT / ".gitlab/auth-performance.gitlab-ci.yml"
PIPELINES = {GITHUB: "vendor.github-workflows", GITLAB: "vendor.gitlab-ci"}


def scripts(path):
    """The shell texts of a pipeline."""
    pipeline = yaml.safe_load(path.read_text())
    if path == GITLAB:
        return pipeline["auth-performance"]["script"]
    return [step["run"] for step in pipeline["jobs"]["gate"]["steps"] if "run" in step]


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_the_server_can_read_it(path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", PIPELINES[path], path]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_bash_can_read_its_scripts(path):
    for script in scripts(path):
        run = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_it_calls_the_gate_as_the_gate_is(path, tmp_path):
    found = [arguments for script in scripts(path) for arguments in calls(script)]
    assert [arguments[0] for arguments in found] == ["gate"]
    assert is_called_right(found[0])
    # The programs do not exist: an error (2), not a wrong command line (64).
    run = subprocess.run([PROGRAM, *found[0]], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 2, run.stderr


def test_github_may_only_read():
    workflow = yaml.safe_load(GITHUB.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    # YAML 1.1 reads the key "on" as true.
    assert workflow[True] == "pull_request"
    for step in workflow["jobs"]["gate"]["steps"]:
        assert "uses" not in step or re.fullmatch(r"actions/[a-z/-]+@v\d+", step["uses"])
        # What a stranger may have written is never put into shell text.
        assert "${{" not in step.get("run", "")


def test_gitlab_takes_inconclusive_for_a_warning_and_shows_the_tests():
    job = yaml.safe_load(GITLAB.read_text())["auth-performance"]
    assert job["allow_failure"] == {"exit_codes": 3}
    assert job["artifacts"]["reports"] == {"junit": "gate-results/report.xml"}
