"""The first screen of the page: what was measured, which strategies may be trusted, and what a reader takes away.

No sentence claims more than the 95 % intervals allow: of two whose intervals overlap, neither is called faster.
"""

from dataclasses import dataclass

import theme
from libraries import pd
from results import Results
from wording import between, counted, digits, known, listed, time

# As `BaselineMovement` of the table has it.
MOST_MOVEMENT = 1.25
# How a sentence says what the table says in two words.
PLACES = {"your own": "where it is"}
# An interval whose ends are further apart ranks nothing.
WIDEST = 10


@dataclass(frozen=True)
class Findings:
    """The first screen: sentences, and how good or bad the news of `trust` is."""

    measured: str
    trust: list[str]
    mood: str
    points: list[tuple[str, str]]
    faults: list[str]


def findings(results: Results) -> Findings:
    faults = list(invalid_repeats(results.throughput))
    sentences, mood = trust(results)
    return Findings(measured(results), sentences, mood, take_away(results), faults)


def measured(results: Results) -> str:
    """Workload, clients, machine and loop in one sentence."""
    record = results.record
    if not record:
        return "This folder has no run.json, so nothing is known of the run and its machine."
    machine, workload = record.get("machine") or {}, record.get("workload") or {}
    where = f"on {machine.get('cores') or '?'} cores of {machine.get('cpu_model') or 'an unknown processor'}"
    name = f"the workload {workload.get('name') or '(no name)'}"
    if results.throughput is None:
        return f"This folder holds no repeats of a run; it was made with {name} {where}."
    who = counted(results.clients, "client")
    asked = results.throughput.target_rate.max()
    if known(asked):
        return (f"Requests of {name} came {digits(asked)} times per second to {who} {where}, whether or not earlier "
                "ones had been answered (open loop).")
    each = "sends" if results.clients == 1 else "each send"
    return f"{who[0].upper()}{who[1:]} {each} the next request of {name} when the last one is answered (closed loop), {where}."


def trust(results: Results) -> tuple[list[str], str]:
    """Which strategies may be trusted, by their decisions, their repeats and the baseline."""
    record, sentences = results.record, []
    status = record.get("status", "complete")
    if status != "complete":
        sentences.append(f"The run is not complete: its status is {status}.")
    if results.summary is None:
        return sentences, "bad" if sentences else "neutral"
    rates = results.rates()
    wrong = rates.false_accepts + rates.false_rejects
    sound = usable(results)
    for name in theme.order(rates.index[wrong > 0]):
        sentences.append(f"Do not trust {name}: it decided wrongly {counted(int(wrong[name]), 'time')}.")
    if unusable := theme.order(rates.index[~rates.valid & (wrong == 0)]):
        repeats = counted(int(rates.repeats.max()), "repeat")
        sentences.append(f"Do not trust the figures of {listed(unusable)}: none of {repeats} is valid.")
    mood = "bad" if sentences else "good"
    left_out = rates[rates.valid & (rates.valid_repeats < rates.repeats)]
    if len(left_out):
        parts = [f"{row.valid_repeats} of {row.repeats} repeats of {row.Index}" for row in left_out.itertuples()]
        sentences.append(f"Only {listed(parts)} can be used; the others are left out.")
        mood = "neutral" if mood == "good" else mood
    if sound:
        every = len(sound) == len(set(rates.index) - {theme.BASELINE})
        why = "no decision was wrong" if sentences else f"all {rates.repeats.sum()} repeats are valid and no decision was wrong"
        sentences.insert(0, f"The figures of {'all strategies' if every else listed(sound)} may be trusted: {why}.")
    if moved := movement(results.throughput):
        sentences.append("The machine changed during the run: the baseline, which decides nothing, differs "
                         f"{digits(moved)} times between repeats. Do not trust smaller differences of requests per second "
                         "or p99.")
        mood = "neutral" if mood == "good" else mood
    return sentences, mood


def usable(results: Results) -> list[str]:
    """The strategies that have a valid repeat and decided nothing wrongly; the baseline is none."""
    rates = results.rates()
    sound = rates.valid & (rates.false_accepts + rates.false_rejects == 0)
    return [name for name in theme.order(rates.index[sound]) if name != theme.BASELINE]


def take_away(results: Results) -> list[tuple[str, str]]:
    """The points that a reader leaves with: a word, and what the data say."""
    if results.summary is None:
        return []
    names = usable(results)
    if not names:
        return [("Nothing", "No figure of this run may be used; the reasons stand below.")]
    times = results.times("authenticate").set_index("strategy")
    times = times.loc[[name for name in names if name in times.index]]
    points = [("Logout", logout(results, names, times)), ("Processor time", processor(results, names)),
              ("Distance", distance(results, names)), ("Speed", speed(times)), ("Slowest requests", tail(times))]
    return [(word, text) for word, text in points if text]


def logout(results: Results, names: list[str], times: pd.DataFrame) -> str:
    """Who refuses a credential from its logout on, and what the fastest of them costs beside the fastest that does not."""
    rates, tried = results.rates().loc[names], results.summary[results.summary.operation == "revoked"].strategy
    late = theme.order(rates.index[rates.stale_accepts > 0])
    at_once = [name for name in names if name in set(tried) and name not in late]
    if not at_once and not late:
        return "This workload presents no credential after its logout, so it does not tell who refuses it."
    if not late:
        return f"{listed(at_once)} refused every credential that came after its logout."
    accepted = f"{listed(late)} still accepted some, as tokens do until they expire."
    if not at_once:
        return f"No strategy refused every credential that came after its logout: {accepted}"
    words = f"{listed(at_once)} refused every credential that came after its logout; {accepted}"
    best, other = fastest(times, at_once), fastest(times, late)
    if best is None or other is None:
        return words
    low = times.p50_ci95_low_ns[best] / times.p50_ci95_high_ns[other]
    high = times.p50_ci95_high_ns[best] / times.p50_ci95_low_ns[other]
    if low > 1:
        return words + f" To refuse it costs time: the p50 of {best} is {between(low, high, digits)} times that of {other}."
    if high < 1:
        return words + f" To refuse it costs no time here: the p50 of {best} is below that of {other}."
    return words + f" Whether that costs time is open: the intervals of the p50 of {best} and of {other} overlap."


def processor(results: Results, names: list[str]) -> str:
    """Who takes least and who most of service and store, which the distance to a store changes far less than the time."""
    rates = results.rates().loc[names]
    hidden = [name for name in theme.order(names) if not known(rates.store_cpu_us_per_op[name])]
    costs = (rates.cpu_us_per_op + rates.store_cpu_us_per_op).dropna()
    unseen = f" What the store of {listed(hidden)} takes cannot be seen from here." if hidden else ""
    if costs.empty:
        return unseen.strip()
    least, most = costs.idxmin(), costs.idxmax()
    words = f"One operation takes {digits(costs[least])} µs of service and store together with {least}"
    more = f" and {digits(costs[most])} µs with {most}" if len(costs) > 1 else ""
    return f"{words}{more}. The distance to a store changes that far less than the time.{unseen}"


def distance(results: Results, names: list[str]) -> str:
    """What a millisecond to the store does to those who ask one across the network."""
    rates = results.rates()
    far = [name for name in theme.order(results.remote()) if name in names]
    words = [f"{name} waits for its store {digits(rates.store_round_trips_per_op[name])} times in one operation, and each "
             f"ms of distance is added so often. With its store {PLACES.get(at := results.place(name), at)}, 1000 operations per second keep "
             f"{digits(rates.needed_clients_at_1000_per_second[name])} clients waiting at once." for name in far]
    return " ".join(words)


def fastest(times: pd.DataFrame, names: list[str]) -> str | None:
    """The one with the shortest p50 that has an interval."""
    known_ones = times.loc[[name for name in names if name in times.index]].dropna(subset=["p50_ci95_low_ns", "p50_ci95_high_ns"])
    return None if known_ones.empty else known_ones.p50_ns.idxmin()


def speed(times: pd.DataFrame) -> str:
    """Who answers fastest, and who cannot be told from it."""
    best = fastest(times, list(times.index))
    if best is None:
        return ""
    row = times.loc[best]
    interval = f"{time(row.p50_ns)} (95 % interval: {between(row.p50_ci95_low_ns, row.p50_ci95_high_ns, time)})"
    if len(times) == 1:
        return f"Half of the requests to {best} take less than {interval}."
    alike = [name for name in overlapping(times, "p50", best)]
    words = f"{best} has the shortest p50, {interval}."
    if not alike:
        return words + " No other interval overlaps with it, so it is the fastest here."
    return words + f" The interval of {listed(alike)} overlaps with it, so neither is proved faster."


def overlapping(times: pd.DataFrame, quantile: str, best: str) -> list[str]:
    """Those that may be as fast as the best; one without an interval may be."""
    limit = times[f"{quantile}_ci95_high_ns"][best]
    return [name for name in theme.order(times.index) if name != best and not times[f"{quantile}_ci95_low_ns"][name] > limit]


def tail(times: pd.DataFrame) -> str:
    """What p99 means, its range, and for whom it cannot be told."""
    known_ones = times.dropna(subset=["p99_ns", "p99_ci95_low_ns", "p99_ci95_high_ns"])
    narrow = known_ones[known_ones.p99_ci95_high_ns <= WIDEST * known_ones.p99_ci95_low_ns].sort_values("p99_ns")
    words = "One request in 100 takes longer than the p99."
    unknown = [f"that of {name} goes from {between(row.p99_ci95_low_ns, row.p99_ci95_high_ns, time)}"
               for name, row in known_ones.loc[theme.order(set(known_ones.index) - set(narrow.index))].iterrows()]
    rest = f" An interval can be too wide to tell anything: {listed(unknown)}." if unknown else ""
    if narrow.empty:
        return words + rest if unknown else "There were too few requests to tell the slowest one in 100; measure longer."
    least, most = narrow.iloc[0], narrow.iloc[-1]
    if len(narrow) == 1:
        return f"{words} That of {least.name} is {time(least.p99_ns)}.{rest}"
    if least.p99_ci95_high_ns >= most.p99_ci95_low_ns:
        return (f"{words} It is {time(least.p99_ns)} with {least.name} and {time(most.p99_ns)} with {most.name}, "
                f"but the intervals overlap: neither is proved shorter.{rest}")
    return (f"{words} It is {time(least.p99_ns)} with {least.name} and {time(most.p99_ns)} with {most.name}. "
            f"The latter is {digits(most.p99_ns / most.p50_ns)} times the p50 of {most.name}.{rest}")


def movement(throughput: pd.DataFrame | None) -> float | None:
    """How many times the baseline's lowest rate or processor time its highest is; nothing where that is noise."""
    if throughput is None:
        return None
    own = throughput[(throughput.strategy == theme.BASELINE) & throughput.target_rate.isna()]
    columns = [own[name].dropna() for name in ("achieved_rate", "cpu_us_per_op")]
    ratios = [column.max() / column.min() for column in columns if len(column) > 1 and column.min() > 0]
    largest = max(ratios, default=0)
    return largest if largest > MOST_MOVEMENT else None


def invalid_repeats(throughput: pd.DataFrame | None):
    """Each repeat that must not be used, with its reason."""
    if throughput is None:
        return
    for row in throughput[~throughput.valid].itertuples():
        yield f"{row.strategy}, repeat {row.repeat}: {row.reason if known(row.reason) else 'no reason given'}"
