"""Every figure draws what the CSV files say, in units, with words that are computed from them."""

import csv
from functools import cache
from pathlib import Path

import comparison
import cost
import distance
import exposure
import front
import latency
import lifetime
import load
import pytest
import request
import size
import sweep
import theme
import throughput
import wording
from crafted import STRATEGIES, exposure_folder, gate_folder, http_folder, lifetime_folder, run_folder, sweep_folder
from figure import Figure, Skipped
from opening import rewrite
from report import FIGURES
from results import open_results

REAL = [name for name in STRATEGIES if name != theme.BASELINE]
NAMES = [each.NAME for each in FIGURES]
# Circles or bars in the picture: one for each strategy and quantile, repeat, part, profile, rate or compared row.
MARKS = {
    "latency": 5 * 3, "throughput": 5 * 3, "cost": 5 * 2, "size": 3 * 2, "exposure": 4, "load": 5 * 2, "comparison": 2,
    "distance": 3 * 2, "front": 2 * 4, "lifetime": 4, "request": 2, "sweep": 2 * 3,
}


def far(place: Path, ns: int, **options):
    """A run with its stores so far away."""
    return open_results(run_folder(place / f"far{ns}", away_ns=ns, **options))


@pytest.fixture(scope="session")
def drawn(known, tmp_path_factory):
    """Returns a figure of a good folder by its name; each is made once."""
    place = tmp_path_factory.mktemp("drawn")

    @cache
    def figure(name: str) -> Figure:
        if name == "load":
            slow, fast = run_folder(place / "slow", rate=1000), run_folder(place / "fast", rate=9000, slower=3)
            return load.figure(open_results(slow), also=[open_results(fast)])
        if name == "distance":
            return distance.figure(known, also=[far(place, ns) for ns in (1_000_000, 200_000)])
        if name == "front":
            exposed = open_results(exposure_folder(place / "front/exposure"))
            return front.figure(known, exposure=exposed, also=[far(place / "front", 1_000_000)])
        if name == "lifetime":
            return lifetime.figure(open_results(lifetime_folder(place / "lifetime")))
        if name == "request":
            return request.figure(open_results(http_folder(place / "request")))
        if name == "sweep":
            return sweep.figure(open_results(sweep_folder(place / "sweep")))
        if name == "exposure":
            return exposure.figure(open_results(exposure_folder(place / "exposure")), cost=known)
        if name == "comparison":
            return comparison.figure(open_results(gate_folder(place / "gate")))
        return next(each for each in FIGURES if name == each.NAME).figure(known)

    return figure


@pytest.mark.parametrize("name", NAMES)
def test_every_datum_has_a_mark(drawn, picture, name):
    svg = picture(drawn(name))
    kind = "bar" if name == "cost" else "point"
    assert svg.count(f'aria-roledescription="{kind}"') == MARKS[name]
    assert "NaN" not in svg and "undefined" not in svg


@pytest.mark.parametrize("name", NAMES)
def test_light_and_dark_are_one_chart_in_other_colours(drawn, picture, name):
    light, dark = (picture(drawn(name), dark) for dark in (False, True))
    assert light.count("<path") == dark.count("<path")
    assert "#FFFFFF" in light and "#15181D" in dark and "#FFFFFF" not in dark


@pytest.mark.parametrize("name", NAMES)
def test_the_words_above_a_figure_fit_and_end(drawn, name):
    figure = drawn(name)
    assert figure.note.endswith(".") and figure.title
    assert all(len(line) <= 95 for line in figure.chart.title.subtitle)


UNITS = {
    "latency": ["time", "share"], "throughput": ["per second"], "cost": ["seconds per million"],
    "size": ["bytes", "profile"], "exposure": ["s to h", "µs"], "load": ["time", "per second"], "comparison": ["%"],
    "distance": ["time"], "front": ["s to h", "µs", "time"],
    "lifetime": ["in s", "µs"], "request": ["µs"], "sweep": ["clients", "time"],
}


@pytest.mark.parametrize("name", NAMES)
def test_every_quantitative_axis_says_its_unit(drawn, name):
    titles = set()
    for layer in layers(drawn(name).chart.to_dict()):
        for channel in ("x", "y"):
            field = layer.get("encoding", {}).get(channel, {})
            if field.get("type") == "quantitative":
                titles.add(field["title"])
    for unit in UNITS[name]:
        assert any(unit in title for title in titles | {"claim profile"}), (unit, titles)
    assert all(any(unit in title for unit in UNITS[name]) for title in titles), titles


@pytest.mark.parametrize("name", NAMES)
def test_alt_text_names_every_strategy_and_tooltips_say_n(drawn, name):
    figure = drawn(name)
    expected = {"comparison": ["hs256-jwt"], "exposure": REAL, "distance": REAL, "front": REAL,
                "lifetime": ["hybrid", "hybrid@alg=es256"], "request": ["hs256-jwt"], "sweep": ["hs256-jwt", "redis-session"]}.get(name, list(STRATEGIES))
    assert all(strategy in figure.alt_text for strategy in expected)
    assert figure.chart.to_dict()["description"] == figure.alt_text
    assert figure.alt_text.endswith(".") and figure.sentence.endswith(".")
    shown = [layer.get("encoding", {}).get("tooltip", []) for layer in layers(figure.chart.to_dict())]
    tips = {tip["field"] for tooltip in shown for tip in tooltip}
    wanted = {"size": {"amount"}, "cost": {"n"}, "throughput": {"operations", "interval"},
              "exposure": {"n", "time", "alone"}, "lifetime": {"n", "renewals"}, "request": {"repeats"}}
    assert wanted.get(name, {"n", "interval"}) <= tips


def layers(spec: dict) -> list[dict]:
    parts = spec.get("layer", []) + spec.get("vconcat", [])
    return [spec] + [inner for part in parts for inner in layers(part)]


def values(folder: Path, file: str, field: str, **wanted: str) -> dict[str, list[float]]:
    """A column by strategy, read without pandas."""
    found: dict[str, list[float]] = {}
    for row in csv.DictReader((folder / file).open()):
        if all(row[key] == value for key, value in wanted.items()):
            found.setdefault(row["strategy"], []).append(float(row[field]))
    return found


def test_latency_tells_the_figures_of_the_summary(run):
    times = {name: found[0] for name, found in values(run, "summary.csv", "p50_ns").items() if name in REAL}
    words = latency.figure(open_results(run)).sentence
    best, worst = min(times, key=times.get), max(times, key=times.get)
    assert (best, worst) == ("hs256-jwt", "redis-session")
    assert words == (f"Half of the requests to {best} take less than {times[best] / 1000:.2f} µs (p50), "
                     f"of those to {worst} less than {times[worst] / 1000:.0f} µs.")


def test_latency_ends_where_the_samples_do_not_resolve_the_tail(run):
    rewrite(run / "summary.csv", lambda rows: [row.update(p99_ns="") for row in rows if row["strategy"] == "hs256-jwt"])
    points = latency.curve(open_results(run).times("authenticate"))
    assert points.groupby("strategy").size().to_dict() == {name: 3 for name in STRATEGIES} | {"hs256-jwt": 2}


def test_an_interval_that_ends_at_zero_is_drawn(picture, tmp_path):
    folder = run_folder(tmp_path / "run")
    rewrite(folder / "summary.csv", lambda rows: [row.update(
        p50_ci95_low_ns="0", operations_per_second_ci95_low="0.0") for row in rows if row["strategy"] == "hs256-jwt"])
    rewrite(folder / "throughput.csv", lambda rows: [row.update(achieved_rate_ci95_low="0.0") for row in rows[:3]])
    results = open_results(folder)
    for each in (latency, throughput):
        svg = picture(each.figure(results))
        assert "NaN" not in svg and "undefined" not in svg


def test_throughput_has_the_figures_of_the_valid_repeats_and_draws_all(picture, tmp_path):
    folder = run_folder(tmp_path / "bad", invalid="hs256-jwt")
    figure = throughput.figure(open_results(folder))
    rates = values(folder, "summary.csv", "operations_per_second")
    assert rates["hs256-jwt"][0] in values(folder, "throughput.csv", "achieved_rate", valid="true")["hs256-jwt"]
    most, least = rates["hs256-jwt"][0], rates["redis-session"][0]
    assert figure.sentence == (
        f"The clients did {wording.digits(most)} requests per second with hs256-jwt and {wording.digits(least)} with "
        "redis-session. With redis-session they also waited for a store across the network. 1 of 15 repeats is not valid.")
    assert "ranks nothing" in figure.note
    assert picture(figure).count('aria-roledescription="point"') == 15


def test_a_strategy_without_a_valid_repeat_is_drawn_marked_and_in_no_comparison(picture, tmp_path):
    run = open_results(run_folder(tmp_path / "bad", unusable="redis-session"))
    for each in (latency, throughput, cost):
        figure = each.figure(run)
        assert "(not valid)" in figure.alt_text, each.NAME
        assert "(not valid)" in picture(figure), each.NAME
        assert figure.sentence.endswith("No repeat is valid of redis-session."), figure.sentence
        assert figure.sentence.count("redis-session") == 1, figure.sentence


def test_of_runs_without_any_valid_repeat_nothing_is_compared(tmp_path):
    folder = run_folder(tmp_path / "bad")
    for name in ("summary", "throughput"):
        file = folder / f"{name}.csv"
        file.write_text(file.read_text().replace(",true,", ",false,"))
    run = open_results(folder)
    for each in (latency, throughput, cost):
        assert "may be used" in each.figure(run).sentence, each.NAME


def test_cost_is_processor_time_and_no_waiting(known, picture):
    table = cost.costs(known).set_index("strategy")
    for strategy, us in STRATEGIES.items():
        store = us / 4 if strategy == "redis-session" else 0
        assert table.loc[strategy, "client"] == us and table.loc[strategy, "store"] == store
    figure = cost.figure(known)
    assert figure.sentence == "A million requests take 2.00 processor seconds with hs256-jwt and 125 with redis-session."
    # Clients that queue for a processor cannot be told from clients that wait for a store.
    assert not any("wait" in text for text in (figure.sentence, figure.alt_text))
    assert "redis-session: 125 s, of these 25.0 s in the store" in picture(figure)


def test_cost_has_few_ticks_whatever_its_range(run, picture):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(cpu_us_per_op="1517.3") for row in rows if row["strategy"] == "rs256-jwt"])
    svg = picture(cost.figure(open_results(run)))
    labels = svg.split("role-axis-label")[1].split("</g>")[0]
    assert 3 <= labels.count("<text") <= 8


def test_cost_says_where_the_store_cannot_be_seen(run, picture):
    rewrite(run / "summary.csv", lambda rows: [
        row.update(store_cpu_us_per_op="") for row in rows if row["strategy"] == "redis-session"])
    figure = cost.figure(open_results(run))
    assert "redis-session 100 s in the client, that of the store unknown" in figure.alt_text
    assert "redis-session: 100 s (store unknown)" in picture(figure)
    assert figure.sentence.endswith("What the store of redis-session takes cannot be seen from here.")


def test_size_draws_equal_strategies_as_one_line_with_both_limits(known, picture):
    figure = size.figure(known)
    svg = picture(figure)
    assert all(f">{line}</tspan>" in svg for line in ("sqlite-session,", "redis-session", "hs256-jwt,", "rs256-jwt"))
    assert "cookie limit" in svg and "server limit" in svg
    assert "from 65 bytes" in figure.sentence and "to 9022" in figure.sentence
    assert figure.sentence.endswith("With roles-9kib, the credential of hs256-jwt and rs256-jwt does not fit into a cookie of "
                                    "4096 bytes.")


def test_exposure_marks_the_pareto_front(drawn, known, tmp_path):
    table = exposure.points(open_results(exposure_folder(tmp_path / "exposure")).exposure, cost.costs(known))
    assert set(table[table.front].strategy) == {"hs256-jwt", "sqlite-session"}
    assert drawn("exposure").sentence == (
        "hs256-jwt costs least, 2.00 µs per request. After a logout, a holder who renews it still gets in for 11.7 h. "
        "sqlite-session ends that after 0 s and costs 5.00 µs.")
    # What a login allows counts, not its credential alone.
    assert list(table[table.strategy == "hs256-jwt"].seconds) == [42_000]


def test_the_baseline_is_in_no_ratio(drawn):
    for name in NAMES:
        assert theme.BASELINE not in drawn(name).sentence


def test_comparison_tells_the_worst_regression(drawn):
    assert drawn("comparison").sentence == (
        "Of 2 rows: 1 regression and 1 pass. The largest regression is +12.3 % in time_ns of hs256-jwt "
        "(95 %: +11.0 to +13.5 %).")


def test_of_many_rows_those_that_matter_come_first_and_the_note_tells_how_many_there_are(tmp_path):
    folder = gate_folder(tmp_path / "gate")
    rewrite(folder / "gate.csv", lambda rows: rows.extend(
        rows[1] | {"operation": f"renew-{place}"} for place in range(60)))
    figure = comparison.figure(open_results(folder))
    assert "The first 40 of 62 rows" in figure.note and figure.note.endswith("gate.csv has all.")
    assert figure.alt_text.index("regression") < figure.alt_text.index("pass")
    assert figure.sentence.startswith("Of 62 rows: 61 pass and 1 regression.")


def test_load_takes_the_valid_repeats_at_each_rate(drawn):
    words = drawn("load").sentence
    assert words.startswith("At 9\u202f000 requests per second, the p99 of hs256-jwt is 33.6 µs")
    assert words.endswith("and that of redis-session 1.68 ms.")


def test_distance_has_the_distance_that_was_reached_and_names_the_strategies_it_stays_behind(known, tmp_path):
    table = distance.points([known, far(tmp_path, 200_000), far(tmp_path, 1_000_000)])
    redis = table[(table.strategy == "redis-session") & (table["quantile"] == "p50")]
    # Next door it is what run.json says, and behind a relay what was measured there.
    assert list(redis.place_ns) == [20_000, 201_000, 1_001_000]
    assert list(redis.time_ns) == [140_000, 420_000, 1_540_000]
    level = table[(table.strategy == "rs256-jwt") & (table["quantile"] == "p99")]
    assert list(level.place_ns) == [20_000, 1_001_000] and level.time_ns.nunique() == 1
    assert theme.BASELINE not in set(table.strategy)
    assert distance.figure(known, also=[far(tmp_path / "b", 1_000_000)]).sentence == (
        "At every distance from 20.0 µs on, redis-session is slower than sqlite-session, hs256-jwt and rs256-jwt.")


def crossing(tmp_path, us: str, **more):
    """The sentence where the p50 of RS256 is so long, and that of Redis 140 µs at 20 µs, 420 at 201 and 1540 at 1001."""
    folder = run_folder(tmp_path / "run")
    rewrite(folder / "summary.csv", lambda rows: [
        row.update(p50_ns=us + "000", p50_ci95_low_ns=us + "000", p50_ci95_high_ns=us + "000", **more) for row in rows
        if row["strategy"] == "rs256-jwt"])
    runs = [far(tmp_path, 1_000_000), far(tmp_path, 200_000)]
    return distance.figure(open_results(folder), also=runs).sentence


@pytest.mark.parametrize("us, words", [
    # A quarter of the way from 140 to 420 µs is a quarter of the way from 20 to 201 µs, and half is half.
    ("210", "Below 65.2 µs, redis-session is faster than rs256-jwt; above it never."),
    ("280", "Below 110 µs, redis-session is faster than rs256-jwt; above it never. At every distance from 20.0 µs on"),
    ("980", "Below 601 µs, redis-session is faster than rs256-jwt; above it never."),
    ("9999", "At every distance up to 1.00 ms, redis-session is faster than rs256-jwt."),
    ("139", "At 20.0 µs the intervals of redis-session and of rs256-jwt overlap; further away redis-session is slower."),
    ("90", "redis-session is slower than sqlite-session, hs256-jwt and rs256-jwt."),
])
def test_distance_names_each_crossing_by_straight_lines_between_the_measured_distances(tmp_path, us, words):
    assert words in crossing(tmp_path, us)


def test_distance_tells_of_a_line_that_crosses_more_than_once(tmp_path):
    near = run_folder(tmp_path / "run")
    mid = run_folder(tmp_path / "mid", away_ns=200_000)
    rewrite(mid / "summary.csv", lambda rows: [row.update(p50_ns="20000") for row in rows])
    runs = [open_results(mid), far(tmp_path, 1_000_000)]
    words = distance.figure(open_results(near), also=runs).sentence
    assert "The p50 of redis-session crosses that of rs256-jwt at about 189 µs and 205 µs." in words


def test_distance_takes_no_repeat_that_must_not_be_used(tmp_path, known, picture):
    bad = far(tmp_path, 1_000_000, unusable="redis-session")
    figure = distance.figure(known, also=[far(tmp_path, 200_000), bad])
    assert "× is not valid" in figure.note and "(not valid)" in figure.alt_text
    assert picture(figure).count('aria-roledescription="point"') == 4 + 2
    assert "up to" not in figure.sentence and figure.sentence.startswith("At every distance from 20.0 µs on")


def test_distance_needs_two_distances_of_one_machine(known, tmp_path):
    assert "two distances" in distance.figure(known).reason
    assert "two distances" in distance.figure(known, also=[known]).reason
    other = run_folder(tmp_path / "other", away_ns=200_000)
    record = other / "run.json"
    record.write_text(record.read_text().replace('"cores": 4', '"cores": 8'))
    assert "the machines differ" in distance.figure(known, also=[open_results(other)]).reason


def test_runs_at_another_distance_are_no_other_load(tmp_path):
    slow = open_results(run_folder(tmp_path / "slow", rate=1000))
    away = open_results(run_folder(tmp_path / "away", rate=9000, away_ns=1_000_000))
    assert "two rates" in load.figure(slow, also=[away]).reason


def skipped(tmp_path: Path, known) -> dict[str, Skipped | Figure]:
    shown = open_results(exposure_folder(tmp_path / "exposure"))
    other = open_results(exposure_folder(tmp_path / "other", machine="Another CPU"))
    return {each.NAME: each.figure(shown) for each in FIGURES} | {
        "closed": load.figure(known), "no exposure": exposure.figure(known), "machine": exposure.figure(other, cost=known)}


def test_what_a_folder_lacks_is_skipped_and_never_drawn(known, tmp_path):
    for name, figure in skipped(tmp_path, known).items():
        assert isinstance(figure, Skipped), name
        assert figure.reason and "\n" not in figure.reason
