"""A real browser, for these tests and those of Tests/HTTP."""

import shutil

import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session")
def chromium():
    """Debian's; without one the tests fail rather than being left out."""
    program = shutil.which("chromium")
    assert program, "no chromium: .ci/install-packages test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()
