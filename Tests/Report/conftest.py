"""A real run, its page as `make report` writes it, and a Chromium without a network that opens it from disk."""

import shutil
import subprocess
from pathlib import Path

import pytest
from opening import CRAFTED, READY, ROOT, make_report, rewrite, until
from playwright.sync_api import sync_playwright

AUTHBENCH = ROOT / ".build/debug/authbench"


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """The result folder of a short real run of all strategies, as on a machine without neighbours."""
    place = tmp_path_factory.mktemp("report")
    short = ["--population", "1000", "--operations", "20000", "--repeats", "2"]
    done = subprocess.run([AUTHBENCH, "run", "--quiet", *short], cwd=place, stdout=subprocess.DEVNULL)
    # 3: numbers that a neighbour disturbed, which the rows say.
    assert done.returncode in (0, 3)
    folder = (place / "results/latest").resolve()
    rewrite(folder / "throughput.csv", lambda rows: [row.update(valid="true", reason="") for row in rows])
    rewrite(folder / "summary.csv", lambda rows: [
        row.update(valid="true", valid_repeats=row["repeats"]) for row in rows])
    return folder


@pytest.fixture
def folder(run, tmp_path):
    """A copy of that folder, to be changed."""
    return Path(shutil.copytree(run, tmp_path / "run", ignore=shutil.ignore_patterns("report.html", "histograms")))


@pytest.fixture(scope="session")
def report(run):
    made = make_report(run)
    assert made.returncode == 0, made.stderr
    assert Path(made.stdout.strip()) == run / "report.html"
    return run / "report.html"


@pytest.fixture(scope="session")
def complete(tmp_path_factory):
    """The page of a folder with known numbers, and with something for every figure."""
    place = tmp_path_factory.mktemp("complete")
    folder = CRAFTED.run_folder(place / "run", rate=1000, invalid="rs256-jwt")
    shutil.copy(CRAFTED.gate_folder(place / "gate") / "gate.csv", folder)
    faster = CRAFTED.run_folder(place / "faster", rate=4000, slower=3)
    made = make_report(folder, EXPOSURE=CRAFTED.exposure_folder(place / "exposure"), ALSO=faster)
    assert made.returncode == 0, made.stderr
    return folder / "report.html"


@pytest.fixture(scope="session", params=["report", "complete"])
def either(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def chromium():
    """Debian's; without one the tests fail rather than being left out."""
    program = shutil.which("chromium")
    assert program, "no chromium: .ci/install-packages test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """Opens a page offline; at the end of the test nothing may have been complained of or asked for."""
    faults, contexts = [], []

    def note(request):
        if not request.url.startswith(("file:", "data:")):
            faults.append(f"asked for {request.url}")

    def open_page(path, width=1440, scheme="light", ready=True, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", note)
        page.goto(path.as_uri())
        if ready:
            until(page, READY)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
