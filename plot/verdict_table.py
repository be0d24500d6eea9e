"""The table that the page begins with: one row for each strategy, from the repeats whose numbers may be used."""

from collections.abc import Callable
from dataclasses import dataclass

import theme
from measured import PROFILE, Measured
from wording import whole


@dataclass(frozen=True)
class Column:
    """One column: its header, what it holds, and its cell as a value and the range below it."""

    header: str
    meaning: str
    cell: Callable


COLUMNS = [
    Column("Strategy", "The strategy; null-baseline is the harness's own cost.", lambda m: (m.strategy, "")),
    Column("p50", "Median time of authenticate over these repeats; below it the 95 % interval.",
           lambda m: m.quantile("p50")),
    Column("p99", "One request in a hundred takes longer; below it the 95 % interval.",
           lambda m: m.quantile("p99")),
    Column("Requests per second", "Completed operations of the whole mix, all clients; below it the 95 % interval.", lambda m: m.rate()),
    Column("CPU µs per request", "Processor time of the client process; below it that of the store's own process.",
           lambda m: m.processor()),
    Column("Bytes", f"The credential that a request carries (claim profile {PROFILE}).",
           lambda m: (whole(m.credential_bytes), "")),
    Column("Wrong", "Decisions that must not be: false accepts and false rejects, in all repeats.",
           lambda m: (whole(m.wrong), "")),
    Column("Errors", "Requests on which nothing was decided, in all repeats.",
           lambda m: (whole(m.count("errors")), "")),
    Column("Valid repeats", "Repeats whose numbers may be used, of all; only they are in this row's times and rates, where there is one.",
           lambda m: (f"{m.all.valid.sum()}/{len(m.all)}", "" if m.valid else "figures not valid")),
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
                   " All valid repeats of each together; times are those of authenticate.",
        "columns": COLUMNS,
        "rows": [{"cells": [column.cell(row) for column in COLUMNS], "alarm": row.alarming} for row in rows],
    }
