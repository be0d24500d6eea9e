"""The figure of a sweep, from folders with known numbers."""

import pytest
import sweep
from crafted import sweep_folder
from figure import Figure, Skipped, save
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
    assert "× is not valid" in drawn.note


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
