"""The figure of a sweep, from folders with known numbers."""

import pytest
import sweep
from crafted import capacity_folder, run_folder, sweep_folder
from figure import Figure, Skipped, save
from opening import make_report
from results import BadFolder, open_results


def test_each_strategy_is_a_line_from_its_first_value_to_its_last(tmp_path):
    drawn = sweep.figure(open_results(sweep_folder(tmp_path / "a")))
    assert isinstance(drawn, Figure)
    assert drawn.sentence == (
        "From clients 1 to 4, the p99 of hs256-jwt goes from 10.0 µs to 40.0 µs. "
        "From clients 1 to 4, the p99 of redis-session goes from 20.0 µs to 80.0 µs.")
    assert "redis-session 1: 20.0 µs, 2: 40.0 µs, 4: 80.0 µs" in drawn.alt_text
    picture = save(drawn, tmp_path).read_text()
    assert "clients (log scale)" in picture and "p99 of the service time" in picture and ">redis-session<" in picture


@pytest.mark.parametrize("over, line", [("cache", "redis-session"), ("access-lifetime", "hybrid@alg=es256")])
def test_strategies_that_differ_in_the_swept_parameter_alone_are_one_line(tmp_path, over, line):
    table = sweep.points(open_results(sweep_folder(tmp_path / "a", over, "ms", (1000, 5000))).sweep, "service_p99")
    assert list(table[table.strategy == line].value) == [1000, 5000]


def test_a_value_that_is_not_valid_is_told(tmp_path):
    drawn = sweep.figure(open_results(sweep_folder(tmp_path / "a", invalid=2)))
    assert "× is not valid" in drawn.note and "2: 40.0 µs (not valid)" in drawn.alt_text


def test_no_sentence_speaks_of_a_value_that_is_not_valid(tmp_path):
    drawn = sweep.figure(open_results(sweep_folder(tmp_path / "a", invalid=4)))
    assert drawn.sentence.startswith("From clients 1 to 2, the p99 of hs256-jwt goes from 10.0 µs to 20.0 µs. ")
    none = sweep.figure(open_results(sweep_folder(tmp_path / "b", values=(1, 2), invalid=2)))
    assert none.sentence == "Fewer than two values are valid of redis-session and hs256-jwt."


def test_a_value_of_nothing_has_a_place(tmp_path):
    drawn = sweep.figure(open_results(sweep_folder(tmp_path / "a", "payload", "bytes", (0, 512, 4096))))
    assert "payload in bytes" in save(drawn, tmp_path).read_text()


def test_one_value_is_no_line_and_a_run_is_no_sweep(tmp_path, known):
    one = sweep.figure(open_results(sweep_folder(tmp_path / "a", values=(4,))))
    assert isinstance(one, Skipped) and "fewer than two values" in one.reason
    assert isinstance(sweep.figure(known), Skipped)


def test_a_sweep_without_its_table_is_refused(tmp_path):
    folder = sweep_folder(tmp_path / "a")
    (folder / "sweep.csv").unlink()
    with pytest.raises(BadFolder, match="sweep.csv: missing"):
        open_results(folder)


# Capacities.


def test_a_search_for_capacities_is_drawn_from_what_held_to_what_broke(tmp_path):
    drawn = sweep.figure(open_results(capacity_folder(tmp_path / "a")))
    assert isinstance(drawn, Figure) and drawn.name == "capacity"
    assert drawn.sentence.startswith("hs256-jwt carries 40\u202f000 requests per second, and breaks an objective at 42\u202f000. ")
    assert "Objectives: response p99 <= 5ms; errors <= 0; 8 clients." in drawn.note
    picture = save(drawn, tmp_path).read_text()
    assert "sqlite-session: 8\u202f000 to 8\u202f400<" in picture and "requests per second" in picture


@pytest.mark.parametrize("limit, words", [
    ({"limit": "generator", "broken_per_second": ""},
     "those who send the requests were the limit. Known is: at least 8\u202f000 per second."),
    ({"limit": "objective", "held_per_second": ""}, "none of the rates held. Known is: below 8\u202f400 per second."),
    ({"limit": "machine", "held_per_second": "", "broken_per_second": ""}, "the machine was busy with something else.")])
def test_a_capacity_that_is_not_found_says_why_and_what_is_known(tmp_path, limit, words):
    folder = capacity_folder(tmp_path / "a", sqlite_session=limit | {"found": "false"})
    drawn = sweep.figure(open_results(folder))
    assert drawn.sentence.endswith(f"The capacity of sqlite-session is not found: {words}")
    save(drawn, tmp_path)


def test_without_any_rate_nothing_is_drawn(tmp_path):
    nothing = {"found": "false", "held_per_second": "", "broken_per_second": "", "limit": "machine"}
    skipped = sweep.figure(open_results(capacity_folder(tmp_path / "a", sqlite_session=nothing, hs256_jwt=nothing)))
    assert isinstance(skipped, Skipped) and "no rate is known of any strategy in a: p99 is 6 ms" in skipped.reason


# On the page.


@pytest.mark.parametrize("folder, name", [(sweep_folder, "sweep"), (capacity_folder, "capacity")])
def test_the_page_has_the_sweep_as_a_figure(run, tmp_path, folder, name):
    made = make_report(run, sweep=folder(tmp_path / "a"))
    assert (made.returncode, made.stderr) == (0, "")
    section = (run / "report.html").read_text().split(f'<section id="{name}"')[1].split("</section>")[0]
    assert f'href="../a/{name}.csv"' in section


def test_a_sweep_of_one_value_is_told_on_the_terminal(run, tmp_path):
    made = make_report(run, sweep=sweep_folder(tmp_path / "a", values=(4,)))
    assert made.returncode == 0 and made.stderr == "report: sweep is not shown: a has fewer than two values of one thing\n"


def test_a_folder_that_is_no_sweep_is_refused_and_the_page_stays(run, tmp_path):
    (run / "report.html").write_text("old")
    made = make_report(run, sweep=run_folder(tmp_path / "other"))
    assert (made.returncode, made.stdout) == (65, "")
    assert made.stderr == (f"report: {tmp_path / 'other'}: has no sweep.csv; give a folder of authbench sweep, as results/latest-sweep\n")
    cut = sweep_folder(tmp_path / "cut")
    (cut / "sweep.csv").write_text((cut / "sweep.csv").read_text()[:-9])
    made = make_report(run, sweep=cut)
    assert made.returncode == 65 and "sweep.csv: truncated" in made.stderr and len(made.stderr.splitlines()) == 1
    assert (run / "report.html").read_text() == "old"


def test_a_sweep_of_another_machine_is_refused(run, tmp_path):
    folder = sweep_folder(tmp_path / "a")
    record = folder / "series.json"
    record.write_text(record.read_text().replace("Test CPU", "Another CPU"))
    made = make_report(run, sweep=folder)
    assert made.returncode == 4 and "SWEEP a cannot stand beside run: the machines differ (Test CPU, Another CPU)" in made.stderr
