"""What a row of the verdict table is made of: each number as text, and the range below it."""

from wording import UNKNOWN, known, number, time

PROFILE = "rfc9068"


class Measured:
    """What the files say of one strategy: the figures of `summary.csv`, of its valid repeats or, without any, of all."""

    def __init__(self, strategy, results):
        self.strategy = strategy
        self.all = results.throughput[results.throughput.strategy == strategy]
        self.whole = results.rates().loc[strategy]
        times = results.times("authenticate")
        self.times = times[times.strategy == strategy]
        self.credential_bytes = credential_bytes(results, strategy)

    def quantile(self, name):
        """That of all these repeats together and its interval; a dash where there are too few requests to tell."""
        if self.times.empty:
            return UNKNOWN, ""
        row = self.times.iloc[0]
        low, high = row[f"{name}_ci95_low_ns"], row[f"{name}_ci95_high_ns"]
        return time(row[f"{name}_ns"]), f"{time(low)} – {time(high)}" if known(low) and known(high) else ""

    def rate(self):
        """All operations over all time, and its interval."""
        low, high = self.whole.operations_per_second_ci95_low, self.whole.operations_per_second_ci95_high
        return number(self.whole.operations_per_second), (
            f"{number(low)} – {number(high)}" if known(low) and known(high) else "")

    def processor(self):
        """The client's time, and the store's below it."""
        client, store = self.whole.cpu_us_per_op, self.whole.store_cpu_us_per_op
        below = f"+ {number(store)} store" if known(store) and store > 0 else ""
        return number(client), below

    def count(self, *columns):
        """Over all repeats, for what is wrong stays wrong in a repeat that was disturbed."""
        return int(self.all[list(columns)].sum().sum())

    @property
    def wrong(self):
        return self.count("false_accepts", "false_rejects")

    @property
    def valid(self):
        """Whether the times and rates may be used."""
        return bool(self.whole.valid)

    @property
    def alarming(self):
        return self.wrong > 0 or not self.all.valid.all()


def credential_bytes(results, strategy):
    """The bytes of what the measurement sent, where they were weighed."""
    if results.size is None:
        return None
    rows = results.size[(results.size.strategy == strategy) & (results.size.claim_profile == PROFILE)]
    return int(rows.credential_bytes.iloc[0]) if len(rows) else None
