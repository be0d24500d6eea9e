"""The commands as a user types them: what they end with, and the one line they write when they cannot."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from crafted import exposure_folder, run_folder
from opening import ROOT, make_report

PLOT = ROOT / "plot"
SCRIPTS = ["report", "latency", "throughput", "cost", "size", "exposure", "load", "comparison", "distance", "front", "sweep"]


def ran(*words):
    return subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_outside_of_the_environment_one_line_says_what_is_missing(name):
    # -S: no packages but Python's own.
    done = ran("-S", PLOT / f"{name}.py", "results/latest")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1 and "altair" in done.stderr and "`make report` installs it" in done.stderr


def test_every_file_that_needs_a_library_takes_it_from_the_one_that_explains():
    for file in PLOT.glob("*.py"):
        lines = file.read_text().splitlines()
        direct = [line for line in lines if line.startswith(("import ", "from ")) and line.split()[1].split(".")[0] in {
            "altair", "pandas", "numpy", "vl_convert", "jinja2", "markupsafe"}]
        assert direct == [], file.name


def test_a_figure_is_written_or_one_line_says_why_not(run):
    good = ran(PLOT / "latency.py", run)
    assert (good.returncode, good.stderr) == (0, "")
    assert (run / "latency.svg").read_text().startswith("<svg")
    skip = ran(PLOT / "exposure.py", run)
    assert (skip.returncode, skip.stdout) == (0, "") and len(skip.stderr.splitlines()) == 1
    assert skip.stderr.startswith("exposure: not drawn: ")


def test_distance_takes_all_folders_and_writes_beside_the_first_or_where_it_is_told(run, tmp_path):
    far = [run_folder(tmp_path / str(ns), away_ns=ns) for ns in (200_000, 1_000_000)]
    good = ran(PLOT / "distance.py", run, *far)
    assert (good.returncode, good.stderr, good.stdout.strip()) == (0, "", str(run / "distance.svg"))
    alone = ran(PLOT / "distance.py", run)
    assert (alone.returncode, alone.stdout) == (0, "") and alone.stderr.startswith("distance: not drawn: it needs runs at two")
    lost = ran(PLOT / "distance.py", run, tmp_path / "none")
    assert lost.returncode == 2 and len(lost.stderr.splitlines()) == 1


def test_a_run_at_another_distance_is_a_row_and_a_figure_of_the_report(run, tmp_path):
    made = make_report(run, also=[run_folder(tmp_path / "far", away_ns=1_000_000)])
    assert (made.returncode, made.stderr) == (0, "")
    page = (run / "report.html").read_text()
    assert "store 1 ms away" in page and '<section id="distance"' in page


def test_make_report_makes_the_page_of_a_run_of_today(tmp_path):
    """The one real run: what the program writes today, the page can read."""
    short = ["--population", "1000", "--operations", "5000", "--repeats", "2"]
    done = subprocess.run([os.environ.get("AUTHBENCH_PROGRAM", ROOT / ".build/debug/authbench"), "run", "--quiet", *short], cwd=tmp_path, stdout=subprocess.DEVNULL)
    # 3: numbers that a neighbour disturbed, which the rows say.
    assert done.returncode in (0, 3)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    made = subprocess.run(["make", "--silent", "report", f"RESULTS={tmp_path / 'results/latest'}"], cwd=ROOT,
                          env=environment, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    page = Path(made.stdout.strip()).read_text()
    assert all(f'<section id="{name}"' in page for name in ("strategies", "latency", "throughput", "cost", "size"))


def test_a_sweep_of_today_can_be_drawn(tmp_path):
    words = ["--over", "clients", "1,2", "--strategy", "hs256-jwt", "--population", "1000", "--operations", "2000", "--repeats", "2"]
    done = subprocess.run([os.environ.get("AUTHBENCH_PROGRAM", ROOT / ".build/debug/authbench"), "sweep", "--quiet", *words],
                          cwd=tmp_path, stdout=subprocess.DEVNULL)
    assert done.returncode in (0, 3)
    drawn = ran(PLOT / "sweep.py", tmp_path / "results/latest-sweep", "--out", tmp_path)
    assert (drawn.returncode, drawn.stderr) == (0, "") and "clients (log scale)" in (tmp_path / "sweep.svg").read_text()


@pytest.mark.parametrize("words, options", [
    ([], "browse --over clients 1..32 x2 "), (["ARGS=--over rate 100..400 x2"], "--over rate 100..400 x2 ")])
def test_make_sweep_measures_and_draws(words, options):
    told = subprocess.run(["make", "--dry-run", "sweep", *words], cwd=ROOT, capture_output=True, text=True).stdout
    assert f"authbench sweep {options}" in told and "plot/sweep.py $folder/latest-sweep --out $folder" in told


def test_make_report_names_each_folder_that_it_is_given(tmp_path):
    (tmp_path / "run/latest").mkdir(parents=True)
    words = [f"ADVICE={tmp_path}", "EXPOSURE=e", "SWEEP=s", "CLAIMS=c", "ALSO=a b"]
    told = subprocess.run(["make", "--dry-run", "report", *words], cwd=ROOT, capture_output=True, text=True).stdout
    # The page of the run that the verdicts are made of.
    assert f'plot/report.py "{tmp_path}/run/latest" --advice "{tmp_path}" --exposure "e"' in told
    assert all(part in told for part in ('--also a', '--also b', '--sweep "s"', '--claims "c"'))


OTHERS = {
    "the machines differ (Test CPU, Another CPU)": {"machine": "Another CPU"},
    "the workloads differ (mixed, browse)": {"workload": "browse"},
}


@pytest.mark.parametrize("words", OTHERS)
def test_exposures_that_cannot_stand_beside_the_run_are_refused_on_the_terminal(run, tmp_path, words):
    made = make_report(run, exposure=exposure_folder(tmp_path / "exposure", **OTHERS[words]))
    assert (made.returncode, made.stdout) == (4, "") and not (run / "report.html").exists()
    assert made.stderr == (f"report: EXPOSURE exposure cannot stand beside run: {words}; leave it out, "
                           "or measure both alike on one machine\n")


@pytest.mark.parametrize("old, new, words", [
    ('"cores": 4', '"cores": 8', "report: ALSO other cannot stand beside run: the machines differ (4, 8)"),
    ('{"name": "mixed"}', '{"name": "mixed", "session_bytes": 300}', "two workloads of one name differ in session_bytes"),
])
def test_a_run_that_cannot_stand_beside_is_refused_by_its_name(tmp_path, old, new, words):
    folder, other = (run_folder(tmp_path / name, rate=rate) for name, rate in (("run", 1000), ("other", 2000)))
    record = other / "run.json"
    assert old in record.read_text()
    record.write_text(record.read_text().replace(old, new))
    made = make_report(folder, also=[other])
    assert made.returncode == 4 and words in made.stderr


def test_what_was_asked_for_and_cannot_be_shown_is_told_on_the_terminal(run, tmp_path):
    made = make_report(run, exposure=run_folder(tmp_path / "other"), also=[run_folder(tmp_path / "closed")])
    assert made.returncode == 0
    assert made.stderr.splitlines() == [
        "report: exposure is not shown: no exposure.csv in other; `authbench exposure` writes one",
        "report: load is not shown: it needs open-loop runs at two rates or more; `make report ALSO=` names further ones"]
