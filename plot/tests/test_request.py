"""What authentication adds to a request, from rows with known numbers."""

import pytest
import request
from crafted import OVER_HTTP, http_folder, run_folder
from results import open_results


@pytest.fixture
def folder(tmp_path):
    return http_folder(tmp_path / "run")


def test_what_is_added_is_the_difference_to_the_open_route_in_each_repeat(folder):
    (row,) = request.shares(open_results(folder)).to_dict("records")
    assert row["strategy"] == "hs256-jwt" and row["repeats"] == 3
    # 1000, 1100 and 900 ns are added, and as many are taken inside.
    assert row["added"] == pytest.approx(1000) and row["difference"] == pytest.approx(0)
    assert row["share"] == pytest.approx(1 / 31)
    # 4.303 x 100 / sqrt(3).
    assert row["added_low"] == pytest.approx(1000 - 248.4, abs=0.1)
    assert row["added_high"] == pytest.approx(1000 + 248.4, abs=0.1)
    assert row["cpu_added"] == pytest.approx(1)


def test_the_sentence_says_where_both_ways_do_not_agree(tmp_path, folder):
    assert "agrees with what it takes inside" in request.sentence(request.shares(open_results(folder)))
    slow = OVER_HTTP | {"redis-session": ("hs256-jwt@over=http", [36_000, 36_950, 35_050], [21, 21, 21])}
    rows = request.shares(open_results(http_folder(tmp_path / "slow", slow)))
    assert "hs256-jwt (+5.00 µs)" in request.sentence(rows)


def test_a_run_without_http_has_no_such_figure(tmp_path):
    skipped = request.figure(open_results(run_folder(tmp_path / "run")))
    assert "--over-http" in skipped.reason


def test_the_table_has_a_line_for_each_strategy(folder):
    table = request.markdown(request.shares(open_results(folder)))
    assert "| `hs256-jwt` | 1.00 µs (752 ns to 1.25 µs) | 1.00 µs (752 ns to 1.25 µs) | 3 % |" in table
