"""How the tests make a page, and wait for it."""

import csv
import os
import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]
# Folders with known numbers, as the tests of the plots make them.
CRAFTED = SimpleNamespace(**runpy.run_path(str(ROOT / "plot/conftest.py")))
READY = """[...document.querySelectorAll('figure')].every(figure => figure.classList.contains('drawn')
    && figure.querySelector('.still').src.startsWith('data:image/svg+xml,'))"""


def make_report(folder, **variables):
    """The command of a user, as it is typed."""
    words = [f"{name}={value}" for name, value in ({"RESULTS": folder} | variables).items()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", "--silent", "report", *words], cwd=ROOT, env=environment, capture_output=True, text=True)


def until(page, condition):
    """Waits for a condition; Playwright's own way evaluates text in the page, which the page's policy forbids."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {condition}")


def rewrite(file, change):
    """Changes the rows of a CSV file as dictionaries."""
    rows = list(csv.DictReader(file.open(newline="")))
    change(rows)
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
