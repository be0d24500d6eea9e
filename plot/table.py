"""The table of the page: one row for each strategy and distance to its store, read from `summary.csv` and `size.csv`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import theme
from ranking import ranked
from results import Results
from wording import UNKNOWN, duration, known, number, time, whole

PROFILE = "rfc9068"


@dataclass(frozen=True)
class Cell:
    """A number as text, what stands below it, the value that the table is sorted by, and whether it is bad or good news."""

    text: str
    below: str = ""
    value: float | None = None
    alarm: bool = False
    good: bool = False


@dataclass(frozen=True)
class Column:
    """A header, what the column tells its reader, and its cell of a row."""

    header: str
    meaning: str
    cell: Callable[["Row"], Cell]


class Row:
    """What the files say of one strategy."""

    def __init__(self, strategy: str, results: Results, exposures: Results | None = None):
        self.strategy, self.exposures = strategy, exposures
        self.store = results.place(strategy)
        self.whole = results.rates().loc[strategy]
        times = results.times("authenticate")
        self.times = times[times.strategy == strategy]
        operations = results.summary[results.summary.strategy == strategy].operation
        self.presents_revoked = (operations == "revoked").any()
        self.credential_bytes = weighed(results, strategy, "credential_bytes")
        self.theory_ms = weighed(results, strategy, "exposure_theory_p50_ms", profile=None)
        self.baseline = strategy == theme.BASELINE
        self.unusable = not self.whole.valid or self.wrong > 0 or self.whole.errors > 0
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

    @property
    def exposure_ms(self) -> float | None:
        """How long half of the credentials still work after a logout, in theory; nothing for the baseline."""
        return None if self.baseline else self.theory_ms

    @property
    def cpu_us(self) -> float | None:
        client, store = self.whole.cpu_us_per_op, self.whole.store_cpu_us_per_op
        return client + (store if known(store) else 0) if known(client) else None

    @property
    def distance_ns(self) -> float | None:
        return self.whole.store_rtt_asked_ns if known(self.whole.store_rtt_asked_ns) else None

    def exposure(self) -> Cell:
        seen = None if self.exposures is None else self.exposures.exposure
        if seen is not None:
            rows = seen[(seen.strategy == self.strategy) & (seen.withdrawal == "logout")]
            if len(rows) and known(p50 := rows.p50_ms.iloc[0]):
                return Cell(life(p50), "measured", p50)
        if not known(self.exposure_ms):
            return Cell(UNKNOWN)
        return Cell(f"{'~' * bool(self.exposure_ms)}{life(self.exposure_ms)}", "by theory", self.exposure_ms)

    def trips(self) -> Cell:
        trips = self.whole.store_round_trips_per_op
        return Cell("0" if trips == 0 else number(trips), value=trips if known(trips) else None)

    def needed(self) -> Cell:
        count = self.whole.needed_clients_at_1000_per_second
        return Cell("<0.01" if known(count) and count < 0.01 else number(count), value=count if known(count) else None)

    def rate(self) -> Cell:
        row = self.whole
        low, high = row.operations_per_second_ci95_low, row.operations_per_second_ci95_high
        return Cell(number(row.operations_per_second), interval(low, high, number), row.operations_per_second)

    def processor(self) -> Cell:
        client, store = self.whole.cpu_us_per_op, self.whole.store_cpu_us_per_op
        below = f"{number(client)} + {number(store)} store" if known(store) and store > 0 else ""
        return Cell(number(self.cpu_us), below if known(store) else "+ store unknown", self.cpu_us)

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
           lambda row: Cell(row.strategy, f"store {row.store}" if row.store not in ("", "none") else "")),
    Column("Exposure", "How long half of the credentials still work after their logout. By theory it follows from the "
           "lifetimes; `authbench exposure` measures it. The rows are sorted by it, then by processor time.",
           lambda row: row.exposure()),
    Column("CPU µs per request", "Processor time of service and store together; below it each of them. The distance to a "
           "store changes it far less than the time.", lambda row: row.processor()),
    Column("Trips", "How often one request waits for a store across the network. Distance is paid so many times.",
           lambda row: row.trips()),
    Column("p50", "Half of the requests (authenticate) take less time; below it the 95 % interval.",
           lambda row: row.quantile("p50")),
    Column("p99", "One request in 100 takes longer; below it the 95 % interval.", lambda row: row.quantile("p99")),
    Column("Needs", "How many clients wait at once, on average, when 1000 requests begin in each second: 1000 × the mean "
           "time of a request in seconds.", lambda row: row.needed()),
    Column("Bytes", f"The size of the credential in each request (claim profile {PROFILE}).",
           lambda row: Cell(whole(row.credential_bytes), value=row.credential_bytes)),
    Column("Requests per second", "What all clients together did, of all operations; below it the 95 % interval. Without a "
           "rate that was asked for, each client waits for its answer. The rate then falls with the distance to the store "
           "and ranks nothing.", lambda row: row.rate()),
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


def table(results: Results, exposures: Results | None = None, also: Sequence[Results] = ()) -> dict | None:
    """Returns caption, columns and rows, or nothing for a folder without `summary.csv`.

    `exposures`: what was measured after logouts. `also`: runs of which those at another distance to the store get rows too.
    """
    if results.summary is None:
        return None
    rows = [Row(strategy, results, exposures) for strategy in theme.order(results.summary.strategy)]
    rows += [Row(strategy, run, exposures) for run in also if is_elsewhere(run, results)
             for strategy in theme.order(run.remote())]
    rows = ranked(rows)
    return {
        "columns": COLUMNS,
        "rows": [{"cells": [column.cell(row) for column in COLUMNS], "alarm": row.alarming,
                  "last": row.strategy == theme.BASELINE} for row in rows],
    }


def is_elsewhere(run: Results, results: Results) -> bool:
    """Tells whether a run had its stores at another distance, and is otherwise the same."""
    return run.summary is not None and run.distance_ns != results.distance_ns


def life(ms: float) -> str:
    """A lifetime as people think of it."""
    return duration(ms / 1000) if ms else "0"


def interval(low, high, write: Callable) -> str:
    return f"{write(low)} – {write(high)}" if known(low) and known(high) else ""


def weighed(results: Results, strategy: str, column: str, profile: str | None = PROFILE) -> float | None:
    """A figure of `size.csv`, where it is known: of what the measurement sent, or what is the same whatever it sent."""
    if results.size is None:
        return None
    rows = results.size[(results.size.strategy == strategy) & ((results.size.claim_profile == profile) | (profile is None))]
    return rows[column].iloc[0] if len(rows) and known(rows[column].iloc[0]) else None
