"""Every figure draws what the CSV files say, in units, with words that are computed from them."""

import csv
import subprocess
import sys
from pathlib import Path

import altair as alt
import pytest
import vl_convert

import comparison
import cost
import exposure
import figures
import latency
import load
import provenance
import size
import theme
import throughput
from conftest import STRATEGIES, exposure_folder, gate_folder, run_folder
from figure import Figure, Skipped
from results import open_results

REAL = [name for name in STRATEGIES if name != theme.FLOOR]


def drawn(tmp_path: Path, name: str) -> Figure:
    """One figure of a good folder."""
    run = open_results(run_folder(tmp_path / "run", rate=1000 if name == "load" else None))
    return {
        "exposure": lambda: exposure.figure(open_results(exposure_folder(tmp_path / "exposure")), cost=run),
        "load": lambda: load.figure(run, also=[open_results(run_folder(tmp_path / "fast", rate=9000, slower=3))]),
        "comparison": lambda: comparison.figure(open_results(gate_folder(tmp_path / "gate"))),
    }.get(name, lambda: next(each for each in figures.ALL if name == each.NAME).figure(run))()


def svg(figure: Figure, dark: bool = False) -> str:
    theme.apply(dark)
    return vl_convert.vegalite_to_svg(figure.chart.to_dict())


NAMES = [each.NAME for each in figures.ALL]
# Circles or bars in the picture: one for each strategy and quantile, repeat, part, profile, rate or compared row.
MARKS = {
    "latency": 5 * 3, "throughput": 5 * 3, "cost": 5 * 3, "size": 3 * 2, "exposure": 4, "load": 5 * 2, "comparison": 2,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_datum_has_a_mark(tmp_path, name):
    picture = svg(drawn(tmp_path, name))
    kind = "bar" if name == "cost" else "point"
    assert picture.count(f'aria-roledescription="{kind}"') == MARKS[name]
    assert "NaN" not in picture and "undefined" not in picture


@pytest.mark.parametrize("name", NAMES)
def test_light_and_dark_are_one_chart_in_other_colours(tmp_path, name):
    figure = drawn(tmp_path, name)
    light, dark = svg(figure), svg(figure, dark=True)
    assert light.count("<path") == dark.count("<path")
    assert "#FFFFFF" in light and "#15181D" in dark and "#FFFFFF" not in dark


UNITS = {
    "latency": ["ns to s", "quantile"], "throughput": ["per second"], "cost": ["seconds per million"],
    "size": ["bytes", "profile"], "exposure": ["s to h", "µs"], "load": ["ns to s", "per second"], "comparison": ["%"],
}


@pytest.mark.parametrize("name", NAMES)
def test_every_quantitative_axis_says_its_unit(tmp_path, name):
    titles = set()
    for layer in layers(drawn(tmp_path, name).chart.to_dict()):
        for channel in ("x", "y"):
            field = layer.get("encoding", {}).get(channel, {})
            if field.get("type") == "quantitative":
                titles.add(field["title"])
    for unit in UNITS[name]:
        assert any(unit in title for title in titles | {"claim profile"}), (unit, titles)
    assert all(any(unit in title for unit in UNITS[name]) for title in titles), titles


@pytest.mark.parametrize("name", NAMES)
def test_alt_text_names_every_strategy_and_tooltips_say_n(tmp_path, name):
    figure = drawn(tmp_path, name)
    expected = {"comparison": ["hs256-jwt"], "exposure": REAL}.get(name, list(STRATEGIES))
    assert all(strategy in figure.alt_text for strategy in expected)
    assert figure.chart.to_dict()["description"] == figure.alt_text
    assert figure.alt_text.endswith(".") and figure.sentence.endswith(".")
    shown = [layer.get("encoding", {}).get("tooltip", []) for layer in layers(figure.chart.to_dict())]
    tips = {tip["field"] for tooltip in shown for tip in tooltip}
    wanted = {"size": {"amount"}, "cost": {"n"}, "throughput": {"operations", "interval"},
              "exposure": {"n", "time", "alone"}}
    assert wanted.get(name, {"n", "interval"}) <= tips


def layers(spec: dict) -> list[dict]:
    return [spec] + [inner for layer in spec.get("layer", []) for inner in layers(layer)]


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
    assert words == (f"At p50 {best} answers fastest ({times[best] / 1000:.2f} µs) and {worst} slowest "
                     f"({times[worst] / 1000:.0f} µs, {times[worst] / times[best]:.1f} times as long).")


def test_latency_ends_where_the_samples_do_not_resolve_the_tail(run):
    text = (run / "summary.csv").read_text().splitlines()
    cells = text[4].split(",")
    cells[text[0].split(",").index("p99_ns")] = ""
    (run / "summary.csv").write_text("\n".join([*text[:4], ",".join(cells), *text[5:]]) + "\n")
    points = latency.curve(open_results(run).times("authenticate"))
    assert points.groupby("strategy").size().to_dict() == {name: 3 for name in STRATEGIES} | {cells[2]: 2}


def test_throughput_has_the_figures_of_the_valid_repeats_and_draws_all(tmp_path):
    folder = run_folder(tmp_path / "bad", invalid="hs256-jwt")
    figure = throughput.figure(open_results(folder))
    rates = values(folder, "summary.csv", "operations_per_second")
    assert rates["hs256-jwt"][0] in values(folder, "throughput.csv", "achieved_rate", valid="true")["hs256-jwt"]
    most, least = rates["hs256-jwt"][0], rates["redis-session"][0]
    assert figure.sentence == (
        f"hs256-jwt does {theme.digits(most)} operations per second, {most / least:.1f} times as many as redis-session "
        f"({theme.digits(least)}). 1 of 15 repeats are not valid.")
    assert svg(figure).count('aria-roledescription="point"') == 15


def test_a_strategy_without_a_valid_repeat_is_drawn_marked_and_in_no_comparison(tmp_path):
    run = open_results(run_folder(tmp_path / "bad", unusable="redis-session"))
    for each in (latency, throughput, cost):
        figure = each.figure(run)
        assert "redis-session (not valid)" in figure.alt_text or "(not valid)" in figure.alt_text, each.NAME
        assert "(not valid)" in svg(figure), each.NAME
        assert figure.sentence.endswith("No repeat is valid of redis-session."), figure.sentence
        assert figure.sentence.count("redis-session") == 1


def test_of_runs_without_any_valid_repeat_nothing_is_compared(tmp_path):
    folder = run_folder(tmp_path / "bad")
    for name in ("summary", "throughput"):
        file = folder / f"{name}.csv"
        file.write_text(file.read_text().replace(",true,", ",false,"))
    run = open_results(folder)
    for each in (latency, throughput, cost):
        assert "may be used" in each.figure(run).sentence, each.NAME


def test_cost_adds_up_to_the_mean_service_time(run):
    table = cost.costs(open_results(run)).set_index("strategy")
    for strategy, us in STRATEGIES.items():
        store = us / 4 if strategy == "redis-session" else 0
        assert table.loc[strategy, "client"] == us and table.loc[strategy, "store"] == store
        assert table.loc[strategy, ["client", "store", "waiting"]].sum() == pytest.approx(3 * us)
    assert "take 2.00 CPU-seconds with hs256-jwt and 125 with redis-session" in cost.figure(open_results(run)).sentence


def test_cost_says_where_the_store_cannot_be_seen(run):
    text = (run / "throughput.csv").read_text()
    (run / "throughput.csv").write_text(text.replace(",25.0,private-server", ",,unknown-foreign-server"))
    text = (run / "summary.csv").read_text()
    (run / "summary.csv").write_text(text.replace(",100,25.0\n", ",100,\n"))
    figure = cost.figure(open_results(run))
    assert "store CPU unknown" in figure.alt_text and "store CPU unknown" in svg(figure)


def test_size_draws_equal_strategies_as_one_line_with_both_limits(run):
    figure = size.figure(open_results(run))
    picture = svg(figure)
    assert "sqlite-session, redis-session" in picture and "hs256-jwt, rs256-jwt" in picture
    assert "4096: " in picture and "8192: " in picture
    assert "from 65 bytes" in figure.sentence and "to 9022" in figure.sentence
    assert figure.sentence.endswith("over the 4096 bytes of a cookie are hs256-jwt, rs256-jwt with roles-9kib.")


def test_exposure_marks_the_pareto_front(tmp_path):
    run = open_results(run_folder(tmp_path / "run"))
    table = exposure.points(open_results(exposure_folder(tmp_path / "exposure")).exposure, cost.costs(run))
    assert set(table[table.front].strategy) == {"hs256-jwt", "sqlite-session"}
    words = drawn(tmp_path / "again", "exposure").sentence
    assert "hs256-jwt costs least (2.00 µs" in words and "gets in for 11.7 h" in words
    assert "sqlite-session ends after 0 s" in words
    # What a login allows counts, not its credential alone.
    assert list(table[table.strategy == "hs256-jwt"].seconds) == [42_000]


def test_the_floor_is_in_no_ratio(tmp_path):
    for name in ("latency", "throughput", "exposure", "comparison", "load"):
        assert theme.FLOOR not in drawn(tmp_path / name, name).sentence


def test_comparison_tells_the_worst_regression(tmp_path):
    words = drawn(tmp_path, "comparison").sentence
    assert words == ("Of 2 rows: 1 regression, 1 pass; the largest regression is +12.3 % in time_ns of hs256-jwt "
                     "(95 %: +11.0 to +13.5 %).")


def test_load_takes_the_valid_repeats_at_each_rate(tmp_path):
    words = drawn(tmp_path, "load").sentence
    assert words.startswith("At 9\u202f000 requests per second hs256-jwt answers within 33.6 µs (p99)")
    assert "redis-session within 1.68 ms" in words


def skipped(tmp_path: Path) -> dict[str, Skipped | Figure]:
    run, shown = open_results(run_folder(tmp_path / "run")), open_results(exposure_folder(tmp_path / "exposure"))
    other = open_results(exposure_folder(tmp_path / "other", machine="Another CPU"))
    return {each.NAME: each.figure(shown) for each in figures.ALL} | {
        "closed": load.figure(run), "no exposure": exposure.figure(run), "machine": exposure.figure(other, cost=run)}


def test_what_a_folder_lacks_is_skipped_and_never_drawn(tmp_path):
    for name, figure in skipped(tmp_path).items():
        assert isinstance(figure, Skipped), name
        assert figure.reason and "\n" not in figure.reason


def test_the_command_writes_the_figure_or_one_line(run):
    script = Path(latency.__file__)
    good = subprocess.run([sys.executable, script, run], capture_output=True, text=True)
    assert (good.returncode, good.stderr) == (0, "")
    assert (run / "latency.svg").read_text().startswith("<svg")
    skip = subprocess.run([sys.executable, script.with_name("exposure.py"), run], capture_output=True, text=True)
    assert (skip.returncode, skip.stdout) == (0, "") and len(skip.stderr.splitlines()) == 1
    assert skip.stderr.startswith("exposure: skipped: ")


def test_names_are_moved_apart_in_their_order():
    assert theme.spread([1, 1, 5], 2) == [0, 2, 5]
    moved = theme.spread([3, 1, 2.9], 1)
    assert moved[1] < moved[2] < moved[0] and moved[0] - moved[2] == pytest.approx(1)


def luminance(colour: str) -> float:
    parts = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_stands_out_from_the_ground(dark):
    ground = luminance(theme.config(dark)["background"])
    for name, colour in theme.COLOURS.items():
        low, high = sorted([luminance(colour), ground])
        assert (high + 0.05) / (low + 0.05) >= 3, name


def test_a_strategy_keeps_its_colour_whatever_else_is_there():
    sets = ["hybrid", "mine"], [*STRATEGIES, "hybrid", "mine"]
    few, many = (theme.colour(names).to_dict()["scale"] for names in sets)
    for name in ("hybrid", "mine"):
        assert few["range"][few["domain"].index(name)] == many["range"][many["domain"].index(name)]
    assert isinstance(theme.colour(["a"]), alt.Color)


def test_a_run_whose_baseline_moved_has_no_green_banner(tmp_path):
    calm = provenance.provenance(open_results(run_folder(tmp_path / "calm")))
    assert calm["mood"] == "good" and "changed meanwhile" not in calm["verdict"]
    moved = provenance.provenance(open_results(run_folder(tmp_path / "moved", unsteady=theme.FLOOR)))
    assert moved["mood"] == "neutral" and "differs 1.73 times between repeats" in moved["verdict"]
    # In an open loop the rate is what was asked for.
    asked = provenance.provenance(open_results(run_folder(tmp_path / "open", rate=1000, unsteady=theme.FLOOR)))
    assert "changed meanwhile" not in asked["verdict"]
