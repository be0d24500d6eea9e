"""What a row of the verdict table is made of: each number as text, and the range below it."""

from wording import UNKNOWN, known, number, time

PROFILE = "rfc9068"


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
        """The median of the repeats, and the hull of their intervals; a dash where one was too short to tell."""
        if self.latency is None or self.latency.empty or self.latency[f"{name}_ns"].isna().any():
            return UNKNOWN, ""
        middle = self.latency[f"{name}_ns"].median()
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

    @property
    def wrong(self):
        return self.count("false_accepts", "false_rejects")

    @property
    def alarming(self):
        return self.wrong > 0 or len(self.valid) < len(self.all)


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
