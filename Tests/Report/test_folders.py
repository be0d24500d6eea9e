"""What `make report` makes of folders that are not as they should be: one line, or a page that says so."""

import json
import shutil

import pytest
from opening import CRAFTED, make_report, rewrite


def other_version(folder):
    rewrite(folder / "size.csv", lambda rows: [row.update(schema_version="1") for row in rows])


def cut(folder):
    file = folder / "throughput.csv"
    file.write_bytes(file.read_bytes()[:-40])


def empty(folder):
    shutil.rmtree(folder)
    folder.mkdir()


def no_numbers(folder):
    rewrite(folder / "latency.csv", lambda rows: rows[0].update(p50_ns="soon"))


BAD = {
    "a missing folder": (shutil.rmtree, "no such folder"),
    "an empty folder": (empty, "empty"),
    "a missing file": (lambda folder: (folder / "latency.csv").unlink(), "latency.csv: missing"),
    "a missing run.json": (lambda folder: (folder / "run.json").unlink(), "run.json: missing"),
    "a truncated file": (cut, "throughput.csv: truncated"),
    "another schema version": (other_version, "schema_version 1"),
    "words for numbers": (no_numbers, "latency.csv"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_folder_gets_one_clear_line_and_no_page(folder, name):
    spoil, words = BAD[name]
    spoil(folder)
    made = make_report(folder)
    lines = [line for line in made.stderr.splitlines() if not line.startswith("make")]
    assert made.returncode != 0 and made.stdout == ""
    assert len(lines) == 1 and lines[0].startswith("report: ") and words in lines[0], made.stderr
    assert not folder.exists() or not list(folder.glob("*report.html*"))


def test_a_folder_that_goes_bad_keeps_the_page_it_had(folder):
    assert make_report(folder).returncode == 0
    page = (folder / "report.html").read_bytes()
    (folder / "size.csv").unlink()
    assert make_report(folder).returncode != 0
    assert (folder / "report.html").read_bytes() == page


def test_an_invalid_repeat_is_named_with_its_reason_and_figures_without_a_valid_one_are_marked(folder, opened):
    def disturb(rows):
        for row in rows:
            if row["strategy"] == "hs256-jwt":
                row.update(valid="false", reason="swapped in 7 pages")

    rewrite(folder / "throughput.csv", disturb)
    rewrite(folder / "summary.csv", lambda rows: [
        row.update(valid="false", valid_repeats="0") for row in rows if row["strategy"] == "hs256-jwt"])
    assert make_report(folder).returncode == 0
    page = opened(folder / "report.html")
    assert "2 of 12 repeats must not be used" in page.locator("header").inner_text()
    assert "hs256-jwt, repeat 2: swapped in 7 pages" in page.locator("#machine").inner_text()
    cells = page.locator("#verdict tbody tr.bad td").all_inner_texts()
    assert cells[0] != "–" and cells[-1] == "0/2\nfigures not valid"


def test_the_table_has_the_figures_of_the_summary_and_their_intervals(folder, opened):
    def known(rows):
        for row in rows:
            if (row["strategy"], row["operation"]) == ("hybrid", "authenticate"):
                row.update(p50_ns="1000", p50_ci95_low_ns="900", p50_ci95_high_ns="1100")
            if row["strategy"] == "hybrid":
                row.update(operations_per_second="2000.0", operations_per_second_ci95_low="1900.0",
                           operations_per_second_ci95_high="2110.0")

    rewrite(folder / "summary.csv", known)
    assert make_report(folder).returncode == 0
    cells = opened(folder / "report.html").locator("#verdict tbody tr", has_text="hybrid").locator("td").all_inner_texts()
    assert cells[0] == "1.00 µs\n900 ns – 1.10 µs"
    assert cells[2] == "2\u202f000\n1\u202f900 – 2\u202f110"


def test_wrong_decisions_stand_out(folder, opened):
    rewrite(folder / "throughput.csv", lambda rows: rows[0].update(false_accepts="3", valid="false", reason="wrong"))
    assert make_report(folder).returncode == 0
    row = opened(folder / "report.html").locator("#verdict tbody tr.bad")
    assert row.count() == 1 and "3" in row.locator("td").all_inner_texts()


def test_text_of_the_files_is_never_markup(folder, opened):
    hostile = "</script><img src=x onerror=alert(1)>'\"&{{ 7 * 7 }}"
    record = json.loads((folder / "run.json").read_text())
    record["machine"]["cpu_model"], record["workload"]["name"] = hostile, hostile
    record["order"] = [[hostile if one == "hybrid" else one for one in repeat] for repeat in record["order"]]
    (folder / "run.json").write_text(json.dumps(record))
    for name in ("summary", "latency", "throughput", "size"):
        rewrite(folder / f"{name}.csv", lambda rows: [
            row.update(strategy=hostile) for row in rows if row["strategy"] == "hybrid"])
    rewrite(folder / "throughput.csv", lambda rows: rows[0].update(valid="false", reason=hostile))
    assert make_report(folder).returncode == 0
    page = opened(folder / "report.html")
    assert hostile in page.title() and page.locator("script:not([type])").count() == 1
    assert page.locator("[onerror]").count() == 0
    assert hostile in page.locator("#machine li").first.inner_text()
    assert page.locator("#verdict th", has_text="onerror").count() == 1


def test_a_figure_without_data_is_named_and_not_drawn(report, opened):
    page = opened(report)
    assert "comparison: " in page.locator("#files").inner_text()
    assert page.locator("section#comparison").count() == 0


def test_a_folder_of_the_gate_has_its_one_figure(tmp_path, opened):
    folder = CRAFTED.gate_folder(tmp_path / "gate")
    assert make_report(folder).returncode == 0
    page = opened(folder / "report.html")
    assert page.locator("figure").count() == 1
    assert "no run.json" in page.locator("header").inner_text()


def test_a_folder_of_exposures_alone_names_the_figures_that_it_cannot_have(tmp_path, opened):
    folder = CRAFTED.exposure_folder(tmp_path / "exposure")
    assert make_report(folder).returncode == 0
    page = opened(folder / "report.html")
    assert page.locator("figure").count() == 0
    assert page.locator("#files h3 + ul li").count() == 7


def test_exposures_of_another_machine_are_not_set_beside_these_costs(tmp_path, opened):
    folder = CRAFTED.run_folder(tmp_path / "run")
    made = make_report(folder, EXPOSURE=CRAFTED.exposure_folder(tmp_path / "exposure", machine="Another CPU"))
    assert made.returncode == 0
    page = opened(folder / "report.html")
    assert page.locator("section#exposure").count() == 0
    assert "run tells no cost for exposure" in page.locator("#files").inner_text()
