"""The table of the page: one row for each strategy, read from `summary.csv` and `size.csv`."""

from collections.abc import Callable
from dataclasses import dataclass

import theme
from results import Results
from wording import UNKNOWN, known, number, time, whole

PROFILE = "rfc9068"


@dataclass(frozen=True)
class Cell:
    """A number as text, what stands below it, the value that the table is sorted by, and whether it is bad news."""

    text: str
    below: str = ""
    value: float | None = None
    alarm: bool = False


@dataclass(frozen=True)
class Column:
    """A header, what the column tells its reader, and its cell of a row."""

    header: str
    meaning: str
    cell: Callable[["Row"], Cell]


class Row:
    """What the files say of one strategy."""

    def __init__(self, strategy: str, results: Results):
        self.strategy = strategy
        self.whole = results.rates().loc[strategy]
        times = results.times("authenticate")
        self.times = times[times.strategy == strategy]
        operations = results.summary[results.summary.strategy == strategy].operation
        self.presents_revoked = (operations == "revoked").any()
        self.credential_bytes = credential_bytes(results, strategy)
        # Wrong decisions and disturbed repeats are not to be overlooked.
        self.alarming = self.wrong > 0 or self.whole.valid_repeats < self.whole.repeats

    @property
    def wrong(self) -> int:
        return int(self.whole.false_accepts + self.whole.false_rejects)

    def quantile(self, name: str) -> Cell:
        if self.times.empty or not known(value := self.times.iloc[0][f"{name}_ns"]):
            return Cell(UNKNOWN)
        row = self.times.iloc[0]
        return Cell(time(value), interval(row[f"{name}_ci95_low_ns"], row[f"{name}_ci95_high_ns"], time), value)

    def rate(self) -> Cell:
        row = self.whole
        low, high = row.operations_per_second_ci95_low, row.operations_per_second_ci95_high
        return Cell(number(row.operations_per_second), interval(low, high, number), row.operations_per_second)

    def processor(self) -> Cell:
        client, store = self.whole.cpu_us_per_op, self.whole.store_cpu_us_per_op
        below = f"+ {number(store)} store" if known(store) and store > 0 else "" if known(store) else "+ store unknown"
        return Cell(number(client), below, client + (store if known(store) else 0) if known(client) else None)

    def stale(self) -> Cell:
        count = self.whole.stale_accepts
        if not count and not self.presents_revoked:
            return Cell(UNKNOWN, "not tried")
        return Cell(whole(count), "as tokens do" if count and self.strategy != theme.BASELINE else "", count)

    def repeats(self) -> Cell:
        row = self.whole
        return Cell(f"{row.valid_repeats}/{row.repeats}", "" if row.valid else "figures not valid", row.valid_repeats,
                    row.valid_repeats < row.repeats)


COLUMNS = [
    Column("Strategy", "null-baseline does nothing: it is what the harness itself costs, and no strategy to choose.",
           lambda row: Cell(row.strategy)),
    Column("p50", "Half of the requests (authenticate) take less time; below it the 95 % interval.",
           lambda row: row.quantile("p50")),
    Column("p99", "One request in 100 takes longer; below it the 95 % interval.", lambda row: row.quantile("p99")),
    Column("Requests per second", "What all clients together did, of all operations; below it the 95 % interval. "
           "It tells what these clients drive, not the most that a server can serve.", lambda row: row.rate()),
    Column("CPU µs per request", "Processor time of the client's process; below it that of the store's own process.",
           lambda row: row.processor()),
    Column("Bytes", f"The size of the credential in each request (claim profile {PROFILE}).",
           lambda row: Cell(whole(row.credential_bytes), value=row.credential_bytes)),
    Column("Stale", "Requests that were accepted after their logout. A token promises no more: it is accepted until it "
           "expires. For a strategy that promises more, such a request counts as wrong.", lambda row: row.stale()),
    Column("Wrong", "Decisions that must not be: bad credentials accepted, or good ones refused. "
           "One makes all figures of the row worthless.",
           lambda row: Cell(whole(row.wrong), value=row.wrong, alarm=row.wrong > 0)),
    Column("Errors", "Requests on which nothing was decided, because a store was away or too slow.",
           lambda row: Cell(whole(row.whole.errors), value=row.whole.errors)),
    Column("Valid repeats", "How many repeats may be used, of all. Times, rates and processor time come from them alone, "
           "stale, wrong and errors from all.", lambda row: row.repeats()),
]


def table(results: Results) -> dict | None:
    """Returns caption, columns and rows, or nothing for a folder without `summary.csv`."""
    if results.summary is None:
        return None
    rows = [Row(strategy, results) for strategy in theme.order(results.summary.strategy)]
    return {
        "columns": COLUMNS,
        "rows": [{"cells": [column.cell(row) for column in COLUMNS], "alarm": row.alarming,
                  "last": row.strategy == theme.BASELINE} for row in rows],
    }


def interval(low, high, write: Callable) -> str:
    return f"{write(low)} – {write(high)}" if known(low) and known(high) else ""


def credential_bytes(results: Results, strategy: str) -> int | None:
    """The bytes of what the measurement sent, where they were weighed."""
    if results.size is None:
        return None
    rows = results.size[(results.size.strategy == strategy) & (results.size.claim_profile == PROFILE)]
    return int(rows.credential_bytes.iloc[0]) if len(rows) else None
