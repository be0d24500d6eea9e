"""What `make report` makes of folders that are not as they should be: one line, or a page that says so."""

import json
import shutil

import pytest
from crafted import exposure_folder, gate_folder
from opening import make_report, rewrite


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
    "another schema version": (other_version, "size.csv: schema version 1, and this report reads version 5 only; measure again"),
    "words for numbers": (no_numbers, "latency.csv"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_folder_gets_one_clear_line_and_no_page(folder, name):
    spoil, words = BAD[name]
    spoil(folder)
    made = make_report(folder)
    lines = made.stderr.splitlines()
    assert made.returncode == 65 and made.stdout == ""
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
    words = page.locator("header").inner_text()
    assert "Do not trust the figures of hs256-jwt: none of 3 repeats is valid." in words
    assert page.locator(".points").inner_text().count("hs256-jwt") == 0
    assert "hs256-jwt, repeat 2: swapped in 7 pages" in page.locator("#machine").inner_text()
    cells = page.locator("#strategies tbody tr.bad td").all_inner_texts()
    assert cells[0] != "–" and cells[-1] == "0/3\nfigures not valid"
    assert page.locator("td.alarm").count() == 1


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
    assert page.locator("#strategies th", has_text="onerror").count() == 1


def test_a_figure_without_data_is_named_and_not_drawn(report, seen):
    page = seen(report)
    assert "comparison: " in page.locator("#files").inner_text()
    assert page.locator("section#comparison").count() == 0


def test_a_folder_of_the_gate_has_its_one_figure(tmp_path, opened):
    folder = gate_folder(tmp_path / "gate")
    assert make_report(folder).returncode == 0
    page = opened(folder / "report.html")
    assert page.locator("figure").count() == 1
    assert "no run.json" in page.locator("header").inner_text()


def test_a_folder_of_exposures_alone_names_the_figures_that_it_cannot_have(tmp_path, opened):
    folder = exposure_folder(tmp_path / "exposure")
    assert make_report(folder).returncode == 0
    page = opened(folder / "report.html")
    assert page.locator("figure").count() == 0
    assert page.locator("#files h3 + ul li").count() == 12
