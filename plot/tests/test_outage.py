"""The time line of an outage, from folders with known numbers."""

import outage
import pytest
from crafted import outage_folder, run_folder
from figure import Figure, Skipped
from results import open_results


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Figure:
    return outage.figure(open_results(outage_folder(tmp_path_factory.mktemp("outage") / "a")))


def test_each_part_of_each_slice_has_a_bar_of_its_share(tmp_path):
    results = open_results(outage_folder(tmp_path / "a"))
    bars = outage.points(results.outage_series, results.outage)
    # Alike neighbours are one bar: of the cut 1 + 2 + 1, of the lost 1 + 1 + 2, of the token 1.
    assert len(bars) == 9 and bars.due.sum() == 30 * 10 * 3 + 10 * 10 + 10 * 10
    heights = bars.assign(height=(bars.foot - bars["head"]) / outage.FILLED).groupby(["label", "begin"]).height.sum()
    assert heights.round(9).eq(1).all() and len(heights) == 3 + 3 + 1
    assert (bars.end - bars.begin).groupby(bars.label).max().round(6).to_dict() == {
        "hs256-jwt, no store": 3, "redis-session, cut": 1, "redis-session, kill": 1}
    away = bars[(bars.label == "redis-session, cut") & (bars.begin.between(0.95, 1.95))]
    assert dict(zip(away.fate, away.share)) == {"decided in time": "20%", "undecided": "80%"}
    lost = bars[(bars.label == "redis-session, kill") & (bars.begin > 1.95)]
    assert set(lost.fate) == {"decided in time", "good credential refused"}


def test_the_sentence_says_who_decides_least_what_is_lost_and_that_nothing_was_let_in(shown):
    assert shown.sentence == (
        "With kill, redis-session decides 0% of the requests in time while the store is away, the least of all. "
        "After kill, 80% of the sessions of redis-session are lost. After kill, 3 sign-outs of redis-session came back. "
        "Nothing was accepted wrongly.")


def test_the_sentence_names_wrong_accepts_and_what_is_not_valid(tmp_path):
    words = outage.figure(open_results(outage_folder(tmp_path / "a", wrong=2, valid=False))).sentence
    assert "Wrongly accepted: 6." in words and "Not valid: hs256-jwt, no store; redis-session, cut" in words


def test_the_picture_has_every_bar_every_name_and_the_edges_of_each_fault(shown, picture):
    svg = picture(shown)
    assert svg.count('aria-roledescription="rect mark"') == 9
    for name in ("redis-session, cut", "redis-session, kill", "hs256-jwt, no store"):
        assert name in svg
    assert svg.count('aria-roledescription="rule mark"') == 4
    assert "NaN" not in svg and "undefined" not in svg


def test_a_folder_without_an_outage_is_skipped(tmp_path):
    assert isinstance(outage.figure(open_results(run_folder(tmp_path / "run"))), Skipped)
