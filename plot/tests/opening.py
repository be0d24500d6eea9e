"""How the tests make a page, and wait for it."""

import contextlib
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import report as command

ROOT = Path(__file__).parents[2]
READY = """[...document.querySelectorAll('figure')].every(figure => figure.classList.contains('drawn')
    && figure.querySelector('.still').src.startsWith('data:image/svg+xml,'))"""


@dataclass(frozen=True)
class Made:
    """What a program ended with and wrote."""

    returncode: int
    stdout: str
    stderr: str


def make_report(folder, also=(), **options):
    """What `make report` runs, without a process of its own; options with a folder each: exposure, sweep, claims, advice."""
    words = [str(folder), *(word for name, value in options.items() if value for word in (f"--{name}", str(value)))]
    words += [word for other in also for word in ("--also", str(other))]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        status = command.main(words)
    return Made(status, out.getvalue(), err.getvalue())


def until(page, condition):
    """Waits for a condition; Playwright's own way evaluates text in the page, which the page's policy forbids."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"never came true: {condition}")


def rewrite(file, change):
    """Changes the rows of a CSV file as dictionaries."""
    rows = list(csv.DictReader(file.open(newline="")))
    change(rows)
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
