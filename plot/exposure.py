"""Exposure: how long a revoked login still works, against what a request costs; the Pareto front is marked."""

import sys

import cost as costing
import pareto
import theme
import wording
from figure import Figure, Skipped, command, finish
from libraries import alt, pd
from results import Results

NAME = "exposure"


def figure(results: Results, cost: Results | None = None) -> Figure | Skipped:
    """Draws the exposures after a logout of those who renew; the cost may come from another folder of the same machine."""
    if results.exposure is None:
        return Skipped(NAME, f"no exposure.csv in {results.path.name}; `authbench exposure` writes one")
    source = cost or results
    if source.throughput is None or source.summary is None:
        return Skipped(NAME, f"no throughput.csv in {source.path.name}; --cost RESULTS names a run of the same machine")
    if difference := results.difference(source):
        return Skipped(NAME, f"{source.path.name} cannot stand beside {results.path.name}: {difference}")
    table = points(results.exposure, costing.costs(source))
    if table.empty:
        return Skipped(NAME, "no strategy has both a measured exposure and a valid processor time")
    drawn = Figure(NAME, "Exposure against cost", chart(table), sentence(table), alt_text(table),
                   ["exposure.csv", "throughput.csv", "summary.csv"])
    what = ("How long a holder still gets in after a logout: at the mark with all renewals, at the foot of its line without. "
            "No other strategy beats a filled mark in both.")
    return finish(drawn, source, what, pareto.height(table))


def points(exposure: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """One row for each strategy; `front`: no other is as good in both and better in one."""
    logouts = exposure[(exposure.withdrawal == "logout") & (exposure.strategy != theme.BASELINE)]
    after = logouts.dropna(subset=["p99_ms", "login_max_ms"])
    known = costs[costs.valid].dropna(subset="store").rename(columns={"n": "operations"})
    table = after.merge(known, on="strategy")
    table["credential"] = table.p99_ms / 1000
    # What a credential allows, its holder has in any case.
    table["seconds"] = table[["p99_ms", "login_max_ms"]].max(axis=1) / 1000
    table["low"] = table["high"] = table.seconds
    table["front"] = pareto.undominated(table, "cpu")
    return table.sort_values("cpu")


def chart(table: pd.DataFrame) -> alt.LayerChart:
    kept = ["strategy", "cpu", "cpu_low", "cpu_high", "seconds", "credential", "front", "login_n"]
    table = table[kept].rename(columns={"login_n": "n"}).assign(
        time=table.seconds.map(wording.duration), alone=table.credential.map(wording.duration),
        amount=costing.amounts(table))
    tips = {"strategy": "strategy", "time": "renewing", "alone": "credential alone (p99)", "n": "logins (n)",
            "amount": "processor time per request"}
    return pareto.panel(table, "cpu", costing.PER_REQUEST, "how long a revoked login still works (s to h)", tips,
                        foot="credential")


def sentence(table: pd.DataFrame) -> str:
    cheap, safe = table.iloc[0], table.sort_values(["seconds", "cpu"]).iloc[0]
    words = (f"{cheap.strategy} costs least, {wording.digits(cheap.cpu)} µs per request. After a logout, a holder who "
             f"renews it still gets in for {wording.duration(cheap.seconds)}")
    if safe.strategy == cheap.strategy:
        return words + ": no other strategy is safer."
    return f"{words}. {safe.strategy} ends that after {wording.duration(safe.seconds)} and costs {wording.digits(safe.cpu)} µs."


def alt_text(table: pd.DataFrame) -> str:
    parts = [f"{row.strategy} {wording.digits(row.cpu)} µs and {wording.duration(row.seconds)}, "
             f"{wording.duration(row.credential)} without renewal" + (" (beaten by none)" if row.front else "")
             for row in table.itertuples()]
    return f"Scatter plot of processor time per request against the longest exposure after a logout: {'; '.join(parts)}."


if __name__ == "__main__":
    sys.exit(command(figure, "cost"))
