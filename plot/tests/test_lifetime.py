"""The cost of a short access token, from folders with known numbers."""

import lifetime
import pytest
from crafted import lifetime_folder
from figure import Figure, Skipped
from results import open_results

@pytest.fixture()
def folder(tmp_path):
    return lifetime_folder(tmp_path / "run")


def test_strategies_that_differ_in_their_lifetime_alone_are_one_line(folder):
    table = lifetime.lifetimes(open_results(folder))
    assert [(row.family, row.seconds, row.cpu) for row in table.itertuples()] == [
        ("hybrid", 60, 40), ("hybrid", 900, 10), ("hybrid@alg=es256", 90, 70), ("hybrid@alg=es256", 3600, 7)]
    figure = lifetime.figure(open_results(folder))
    assert isinstance(figure, Figure)
    assert "With hybrid, a request costs 40.0 µs" in figure.sentence and "(160 renewals per 1000 requests)" in figure.sentence
    assert "With hybrid@alg=es256, a request costs 70.0 µs" in figure.sentence


def test_one_lifetime_is_no_line(known):
    figure = lifetime.figure(known)
    assert isinstance(figure, Skipped) and "two access lifetimes" in figure.reason


@pytest.mark.parametrize("text, seconds", [("500ms", 0.5), ("90s", 90), ("15m", 900), ("2h", 7200)])
def test_lifetimes_are_read_as_they_are_typed(text, seconds):
    assert lifetime.seconds(text) == seconds
