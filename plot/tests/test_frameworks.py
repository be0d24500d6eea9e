"""The comparison of servers that others wrote, from folders with known numbers."""

import csv

import frameworks
import pytest
from crafted import run_folder, write
from figure import Figure, Skipped
from opening import rewrite
from results import open_results

SERVERS = {"sqlite-session": "immediate", "redis-session": "immediate", "hs256-jwt": "at-expiry", "rs256-jwt": "at-expiry"}


@pytest.fixture()
def folder(tmp_path):
    """A run whose baseline is an open route, and one of whose servers decided wrongly seven times."""
    made = run_folder(tmp_path / "run")
    for name in ("summary", "latency", "throughput", "size"):
        file = made / f"{name}.csv"
        rows = list(csv.DictReader(file.open(newline="")))
        write(file, list(rows[0]), [row | {"strategy": row["strategy"].replace("null-baseline", "open-route")} for row in rows])
    (made / "run.json").write_text((made / "run.json").read_text().replace("null-baseline", "open-route"))
    rewrite(made / "summary.csv", lambda rows: [
        row.update(false_accepts="7", valid="false") for row in rows if row["strategy"] == "rs256-jwt"])
    promises = [{"strategy": name, "revocation": promise} for name, promise in SERVERS.items()]
    write(made / "servers.csv", ["strategy", "revocation"], promises)
    return made


def test_servers_stand_by_their_time_and_the_open_route_is_a_line(folder, picture):
    drawn = frameworks.figure(open_results(folder))
    assert isinstance(drawn, Figure)
    table = frameworks.times(open_results(folder), frameworks.pd.read_csv(folder / "servers.csv"))
    assert list(table.strategy) == ["hs256-jwt", "sqlite-session", "rs256-jwt", "redis-session"]
    assert list(table.kind) == ["accepted until it expires", "refused at once", "wrong decisions", "refused at once"]
    svg = picture(drawn)
    assert svg.count('aria-roledescription="point"') == 4 and "rs256-jwt" in svg and "7 wrong decisions" in svg
    assert "NaN" not in svg and "undefined" not in svg


def test_the_words_name_the_fastest_the_slowest_and_those_who_were_wrong(folder):
    drawn = frameworks.figure(open_results(folder))
    assert drawn.sentence == (
        "Half of the requests to hs256-jwt take less than 2.80 µs, of those to redis-session less than 140 µs. "
        "Without authentication it is 140 ns. rs256-jwt decided wrongly.")
    assert all(name in drawn.alt_text for name in SERVERS) and drawn.alt_text.endswith(".") and drawn.note.endswith(".")
    assert all(len(line) <= 95 for line in drawn.chart.title.subtitle)


def test_of_servers_without_a_valid_repeat_none_is_compared(folder):
    rewrite(folder / "summary.csv", lambda rows: [row.update(valid="false") for row in rows])
    words = frameworks.figure(open_results(folder)).sentence
    assert words.startswith("No time may be used.") and "less than" not in words


def test_a_run_without_servers_is_no_comparison(known):
    drawn = frameworks.figure(known)
    assert isinstance(drawn, Skipped) and "make frameworks" in drawn.reason
