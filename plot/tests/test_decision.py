"""The first screen: the verdicts of `authbench advise` as it made them, or the front in sentences from rows."""

import json
import os
import re
import subprocess

import advice
import pytest
from crafted import exposure_folder, run_folder
from decision import decision
from opening import ROOT, make_report, rewrite
from results import BadFolder, open_results

PROGRAM = os.environ.get("AUTHBENCH_PROGRAM", ROOT / ".build/debug/authbench")
REFERENCE = [ROOT / "results/reference", ROOT / "results/reference-exposure"]
WANTED = ["--logout-within", "20m", "--stores", "redis", "--p99-within", "1ms"]


def asked(*words):
    """What the program answers on the reference runs."""
    results = [word for folder in REFERENCE for word in ("--results", folder)]
    done = subprocess.run([PROGRAM, "advise", *words, *results, "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def answered():
    """Each question is put to the program once."""
    known = {}
    return lambda *words: json.loads(known.setdefault(words, json.dumps(asked(*words))))


def written(folder, body):
    folder.mkdir(exist_ok=True)
    (folder / "advice.json").write_text(json.dumps(body))
    return folder


def told(body, results=REFERENCE[0]):
    return decision(open_results(results), None, [], body)


def verdicts(made):
    return {row["cells"][0].text: row["cells"][1] for row in made.table["rows"]}


def front(folder, exposure=None, also=()):
    return decision(open_results(folder), open_results(exposure) if exposure else None, [open_results(run) for run in also], None)


# With requirements.


def test_each_verdict_is_the_one_that_advise_made(answered):
    body = answered(*WANTED)
    seen = verdicts(told(body))
    assert list(seen) == [one["strategy"] for one in body["strategies"]]
    for one in body["strategies"]:
        failed = [row["driver"] for row in one["drivers"] if row["verdict"] == "NO"]
        words = "meets all" if one["meets"] else "fails: " + ", ".join(advice.title(name) for name in failed)
        assert seen[one["strategy"]].text == words
        assert seen[one["strategy"]].alarm == bool(failed) and seen[one["strategy"]].good == one["meets"]
    assert {cell.text for cell in seen.values()} >= {"meets all", "fails: accepted after logout"}


def test_the_answer_names_what_advise_recommends_and_what_flips_it(answered):
    body = answered(*WANTED)
    points = dict(told(body).points)
    assert points["Answer"].startswith(f"{body['recommended']} meets every requirement at the least processor time.")
    assert points["Flips when"] == "; ".join(body["flips_when"]) + "." and "p99_within below" in points["Flips when"]
    assert points["Required"] == "logout_within 20m, p99_within 1ms, stores redis."


def test_a_verdict_is_not_made_a_second_time(answered):
    """Whatever the figures say: what was decided stands."""
    body = answered(*WANTED)
    for row in body["strategies"][0]["drivers"]:
        row["measured"] = "9 h"
    assert verdicts(told(body))[body["strategies"][0]["strategy"]].text == "meets all"


def test_what_no_row_speaks_to_is_unknown(answered):
    body = answered("--while-store-away", "go-on")
    made = told(body)
    assert {cell.text for cell in verdicts(made).values()} == {"unknown: while the store is away"}
    assert dict(made.points)["Answer"].startswith("Nothing is certain: a requirement is unknown of ")
    assert "not measured" in dict(made.notes)["Not known"]


def test_nothing_is_certain_of_those_alone_that_fail_nothing(answered):
    body = answered("--while-store-away", "go-on", "--logout-within", "20m")
    open_ones = [one["strategy"] for one in body["strategies"] if "NO" not in {row["verdict"] for row in one["drivers"]}]
    assert 1 < len(open_ones) < len(body["strategies"])
    *most, last = open_ones
    assert dict(told(body).points)["Answer"] == f"Nothing is certain: a requirement is unknown of {', '.join(most)} and {last}."


def test_when_nothing_meets_the_requirements_the_answer_says_so(answered):
    points = dict(told(answered("--p99-within", "1us", "--logout-within", "1ms", "--stores", "redis")).points)
    assert points["Answer"] == "No measured strategy meets every requirement."


def test_each_cost_is_the_text_of_advise(answered):
    body = answered(*WANTED)
    made = told(body)
    headers = [column.header for column in made.table["columns"]]
    assert headers == ["Strategy", "Verdict", "CPU per million requests", "Bytes per request", "p99 of a check (<= 1ms)",
                       "Accepted after logout (<= 20m)"]
    for one, row in zip(body["strategies"], made.table["rows"], strict=True):
        texts = {each["driver"]: " ".join(filter(None, [each["measured"], each["verdict"]])) for each in one["drivers"]}
        assert [cell.text for cell in row["cells"][2:]] == [texts[name] for name in ("cpu", "bytes", "p99", "logout")]
    rest = [column.header for column in made.requirements["columns"]]
    assert rest[0] == "Strategy" and "Stores needed (redis)" in rest and not set(rest[1:]) & set(headers)


def test_the_rows_of_advise_have_the_names_that_its_table_has():
    source = (ROOT / "Sources/AuthDecision/Advise/Advice.swift").read_text()
    cases = re.search(r"enum Driver.*?\{\n(.*?)\n\n", source, re.S)[1]
    drivers = [raw or name for name, raw in re.findall(r'(\w+)(?: = "(\w+)")?(?=,|$)', re.sub("case ", "", cases), re.M)]
    text = (ROOT / "Sources/AuthDecision/Advise/AdviceText.swift").read_text()
    said = text.split("func title(")[1].split("func required(")[0]
    titles = re.findall(r'case \.\w+:(?: return|\s+let \w+.*?return) "([^"\\]+)', said, re.S)
    assert list(advice.TITLES) == drivers
    assert list(advice.TITLES.values()) == titles


def test_the_page_begins_with_the_verdicts(folder, answered, tmp_path):
    body = answered(*WANTED)
    made = make_report(folder, advice=written(tmp_path / "advice", body))
    assert (made.returncode, made.stderr) == (0, "")
    page = (folder / "report.html").read_text()
    first = page.split('<section id="decision"')[1].split("</section>")[0]
    assert "meets all" in first and body["recommended"] in first and "are from" not in first
    assert page.index('id="decision"') < page.index('id="requirements"') < page.index('id="strategies"')
    assert 'href="../advice/advice.json"' in page


def test_a_page_of_another_run_says_that_the_verdicts_are_not_from_it(run, answered):
    body = answered(*WANTED)
    assert "another run" not in dict(told(body).notes)["From"]
    assert dict(told(body, run).notes)["From"].endswith("The tables and figures below come from another run.")


def refusal(run, place):
    made = make_report(run, advice=place)
    assert made.stdout == "" and len(made.stderr.splitlines()) == 1 and not (run / "report.html").exists()
    return made.returncode, made.stderr


def test_a_folder_without_an_answer_says_how_to_write_one(run, tmp_path):
    status, words = refusal(run, run)
    assert status == 65 and words == f"report: {run}: has no advice.json; give a folder of authbench advise, as results/latest-advise\n"
    series = tmp_path / "series"
    series.mkdir()
    (series / "series.json").write_text('{"command": "advise"}')
    assert refusal(run, series)[1] == (f"report: {series}: has no advice.json; write it with authbench advise --resume {series} "
                                       f"--format json >{series}/advice.json\n")
    assert "no such file or folder" in refusal(run, tmp_path / "none")[1]


@pytest.mark.parametrize("change", [
    lambda body: body.update(schema_version=2), lambda body: body.pop("flips_when"), lambda body: body.update(strategies=[]),
    lambda body: body["strategies"][0].update(meets=not body["strategies"][0]["meets"]),
    lambda body: body["strategies"][-1]["drivers"][0].update(verdict="maybe"),
    lambda body: body["strategies"][0]["drivers"][0].pop("measured")])
def test_an_answer_of_another_version_or_against_itself_is_refused(run, answered, tmp_path, change):
    body = answered(*WANTED)
    change(body)
    status, words = refusal(run, written(tmp_path / "advice", body))
    assert status == 65 and "is no answer of authbench advise --format json, or of another version" in words


def test_a_cut_answer_is_refused(tmp_path):
    (tmp_path / "advice.json").write_text('{"schema_version": 1,')
    with pytest.raises(BadFolder, match="write it again"):
        advice.advice(tmp_path)


def test_verdicts_of_another_machine_are_refused(run, answered, tmp_path):
    status, words = refusal(run, written(tmp_path / "advice", answered(*WANTED)))
    assert status == 4 and "cannot stand beside run: the machines differ (Test CPU, " in words


# Without requirements.


def test_three_sentences_say_the_front_the_cheapest_and_what_revocation_at_once_costs(run, tmp_path):
    assert front(run, exposure_folder(tmp_path / "exposure")).points == [
        ("Not beaten", "In processor time and exposure, no other strategy beats sqlite-session and hs256-jwt."),
        ("Cheapest", "hs256-jwt takes 2.00 s of processor time for a million requests. After a logout, 99 of 100 credentials are "
                     "refused within 58.3 min (measured)."),
        ("Revocation at once", "sqlite-session takes 5.00 s for a million requests, 2.50 times as much as hs256-jwt. After a "
                               "logout, 99 of 100 credentials are refused at once (measured).")]


def test_other_rows_make_other_sentences(run, tmp_path):
    exposure = exposure_folder(tmp_path / "exposure")
    rewrite(exposure / "exposure.csv", lambda rows: [
        row.update(p99_ms="60000", p99_ci95_low_ms="60000", p99_ci95_high_ms="60000") for row in rows if "session" in row["strategy"]])
    for name in ("summary", "throughput"):
        rewrite(run / f"{name}.csv", lambda rows: [row.update(cpu_us_per_op="8") for row in rows if row["strategy"] == "sqlite-session"])
    points = dict(front(run, exposure).points)
    assert points["Shortest exposure"] == (
        "sqlite-session takes 8.00 s for a million requests, 4.00 times as much as hs256-jwt. After a logout, 99 of 100 "
        "credentials are refused within 60.0 s (measured).")


def test_repeats_that_overlap_prove_no_cost(run):
    rewrite(run / "throughput.csv", lambda rows: [
        row.update(cpu_us_per_op="5.5") for row in rows if (row["strategy"], row["repeat"]) == ("hs256-jwt", "1")])
    assert "so it is not proved to cost more than hs256-jwt" in dict(front(run).points)["Revocation at once"]


def test_the_cheapest_with_the_shortest_exposure_is_called_so(run):
    for name in ("summary", "throughput"):
        rewrite(run / f"{name}.csv", lambda rows: [row.update(cpu_us_per_op="1") for row in rows if row["strategy"] == "sqlite-session"])
    assert dict(front(run).points)["Shortest exposure"] == (
        "No other strategy is proved to have a shorter one than sqlite-session.")


def test_exposures_that_were_not_measured_are_told_with_the_command(run, tmp_path):
    notes = dict(front(run).notes)
    assert notes["Missing"] == (
        "Not measured is the exposure of sqlite-session, redis-session, hs256-jwt and rs256-jwt: it is by theory. authbench exposure "
        "measures it, and make report EXPOSURE=results/latest-exposure shows it.")
    assert "Missing" not in dict(front(run, exposure_folder(tmp_path / "exposure")).notes)
    assert "ADVICE=results/latest-advise" in notes["Your requirements"]


def test_a_strategy_that_decided_wrongly_is_on_no_front(run):
    rewrite(run / "summary.csv", lambda rows: [row.update(false_accepts="1") for row in rows if row["strategy"] == "hs256-jwt"])
    made = front(run)
    assert "hs256-jwt" not in verdicts(made) and "hs256-jwt" not in " ".join(text for _, text in made.points)
    assert "Left out, because of wrong decisions: hs256-jwt." in dict(made.notes)["Missing"]


def test_the_beaten_come_last_and_say_by_whom(run):
    for name in ("summary", "throughput"):
        rewrite(run / f"{name}.csv", lambda rows: [row.update(cpu_us_per_op="3") for row in rows if row["strategy"] == "rs256-jwt"])
    assert [(name, cell.text) for name, cell in verdicts(front(run)).items()] == [
        ("hs256-jwt", "on the front"), ("sqlite-session", "on the front"), ("rs256-jwt", "beaten by hs256-jwt"),
        ("redis-session", "beaten by sqlite-session")]


def test_the_time_of_a_check_is_that_with_the_store_away(run, tmp_path):
    def time(also):
        return next(row["cells"][5] for row in front(run, also=also).table["rows"] if row["cells"][0].text == "redis-session")

    assert (time([]).text, time([]).below) == ("140 µs", "next door")
    far = time([run_folder(tmp_path / "far", away_ns=1_000_000)])
    assert (far.text, far.below) == ("1.54 ms", "1 ms away")


def test_without_a_front_the_reason_stands_there(run):
    rewrite(run / "summary.csv", lambda rows: [row.update(valid="false") for row in rows if row["strategy"] != "hs256-jwt"])
    made = front(run)
    assert made.table is None and made.points == [
        ("Not known", "There is no front: fewer than two strategies have both a valid processor time and a known exposure.")]


# The screen.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screen_of_a_small_laptop_has_the_whole_decision(report, opened, scheme):
    page = opened(report, width=1280, scheme=scheme)
    assert page.eval_on_selector("#decision", "section => section.getBoundingClientRect().bottom") <= 800


def test_the_first_screen_has_the_verdicts_of_all_that_were_measured(folder, answered, opened, tmp_path):
    make_report(folder, advice=written(tmp_path / "advice", answered(*WANTED)))
    page = opened(folder / "report.html", width=1280)
    assert page.eval_on_selector("#decision", "section => section.getBoundingClientRect().bottom") <= 800


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_nothing_of_the_decision_is_beside_the_screen(folder, answered, opened, tmp_path, width):
    make_report(folder, advice=written(tmp_path / "advice", answered("--while-store-away", "go-on", *WANTED)))
    page = opened(folder / "report.html", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.eval_on_selector_all("#decision *, #requirements *", """(all, width) => all.filter(one => {
        const box = one.getBoundingClientRect(); return box.width > 0 && box.right > width + 1 && one.tagName !== 'CAPTION'; })
        .map(one => one.textContent)""", width)
    assert outside == []
