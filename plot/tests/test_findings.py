"""The first screen: what it claims follows from the data, and never goes beyond the intervals."""

import re

import findings as findings_module
import pytest
import theme
from crafted import gate_folder, run_folder
from findings import findings
from opening import ROOT, rewrite
from results import open_results


def told(folder):
    return findings(open_results(folder))


def point(folder, word):
    return dict(told(folder).points)[word]


def change(folder, strategy, **values):
    def each(rows):
        for row in rows:
            if row["strategy"] == strategy:
                row.update({name: str(value) for name, value in values.items()})

    rewrite(folder / "summary.csv", each)


def test_one_sentence_says_what_is_measured(run, tmp_path):
    assert told(run).measured == ("4 clients each send the next request of the workload mixed when the last one is answered "
                                  "(closed loop), on 4 cores of Test CPU.")
    asked = told(run_folder(tmp_path / "open", rate=1000)).measured
    assert asked.startswith("Requests of the workload mixed came 1\u202f000 times per second to 4 clients")
    assert "no run.json" in told(gate_folder(tmp_path / "gate")).measured


def test_a_sound_run_may_be_trusted(run):
    seen = told(run)
    assert seen.mood == "good" and seen.faults == []
    assert seen.trust == ["The figures of all strategies may be trusted: all 15 repeats are valid and no decision was wrong."]


def test_a_wrong_decision_takes_the_strategy_out_of_every_sentence(run):
    change(run, "hs256-jwt", false_accepts=1, false_rejects=2)
    seen = told(run)
    assert seen.mood == "bad" and "Do not trust hs256-jwt: it decided wrongly 3 times." in seen.trust
    assert seen.trust[0].startswith("The figures of sqlite-session, redis-session and rs256-jwt may be trusted")
    assert not any("hs256-jwt" in text for _, text in seen.points)


def test_a_strategy_without_a_valid_repeat_is_in_no_sentence(tmp_path):
    seen = told(run_folder(tmp_path / "bad", unusable="redis-session"))
    assert "Do not trust the figures of redis-session: none of 3 repeats is valid." in seen.trust
    assert not any("redis-session" in text for _, text in seen.points)


def test_what_is_left_out_is_told(tmp_path):
    seen = told(run_folder(tmp_path / "bad", invalid="rs256-jwt"))
    assert "Only 2 of 3 repeats of rs256-jwt can be used; the others are left out." in seen.trust
    assert seen.mood == "neutral" and seen.trust[0].startswith("The figures of all strategies may be trusted")
    assert seen.faults == ["rs256-jwt, repeat 3: overload: as the test wants it"]


def test_of_nothing_valid_nothing_is_claimed(run):
    rewrite(run / "summary.csv", lambda rows: [row.update(valid="false", valid_repeats="0") for row in rows])
    rewrite(run / "throughput.csv", lambda rows: [row.update(valid="false", reason="busy") for row in rows])
    seen = told(run)
    assert seen.points == [("Nothing", "No figure of this run may be used; the reasons stand below.")]
    assert not any("may be trusted" in text for text in seen.trust)


def test_a_run_whose_baseline_moved_is_not_called_good(tmp_path):
    seen = told(run_folder(tmp_path / "moved", unsteady=theme.BASELINE))
    assert seen.mood == "neutral" and "differs 1.73 times between repeats" in seen.trust[-1]
    # In an open loop the rate is what was asked for.
    asked = told(run_folder(tmp_path / "open", rate=1000, unsteady=theme.BASELINE))
    assert asked.mood == "good" and "changed during the run" not in " ".join(asked.trust)


def test_an_unfinished_run_says_so(run):
    record = run / "run.json"
    record.write_text(record.read_text().replace('"complete"', '"interrupted"'))
    seen = told(run)
    assert seen.mood == "bad" and "The run is not complete: its status is interrupted." in seen.trust


def test_logout_names_who_refuses_at_once_and_what_that_costs(run):
    words = point(run, "Logout")
    assert words.startswith("sqlite-session and redis-session refused every credential that came after its logout; "
                            "hs256-jwt and rs256-jwt still accepted some")
    # 5 µs against 2 µs, each within 10 %: from 5 * 0.9 / (2 * 1.1) to 5 * 1.1 / (2 * 0.9) times.
    assert words.endswith("the p50 of sqlite-session is 2.05 to 3.06 times that of hs256-jwt.")


def test_logout_claims_no_cost_that_the_intervals_do_not_show(run):
    change(run, "hs256-jwt", p50_ci95_high_ns=10_000)
    assert "Whether that costs time is open: the intervals" in point(run, "Logout")
    change(run, "hs256-jwt", p50_ns=9000, p50_ci95_low_ns=8900)
    change(run, "rs256-jwt", p50_ns=9000, p50_ci95_low_ns=8900)
    assert "costs no time here" in point(run, "Logout")


def test_a_workload_without_revoked_credentials_tells_nothing_of_logout(run):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(stale_accepts="0", operation=row["operation"].replace("revoked", "renew")) for row in rows])
    assert point(run, "Logout") == ("This workload presents no credential after its logout, so it does not tell who refuses it.")


def test_processor_time_is_that_of_service_and_store(run):
    assert point(run, "Processor time") == (
        "One operation takes 2.00 µs of service and store together with hs256-jwt and 125 µs with redis-session. "
        "The distance to a store changes that far less than the time.")
    change(run, "redis-session", store_cpu_us_per_op="")
    words = point(run, "Processor time")
    assert "20.0 µs with rs256-jwt" in words and words.endswith("What the store of redis-session takes cannot be seen from here.")


def test_distance_tells_the_round_trips_and_the_clients_that_wait(run, tmp_path):
    assert point(run, "Distance") == (
        "redis-session waits for its store 1.06 times in one operation, and each ms of distance is added so often. "
        "With its store next door, 1000 operations per second keep 0.071 clients waiting at once.")
    far = point(run_folder(tmp_path / "far", away_ns=1_000_000), "Distance")
    assert "With its store 1 ms away, 1000 operations per second keep 0.79 clients" in far


def test_no_sentence_ranks_by_the_rate_of_clients_that_wait(run):
    before = told(run).points
    for strategy in ("redis-session", "rs256-jwt"):
        change(run, strategy, operations_per_second=1, operations_per_second_ci95_low=1, operations_per_second_ci95_high=1)
    assert told(run).points == before


def test_speed_names_the_fastest_only_where_no_interval_overlaps(run):
    assert point(run, "Speed") == ("hs256-jwt has the shortest p50, 2.80 µs (95 % interval: 2.52 µs to 3.08 µs). "
                                   "No other interval overlaps with it, so it is the fastest here.")
    change(run, "sqlite-session", p50_ci95_low_ns=3000)
    assert point(run, "Speed").endswith("The interval of sqlite-session overlaps with it, so neither is proved faster.")
    # What has no interval may be anything.
    change(run, "sqlite-session", p50_ci95_low_ns="")
    assert "overlaps" in point(run, "Speed")


def test_the_slowest_requests_are_told_as_a_meaning_and_a_range(run):
    words = point(run, "Slowest requests")
    assert words == ("One request in 100 takes longer than the p99. It is 11.2 µs with hs256-jwt and 560 µs "
                     "with redis-session. The latter is 4.00 times the p50 of redis-session.")
    change(run, "redis-session", p99_ci95_low_ns=100, p99_ci95_high_ns=10**7)
    words = point(run, "Slowest requests")
    assert words.endswith("An interval can be too wide to tell anything: that of redis-session goes from 100 ns to 10.0 ms.")
    assert "560 µs" not in words


@pytest.mark.parametrize("case", ["reference", "known", "wrong", "unusable", "moved"])
def test_every_sentence_can_be_read_at_once(case, run, tmp_path):
    if case == "wrong":
        change(run, "hs256-jwt", false_accepts=1)
    folder = {"reference": ROOT / "results/reference", "known": run, "wrong": run}.get(case) or run_folder(
        tmp_path / case, **{"unusable": "rs256-jwt"} if case == "unusable" else {"unsteady": theme.BASELINE})
    seen = told(folder)
    for text in [seen.measured, *seen.trust, *(text for _, text in seen.points)]:
        for sentence in re.split(r"(?<=[.:;]) ", text):
            assert len(sentence.split()) <= 27, sentence
    assert seen.points and all(text.endswith(".") for _, text in seen.points)


def test_the_baseline_may_move_as_far_as_the_table_of_the_program_says():
    source = (ROOT / "Sources/AuthResults/Text/Summary.swift").read_text()
    assert findings_module.MOST_MOVEMENT == float(re.search(r"enum BaselineMovement.*?let most = ([\d.]+)", source, re.S)[1])
