"""Folders, their pages, and a Chromium without a network that opens them from disk."""

import shutil
from pathlib import Path

import crafted
import pytest
import theme
import vl_convert
from debian_chromium import chromium  # noqa: F401: a fixture
from opening import READY, ROOT, make_report, rewrite, until
from results import open_results

LONG = "acme-session-in-postgresql-with-replicas"


@pytest.fixture
def run(tmp_path):
    """A folder with known numbers, to be changed."""
    return crafted.run_folder(tmp_path / "run")


@pytest.fixture(scope="session")
def known(tmp_path_factory):
    """The same folder, opened, for those who only read."""
    return open_results(crafted.run_folder(tmp_path_factory.mktemp("known") / "run"))


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """The reference run, as on a machine without neighbours."""
    folder = Path(shutil.copytree(ROOT / "results/reference", tmp_path_factory.mktemp("reference") / "run",
                                  ignore=shutil.ignore_patterns("report.html", "*.svg")))
    rewrite(folder / "throughput.csv", lambda rows: [row.update(valid="true", reason="") for row in rows])
    rewrite(folder / "summary.csv", lambda rows: [
        row.update(valid="true", valid_repeats=row["repeats"]) for row in rows])
    return folder


@pytest.fixture
def folder(reference, tmp_path):
    """A copy of that folder, to be changed."""
    ignored = shutil.ignore_patterns("report.html", "histograms.jsonl")
    return Path(shutil.copytree(reference, tmp_path / "run", ignore=ignored))


@pytest.fixture(scope="session")
def report(reference):
    """The page of the reference run."""
    made = make_report(reference)
    assert (made.returncode, made.stderr) == (0, "")
    assert Path(made.stdout.strip()) == reference / "report.html"
    return reference / "report.html"


@pytest.fixture(scope="session")
def complete(tmp_path_factory):
    """The page of a folder with something for every figure, an invalid repeat and a very long name."""
    place = tmp_path_factory.mktemp("complete")
    folder = crafted.run_folder(place / "run", rate=1000, invalid="rs256-jwt")
    shutil.copy(crafted.gate_folder(place / "gate") / "gate.csv", folder)
    faster = crafted.run_folder(place / "faster", rate=4000, slower=3)
    away = crafted.run_folder(place / "away", rate=1000, away_ns=1_000_000)
    exposed = crafted.exposure_folder(place / "exposure")
    searched = crafted.capacity_folder(place / "capacity")
    for file in (*place.glob("*/*.csv"), *place.glob("*/run.json")):
        file.write_text(file.read_text().replace("sqlite-session", LONG))
    made = make_report(folder, exposure=exposed, also=[faster, away], sweep=searched)
    assert (made.returncode, made.stderr) == (0, "")
    return folder / "report.html"


@pytest.fixture(scope="session", params=["report", "complete"])
def either(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def picture():
    """Renders a figure as SVG, each once."""
    made = {}

    def svg(figure, dark=False):
        if (id(figure), dark) not in made:
            theme.apply(dark)
            made[id(figure), dark] = figure, vl_convert.vegalite_to_svg(figure.chart.to_dict())
        return made[id(figure), dark][1]

    return svg


@pytest.fixture(scope="session")
def window(chromium):
    """Opens pages offline; returns them, and the list of what they complain of or ask for."""
    faults = []

    def note(request):
        if not request.url.startswith(("file:", "data:")):
            faults.append(f"asked for {request.url}")

    def open_page(path, width=1440, scheme="light", ready=True, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **options)
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", note)
        page.goto(path.as_uri())
        if ready:
            until(page, READY)
        return page

    return open_page, faults


@pytest.fixture
def opened(window):
    """Opens a page that the test may change; at the end nothing may have been complained of or asked for."""
    open_page, faults = window
    pages = []
    yield lambda *words, **options: pages.append(open_page(*words, **options)) or pages[-1]
    for page in pages:
        page.context.close()
    told_once(faults)


@pytest.fixture(scope="session")
def pages():
    return {}


@pytest.fixture
def seen(window, pages):
    """A page that the test only looks at: opened once for all of them."""
    open_page, faults = window

    def look(path, width=1440, scheme="light"):
        if (path, width, scheme) not in pages:
            pages[path, width, scheme] = open_page(path, width, scheme)
        return pages[path, width, scheme]

    yield look
    told_once(faults)


def told_once(faults):
    """Fails the test that met them, and no other."""
    found = list(faults)
    faults.clear()
    assert found == []
