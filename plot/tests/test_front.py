"""The front: whom no other strategy beats, from folders with known numbers."""

import csv
import re
from dataclasses import replace

import front
import pandas as pd
import pareto
import pytest
import theme
from crafted import STRATEGIES, exposure_folder, run_folder
from figure import Figure, Skipped
from opening import ROOT, make_report, rewrite
from results import open_results
from test_commands import PLOT, ran
from test_figures import far, layers

BEATEN_BY_NONE = ["sqlite-session", "hs256-jwt"]


@pytest.fixture(scope="module")
def exposed(tmp_path_factory):
    return open_results(exposure_folder(tmp_path_factory.mktemp("front") / "exposure"))


@pytest.fixture(scope="module")
def both(known, exposed, tmp_path_factory) -> Figure:
    """With a second panel."""
    return front.figure(known, exposure=exposed, also=[far(tmp_path_factory.mktemp("front"), 1_000_000)])


def panels(figure: Figure) -> list[dict]:
    spec = figure.chart.to_dict()
    return spec.get("vconcat", [spec])


def marks(figure: Figure, panel: int = 0) -> dict[str, bool]:
    """Which strategies a panel shows, and whether each is on the front."""
    data = figure.chart.to_dict()["datasets"]
    shown = [data[layer["data"]["name"]] for layer in layers(panels(figure)[panel]) if "data" in layer]
    return {row["strategy"]: row["front"] for rows in shown for row in rows if "amount" in row}


def table(*rows) -> pd.DataFrame:
    """A name, a price and an exposure, each a number or its interval."""
    def ends(value):
        return value if isinstance(value, tuple) else (value, value)

    return pd.DataFrame([{
        "strategy": name, "cpu": sum(ends(price)) / 2, "cpu_low": ends(price)[0], "cpu_high": ends(price)[1],
        "seconds": sum(ends(exposure)) / 2, "low": ends(exposure)[0], "high": ends(exposure)[1]}
        for name, price, exposure in rows])


@pytest.mark.parametrize("rows, on_front", [
    ([("a", 1, 60), ("b", 2, 30), ("c", 3, 0)], "abc"),
    ([("a", 1, 60), ("b", 2, 70), ("c", 3, 0)], "ac"),
    # As good in one and worse in the other.
    ([("a", 1, 60), ("b", 1, 30), ("c", 2, 30)], "b"),
    # Equal in both: neither is better.
    ([("a", 1, 60), ("b", 1, 60), ("c", 2, 0), ("d", 2, 0)], "abcd"),
    # No exposure at all can only be beaten by the price.
    ([("a", 5, 0), ("b", 4, 0), ("c", 3, 0.5)], "bc"),
    # Of two exposures whose intervals overlap neither is better, so the price decides.
    ([("a", 1, (58, 60)), ("b", 2, (57, 59))], "a"),
    ([("a", 1, (58, 60)), ("b", 2, (57, 57.9))], "ab"),
    # Of two prices whose intervals overlap neither is better.
    ([("a", (1, 3), 0), ("b", (2, 4), 0)], "ab"),
    ([("a", (1, 3), 0), ("b", (3.1, 4), 0)], "a"),
    ([("a", (1, 3), 0), ("b", (2, 4), 9)], "a"),
])
def test_on_the_front_is_who_no_other_beats(rows, on_front):
    given = table(*rows)
    assert "".join(given.strategy[pareto.undominated(given, "cpu")]) == on_front


def test_no_set_of_strategies_is_without_a_front():
    given = table(("a", (1, 2), (8, 9)), ("b", (3, 4), (1, 20)), ("c", (4, 12), (0, 7)), ("d", (1, 20), (8, 8.5)))
    assert any(pareto.undominated(given, "cpu"))


def test_without_an_exposure_folder_theory_tells_how_long_a_credential_works(known, picture):
    figure = front.figure(known)
    assert marks(figure) == {name: name in BEATEN_BY_NONE for name in STRATEGIES if name != theme.BASELINE}
    assert figure.sentence == (
        "In processor time and exposure, no other strategy beats sqlite-session and hs256-jwt. "
        "From hs256-jwt to sqlite-session, the exposure falls from 59.4 min to 0 s and the cost rises from 2.00 to 5.00 µs "
        "per request.")
    assert "(p99, by theory)" in figure.note and figure.data_files == ["summary.csv", "throughput.csv", "size.csv"]
    assert "hs256-jwt 2.00 µs and 59.4 min by theory (beaten by none); " in figure.alt_text
    assert figure.alt_text.endswith("redis-session 125 µs and 0 s by theory.") and theme.BASELINE not in figure.alt_text
    svg = picture(figure)
    assert svg.count('aria-roledescription="point"') == 4 and len(panels(figure)) == 1
    # The line of the front.
    assert svg.count('aria-roledescription="line mark container"') == 1


def test_a_measured_exposure_counts_before_that_of_theory(known, exposed, tmp_path):
    figure = front.figure(known, exposure=exposed)
    assert "(p99, measured)" in figure.note and "size.csv" not in figure.data_files
    assert "hs256-jwt 2.00 µs and 58.3 min measured" in figure.alt_text
    some = exposure_folder(tmp_path / "some")
    rewrite(some / "exposure.csv", lambda rows: [
        row.update(p99_ms="") for row in rows if row["strategy"] == "hs256-jwt"])
    mixed = front.figure(known, exposure=open_results(some))
    assert "(p99, measured or by theory)" in mixed.note
    assert mixed.data_files == ["summary.csv", "throughput.csv", "exposure.csv", "size.csv"]
    assert "hs256-jwt 2.00 µs and 59.4 min by theory" in mixed.alt_text
    assert "rs256-jwt 20.0 µs and 58.3 min measured" in mixed.alt_text
    # A folder that holds both needs no second one.
    assert "measured" in front.figure(replace(known, exposure=exposed.exposure)).note


def test_by_theory_the_p99_is_that_of_the_program():
    size, measured = (list(csv.DictReader((ROOT / "results" / name).open())) for name in (
        "reference/size.csv", "reference-exposure/exposure.csv"))
    p50 = {row["strategy"]: float(row["exposure_theory_p50_ms"]) for row in size}
    for row in measured:
        assert p50[row["strategy"]] * front.P99_OF_P50 == pytest.approx(float(row["theory_p99_ms"]), rel=0.005)


def test_a_second_panel_has_the_p99_with_the_store_away(both, known, picture):
    assert [panel["layer"][0]["encoding"]["x"]["title"] for panel in panels(both)] == [
        "processor time per request in µs, client and store (log scale)",
        "time of a request (p99), store 1 ms away (log scale)"]
    assert marks(both, 1) == {name: name in BEATEN_BY_NONE for name in STRATEGIES if name != theme.BASELINE}
    assert both.sentence.endswith(
        " With the store 1 ms away, no other beats sqlite-session and hs256-jwt in p99 and exposure.")
    # 1.1 ms at p50, and four times as long at p99, of the middle repeat; who asks no server has the time of the first run.
    assert "store 1 ms away: hs256-jwt 11.2 µs and 58.3 min measured (beaten by none); " in both.alt_text
    assert both.alt_text.endswith("redis-session 6.16 ms and 0 s measured.")
    svg = picture(both)
    assert svg.count('aria-roledescription="point"') == 8
    assert svg.count('aria-roledescription="line mark container"') == 2
    assert len(panels(front.figure(known))) == 1


@pytest.mark.parametrize("distances, title, time", [
    ([200_000, 1_000_000, 5_000_000], "store 1 ms away", "6.16 ms"),
    ([1_000_000, 1_050_000], "store 1 ms away", "6.16 ms"),
    ([200_000, 500_000], "store 0.5 ms away", "3.36 ms"),
    ([1_050_000, 500_000], "store 1.05 ms away", "6.44 ms"),
])
def test_the_distance_is_1_ms_or_the_greatest_up_to_about_that(known, tmp_path, distances, title, time):
    figure = front.figure(known, also=[far(tmp_path, ns) for ns in distances])
    assert f"redis-session {time} and 0 s" in figure.alt_text
    assert title in panels(figure)[1]["layer"][0]["encoding"]["x"]["title"] and title in figure.sentence


def test_without_a_run_at_such_a_distance_there_is_one_panel(known, tmp_path):
    for also in ([], [known], [far(tmp_path, 5_000_000)], [far(tmp_path, 1_000_000, unusable="redis-session")]):
        figure = front.figure(known, also=also)
        assert len(panels(figure)) == 1 and "away" not in figure.sentence + figure.alt_text


def test_who_was_measured_next_door_only_is_not_in_the_second_panel(tmp_path):
    near = run_folder(tmp_path / "near")
    for name in ("summary", "throughput"):
        rewrite(near / f"{name}.csv", lambda rows: [
            row.update(store_round_trips_per_op="1") for row in rows if row["strategy"] == "rs256-jwt"])
    figure = front.figure(open_results(near), also=[far(tmp_path, 1_000_000)])
    assert "rs256-jwt" in marks(figure) and "rs256-jwt" not in marks(figure, 1)


def test_who_has_no_valid_repeat_is_left_out_and_named(tmp_path, known):
    figure = front.figure(open_results(run_folder(tmp_path / "bad", unusable="hs256-jwt")))
    assert "hs256-jwt" not in marks(figure) and "hs256-jwt" not in figure.alt_text
    assert figure.sentence == (
        "In processor time and exposure, no other strategy beats sqlite-session. No repeat is valid of hs256-jwt.")


def test_who_is_not_valid_at_the_distance_is_named_there(tmp_path, known):
    away = run_folder(tmp_path / "away", away_ns=1_000_000)
    for name in ("summary", "throughput", "latency", "size"):
        rewrite(away / f"{name}.csv", lambda rows: rows.extend(
            row | {"strategy": "mine@cache=5s"} | ({"valid": "false"} if "valid" in row else {}) for row in list(rows)))
    figure = front.figure(known, also=[open_results(away)])
    assert figure.sentence.endswith("in p99 and exposure; not valid there: mine@cache=5s.")
    assert "mine@cache=5s" not in marks(figure, 1)


def test_what_cannot_be_known_is_told(run):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(store_cpu_us_per_op="") for row in rows if row["strategy"] == "redis-session"])
    rewrite(run / "size.csv", lambda rows: [
        row.update(exposure_theory_p50_ms="") for row in rows if row["strategy"] == "rs256-jwt"])
    figure = front.figure(open_results(run))
    assert set(marks(figure)) == set(BEATEN_BY_NONE)
    assert figure.sentence.endswith(" What the store of redis-session takes cannot be seen from here. "
                                    "How long a credential of rs256-jwt still works is not known.")


def test_a_long_front_is_cut_in_the_sentence_alone():
    rows = pd.DataFrame({"strategy": list("abcdefgh"), "front": [True] * 8})
    assert front.named(rows) == "a, b, c, d, e, f and 2 more"


def test_the_note_says_why_exposure_is_an_axis_and_no_sentence_is_long(both):
    assert both.note.endswith(
        "Staleness is to authentication what recall is to search: compare only strategies of equal exposure.")
    for sentence in re.split(r"(?<=\.) (?=[A-Z])", f"{both.note} {both.sentence}"):
        assert len(sentence.split()) <= 25, sentence


def test_a_figure_is_skipped_with_the_reason(run, known, exposed, tmp_path):
    away = run_folder(tmp_path / "away", away_ns=1_000_000)
    (away / "run.json").write_text((away / "run.json").read_text().replace('"cores": 4', '"cores": 8'))
    rewrite(run / "summary.csv", lambda rows: [row.update(valid="false") for row in rows if row["strategy"] != "hs256-jwt"])
    for figure, reason in [
            (front.figure(exposed), "throughput.csv and summary.csv are not both in exposure"),
            (front.figure(replace(known, size=None)), "neither size.csv in run nor an exposure.csv tells an exposure"),
            (front.figure(open_results(run)), "fewer than two strategies"),
            (front.figure(known, also=[open_results(away)]), "away cannot stand beside run: the machines differ (4, 8)"),
            (front.figure(known, exposure=open_results(exposure_folder(tmp_path / "other", workload="browse"))),
             "other cannot stand beside run: the workloads differ (mixed, browse)")]:
        assert isinstance(figure, Skipped) and reason in figure.reason, figure


def test_the_report_has_the_front_first_with_all_folders_that_it_was_given(run, tmp_path):
    exposure, away = exposure_folder(tmp_path / "exposure"), run_folder(tmp_path / "away", away_ns=1_000_000)
    assert make_report(run, exposure=exposure, also=[away]).stderr == ""
    page = (run / "report.html").read_text()
    shown = re.findall(r'<section id="(\w+)"', page)
    assert shown[:4] == ["decision", "strategies", "front", "latency"]
    section = page.split('<section id="front"')[1].split("</section>")[0]
    assert "With the store 1 ms away" in section and 'href="../exposure/exposure.csv"' in section


def test_it_runs_by_itself_with_further_folders(run, tmp_path):
    exposure = exposure_folder(tmp_path / "exposure")
    away = [run_folder(tmp_path / str(ns), away_ns=ns) for ns in (200_000, 1_000_000)]
    done = ran(PLOT / "front.py", run, "--exposure", exposure, "--also", *away)
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", str(run / "front.svg"))
    assert "store 1 ms away" in (run / "front.svg").read_text()
