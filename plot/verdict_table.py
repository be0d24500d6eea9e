"""The table that the page begins with: one row for each strategy, from the repeats whose numbers may be used."""

from dataclasses import dataclass
from typing import Callable

import theme
from wording import UNKNOWN, known, number, time, whole

PROFILE = "rfc9068"


@dataclass(frozen=True)
class Column:
    """One column: its header, what it holds, and its cell as a value and the range below it."""

    header: str
    meaning: str
    cell: Callable


class Measured:
    """What the files say of one strategy, over its valid repeats."""

    def __init__(self, strategy, results):
        own = results.throughput[results.throughput.strategy == strategy]
        self.strategy, self.all = strategy, own
        self.valid = own[own.valid]
        self.latency = latency_of(results, strategy, self.valid["repeat"])
        self.credential_bytes = credential_bytes(results, strategy)

    def median(self, column):
        return self.valid[column].median() if len(self.valid) else None

    def quantile(self, name):
        """The median of the repeats, and the hull of their intervals."""
        if self.latency is None or self.latency.empty or not known(middle := self.latency[f"{name}_ns"].median()):
            return UNKNOWN, ""
        low, high = self.latency[f"{name}_ci95_low_ns"].min(), self.latency[f"{name}_ci95_high_ns"].max()
        return time(middle), f"{time(low)} – {time(high)}" if known(low) and known(high) else ""

    def rate(self):
        """The median of the repeats, and how far the hull of their intervals reaches from it."""
        middle = self.median("achieved_rate")
        if not known(middle):
            return UNKNOWN, ""
        low, high = self.valid.achieved_rate_ci95_low.min(), self.valid.achieved_rate_ci95_high.max()
        if not (known(low) and known(high)) or middle == 0:
            return number(middle), ""
        return number(middle), f"± {100 * max(high - middle, middle - low) / middle:.0f} %"

    def processor(self):
        """The client's time, and the store's below it."""
        client, store = self.median("cpu_us_per_op"), self.median("store_cpu_us_per_op")
        below = f"+ {number(store)} store" if known(store) and store > 0 else ""
        return number(client), below

    def count(self, *columns):
        """Over all repeats, for what is wrong stays wrong in a repeat that was disturbed."""
        return int(self.all[list(columns)].sum().sum())


def latency_of(results, strategy, repeats):
    """The rows of `authenticate`; in an open loop with the waiting, which users feel."""
    if results.latency is None:
        return None
    rows = results.latency[(results.latency.strategy == strategy) & (results.latency.operation == "authenticate")]
    rows = rows[rows["repeat"].isin(repeats)]
    response = rows[rows.clock == "response"]
    return response if len(response) else rows


def credential_bytes(results, strategy):
    """The bytes of what the measurement sent, where they were weighed."""
    if results.size is None:
        return None
    rows = results.size[(results.size.strategy == strategy) & (results.size.claim_profile == PROFILE)]
    return int(rows.credential_bytes.iloc[0]) if len(rows) else None


COLUMNS = [
    Column("Strategy", "The strategy; null-baseline is the harness's own cost.", lambda m: (m.strategy, "")),
    Column("p50", "Median time of authenticate; below it the lowest and highest end of the repeats' 95 % intervals.",
           lambda m: m.quantile("p50")),
    Column("p99", "One request in a hundred takes longer; below it the ends of the intervals.", lambda m: m.quantile("p99")),
    Column("Requests per second", "Completed operations of the whole mix, all clients; ± reaches the farther end of the"
           " repeats' 95 % intervals.", lambda m: m.rate()),
    Column("CPU µs per request", "Processor time of the client process; below it that of the store's own process.",
           lambda m: m.processor()),
    Column("Bytes", f"The credential that a request carries (claim profile {PROFILE}).",
           lambda m: (whole(m.credential_bytes), "")),
    Column("Wrong", "Decisions that must not be: false accepts and false rejects, in all repeats.",
           lambda m: (whole(m.count("false_accepts", "false_rejects")), "")),
    Column("Errors", "Requests on which nothing was decided, in all repeats.", lambda m: (whole(m.count("errors")), "")),
    Column("Valid repeats", "Repeats whose numbers may be used, of all; only they are in this row's times and rates.",
           lambda m: (f"{len(m.valid)}/{len(m.all)}", "")),
]


def verdict_table(results):
    """Returns caption, columns and rows, or nothing for a folder without `throughput.csv`."""
    if results.throughput is None or results.throughput.empty:
        return None
    table = results.throughput
    rows = [Measured(strategy, results) for strategy in theme.order(table.strategy)]
    loop = "closed loop" if table.target_rate.isna().all() else "open loop, waiting included in the times"
    return {
        "caption": f"Workload {table.workload.iloc[0]}, {table.clients.max()} clients, {loop}."
                   " Medians of the valid repeats; times are those of authenticate.",
        "columns": COLUMNS,
        "rows": [{"cells": [column.cell(row) for column in COLUMNS], "alarm": alarming(row)} for row in rows],
    }


def alarming(row):
    return row.count("false_accepts", "false_rejects") > 0 or len(row.valid) < len(row.all)
