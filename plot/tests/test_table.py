"""The table: its cells as the files have them, its order, and its shape on a small screen."""

import csv
import random
from types import SimpleNamespace

import pytest
from crafted import STRATEGIES, exposure_folder, run_folder
from opening import ROOT, make_report, rewrite
from ranking import ranked
from results import open_results
from table import COLUMNS, table

ORDER = ["sqlite-session", "redis-session", "hs256-jwt", "rs256-jwt", "null-baseline"]


def cells(folder, strategy, exposure=None):
    """The texts of a row by header, with what stands below."""
    rows = table(open_results(folder), open_results(exposure) if exposure else None)["rows"]
    row = next(row for row in rows if row["cells"][0].text == strategy)
    return {column.header: (cell.text, cell.below) for column, cell in zip(COLUMNS, row["cells"], strict=True)}, row


def test_the_figures_are_those_of_the_summary_and_their_intervals(run):
    def told(rows):
        for row in rows:
            if row["strategy"] == "hs256-jwt":
                row.update(p50_ns="1000", p50_ci95_low_ns="900", p50_ci95_high_ns="1100", operations_per_second="2000.0",
                           operations_per_second_ci95_low="1900.0", operations_per_second_ci95_high="2110.0",
                           false_accepts="2", false_rejects="3", stale_accepts="31277", errors="7",
                           valid_repeats="2")

    rewrite(run / "summary.csv", told)
    # Whatever throughput.csv says.
    rewrite(run / "throughput.csv", lambda rows: [row.update(false_accepts="9", errors="9") for row in rows])
    told, row = cells(run, "hs256-jwt")
    assert told["p50"] == ("1.00 µs", "900 ns – 1.10 µs")
    assert told["Requests per second"] == ("2\u202f000", "1\u202f900 – 2\u202f110")
    assert told["Stale"] == ("31\u202f277", "as tokens do")
    assert (told["Wrong"][0], told["Errors"][0], told["Valid repeats"][0]) == ("5", "7", "2/3")
    assert row["alarm"]


def test_a_token_does_not_look_like_a_session(run):
    assert cells(run, "hs256-jwt")[0]["Stale"] == ("200", "as tokens do")
    assert cells(run, "redis-session")[0]["Stale"] == ("0", "")
    assert cells(run, "null-baseline")[0]["Stale"] == ("200", "")
    assert cells(run, "redis-session")[0]["CPU µs per request"] == ("125", "100 + 25.0 store")


def examples():
    """Rows in their right order, which `RankingTests` of the program reads too: program and report rank alike."""
    for row in csv.DictReader((ROOT / "Tests/Recordings/ranking.csv").open()):
        baseline = row["strategy"] == "null-baseline"
        number = {name: float(text) if text else None for name, text in row.items() if name not in ("strategy", "usable")}
        yield SimpleNamespace(
            strategy=row["strategy"], baseline=baseline, unusable=row["usable"] == "false",
            exposure_ms=None if baseline else number["exposure_ms"], distance_ns=number["store_rtt_asked_ns"],
            cpu_us=number["cpu_us_per_op"] + (number["store_cpu_us_per_op"] or 0))


@pytest.mark.parametrize("seed", range(5))
def test_the_rows_are_ranked_as_in_the_table_of_the_program(seed):
    rows = list(examples())
    # Equal ones stay as they came.
    mixed = random.Random(seed).sample([row for row in rows if row.strategy != "equal-token"], len(rows) - 1)
    assert ranked(rows) == rows
    assert ranked(mixed) == [row for row in rows if row in mixed]


def test_the_order_is_that_of_the_processor_time_of_service_and_store(run):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(store_cpu_us_per_op="0", cpu_us_per_op="3") for row in rows if row["strategy"] == "redis-session"])
    assert [row["cells"][0].text for row in table(open_results(run))["rows"]] == [ORDER[1], ORDER[0], *ORDER[2:]]


def test_exposure_is_of_theory_and_marked_unless_it_was_measured(run, tmp_path):
    assert cells(run, "hs256-jwt")[0]["Exposure"] == ("~30.0 min", "by theory")
    assert cells(run, "redis-session")[0]["Exposure"] == ("0", "by theory")
    assert cells(run, "null-baseline")[0]["Exposure"] == ("–", "")
    seen = exposure_folder(tmp_path / "exposure")
    assert cells(run, "hs256-jwt", seen)[0]["Exposure"] == ("29.2 min", "measured")


def test_a_store_at_another_distance_has_a_row_of_its_own(run, tmp_path):
    far = [open_results(run_folder(tmp_path / str(ns), away_ns=ns)) for ns in (5_000_000, 1_000_000)]
    rows = table(open_results(run), also=[*far, open_results(run)])["rows"]
    told = [(row["cells"][0].text, row["cells"][0].below) for row in rows]
    assert told == [("sqlite-session", ""), ("redis-session", "store next door"), ("redis-session", "store 1 ms away"),
                    ("redis-session", "store 5 ms away"), ("hs256-jwt", ""), ("rs256-jwt", ""), ("null-baseline", "")]
    by_header = {column.header: cell.text for column, cell in zip(COLUMNS, rows[2]["cells"], strict=True)}
    assert by_header["Trips"] == "1.06" and by_header["Needs"] == "0.79"


def test_needed_clients_below_a_hundredth_are_not_told_apart(run):
    rewrite(run / "summary.csv", lambda rows: [row.update(needed_clients_at_1000_per_second="0.0012") for row in rows])
    assert cells(run, "hs256-jwt")[0]["Needs"] == ("<0.01", "")


def test_what_a_workload_never_tries_is_not_called_zero(run):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(operation="renew", stale_accepts="0") for row in rows if row["operation"] == "revoked"])
    assert cells(run, "redis-session")[0]["Stale"] == ("–", "not tried")


def test_an_unknown_store_is_not_called_free(run):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(store_cpu_us_per_op="") for row in rows if row["strategy"] == "redis-session"])
    assert cells(run, "redis-session")[0]["CPU µs per request"] == ("100", "+ store unknown")


def names(page):
    return [text.split("\n")[0] for text in page.locator("#strategies tbody th").all_inner_texts()]


def test_a_header_sorts_by_mouse_and_keyboard_and_says_how(run, opened):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(p99_ns="") for row in rows if row["strategy"] == "hs256-jwt"])
    assert make_report(run).returncode == 0
    page = opened(run / "report.html")
    assert names(page) == ORDER
    header = page.locator("#strategies thead th", has_text="p50")
    assert header.get_attribute("aria-sort") == "none"
    header.locator("button").click()
    ascending = ["hs256-jwt", "sqlite-session", "rs256-jwt", "redis-session", "null-baseline"]
    assert names(page) == ascending and header.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    # The baseline is no strategy to choose: it stays behind them all.
    assert names(page) == [*ascending[3::-1], "null-baseline"] and header.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Space")
    assert names(page) == ORDER and header.get_attribute("aria-sort") == "none"
    other = page.locator("#strategies thead th", has_text="p99")
    for _ in range(2):
        other.locator("button").click()
        # What is not known is neither the smallest nor the largest.
        assert names(page)[-2] == "hs256-jwt"
    assert page.locator("[aria-sort]:not([aria-sort=none])").count() == 1


def test_without_scripts_nothing_looks_as_if_it_could_be_pressed(report, opened):
    page = opened(report, ready=False, java_script_enabled=False)
    assert page.locator("#strategies button").count() == 0
    assert not page.locator("#strategies .hint").is_visible()


BOXES = """[...document.querySelectorAll('#strategies :is(th, td, caption)')].map(cell => {
    const box = cell.getBoundingClientRect();
    return {text: cell.innerText, left: box.left, right: box.right, wide: cell.scrollWidth - cell.clientWidth};
})"""


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1280])
def test_the_whole_table_is_on_the_screen(complete, seen, width):
    boxes = seen(complete, width).evaluate(BOXES)
    assert len(boxes) > 10 * len(STRATEGIES)
    for box in boxes:
        assert box["left"] >= 0 and box["right"] <= width and box["wide"] <= 1, box


def test_a_card_names_each_of_its_numbers(report, seen):
    page = seen(report, 375)
    row = page.locator("#strategies tbody tr").first
    said = row.locator("td").evaluate_all("cells => cells.map(cell => cell.dataset.header)")
    assert said == [column.header for column in COLUMNS[1:]]
    shown = row.locator("td").evaluate_all("cells => cells.map(cell => getComputedStyle(cell, '::before').display)")
    assert "none" not in shown and row.locator("td").first.evaluate("cell => getComputedStyle(cell).display") == "grid"
    # What is drawn as a card is still read as a table.
    assert page.locator("#strategies").get_by_role("columnheader").count() == len(COLUMNS)
    assert page.locator("#strategies").get_by_role("rowheader").count() == page.locator("#strategies tbody tr").count()
