"""Whether each case that was released might be: by what threshold, sampled how, and while somebody read.

From the documents: a threshold is certified by the era under way, or was by the one before and carries over for two thirds,
or was sampled by a person without a certificate and stands as long; a stricter one that the era certifies takes its place;
release stops while samples wait and nobody reads; cases that belong together share a sample, and so many of them may go out in
an era as its plan says.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from tests.simulations.streams import driver, product, world
from tests.simulations.streams.facts import Facts, Row

Findings = Iterator[tuple[str, str]]


def wrongly(planted: world.World, life: driver.Life, known: Facts) -> Findings:
    """What must not be of what was released: kind and text."""
    batches: dict[int, list[Row]] = defaultdict(list)
    for row in known.tables["decision"]:
        if row["route"] == "AUTOMATE":
            batches[row["seal"]].append(row)
            if row["held"] is not None:
                yield "not allowed", f"{row['case_id']} is held and released"
    for seal, rows in sorted(batches.items()):
        then = known.until(seal - 1)
        if refused := _refused(then, rows):
            yield "not allowed", f"seal {seal}, {len(rows)} cases: {refused}"
        if refused := _unread(then, rows[0], planted.max_silence):
            yield "silence", f"seal {seal}, {len(rows)} cases were released: {refused}"
    yield from _certified(known)
    yield from _stopped(planted, life, known)
    yield from _groups(known)


def taken_back(known: Facts) -> tuple[int, int]:
    """How often a threshold lapsed, and how often release stopped for want of readers."""
    lines = {row["policy_id"]: row["threshold"] for row in known.tables["policy"]}
    nothing = [row["adopted_by"] for row in known.tables["adoption"] if lines[row["policy_id"]] is None]
    return nothing.count(product.ERA), nothing.count(product.SILENCE)


def time(written: str) -> datetime:
    """A time as the ledger writes it."""
    return datetime.fromisoformat(written)


def _refused(then: Facts, rows: list[Row]) -> str:
    """Why a batch might not be released at its threshold; empty: it might. `then`: what the ledger held before it."""
    case = rows[0]
    line = next(row["threshold"] for row in then.tables["policy"] if row["policy_id"] == case["policy_id"])
    if line is None or any(row["confidence"] < line for row in rows):
        return f"below the threshold in force, {line}"
    era = then.era(case["epoch_id"], case["seal"])
    if era is None:
        return ""  # an era begins with the first cases
    now, began, ends = (time(text) for text in (case["decided_at"], era["registered_at"], era["ends_at"]))
    own = then.certified(case["epoch_id"], era["era"])
    if line in own:
        return ""
    mine = [row for row in then.tables["adoption"] if row["policy_id"] == case["policy_id"]]
    sampled = [row for row in mine if row["adopted_by"] not in product.ITSELF and not row["certified"]]
    sampled_in = [then.era(case["epoch_id"], row["seal"]) for row in sampled]
    numbers = [1 if one is None else one["era"] for one in sampled_in]
    if era["era"] in numbers:
        return "" if now < ends + timedelta(days=1) else "its era is over"
    if any(one > line for one in own):
        return f"era {era['era']} certified {sorted(own)[:3]} and not {line}, which was adopted"
    before = line in then.certified(case["epoch_id"], era["era"] - 1) or era["era"] - 1 in numbers
    if not before:
        return f"no certificate of era {era['era']} or the one before holds {line}, and nobody took it without"
    return (
        ""
        if now - began <= (ends - began) * 2 / 3
        else f"it has lapsed: day {(now - began).days} of {(ends - began).days}"
    )


def _unread(then: Facts, case: Row, most: int) -> str:
    """Whether nobody has read what was sampled of the released for longer than the stream file allows."""
    readings = then.readings()
    sampled = [row for row in then.cases(case["epoch_id"]) if row["route"] == "AUTOMATE" and row["blind"]]
    due = time(case["decided_at"]) - timedelta(days=most)
    if any(time(at) >= due for at in _given_back(then)):
        return ""
    waiting = [row for row in sampled if row["case_id"] not in readings and time(row["decided_at"]) < due]
    read = [one for row in sampled for one in readings.get(row["case_id"], ()) if time(one["submitted_at"]) >= due]
    return (
        f"{len(waiting)} samples wait since before {due}, and nobody has read any since" if waiting and not read else ""
    )


def _given_back(then: Facts) -> Iterator[str]:
    """When a named person released something after nothing had been: they have as many days anew."""
    lines = {row["policy_id"]: row["threshold"] for row in then.tables["policy"]}
    rows = sorted(then.tables["adoption"], key=lambda row: int(row["version"]))
    for before, row in pairwise(rows):
        if lines[before["policy_id"]] is None and row["adopted_by"] not in product.ITSELF:
            yield row["adopted_at"]


def _certified(known: Facts) -> Findings:
    """What is adopted as certified was certified by a look before, in its epoch."""
    policies = {row["policy_id"]: row for row in known.tables["policy"]}
    for row in known.tables["adoption"]:
        policy, then = policies[row["policy_id"]], known.until(row["seal"])
        eras = {one["era"] for one in then.tables["era_plan"] if one["epoch_id"] == policy["epoch_id"]}
        held = {line for era in eras for line in then.certified(policy["epoch_id"], era)}
        if row["certified"] and policy["threshold"] not in held:
            yield "not certified", f"version {row['version']}, {policy['threshold']}: certified is {sorted(held)[:3]}"


def _stopped(planted: world.World, life: driver.Life, known: Facts) -> Findings:
    """At the last look release is not stopped for want of readers if anybody has just read."""
    if not life.sayings:
        return
    last = life.sayings[-1]
    then = known.until(last.reported.seal)
    newest = max(then.tables["adoption"], key=lambda row: row["version"])
    policy = then.in_force()
    assert policy is not None, "a stream begins with a policy"
    if newest["adopted_by"] != product.SILENCE or policy["threshold"] is not None:
        return
    if not any("waiting for readers: no label of what was released" in line for line in last.reported.certificate):
        return  # people have read, and what they said is not settled or is against the machine
    readings = then.readings()
    now = driver.START + timedelta(days=last.day + 0.97)
    sampled = [row for row in then.cases(policy["epoch_id"]) if row["route"] == "AUTOMATE" and row["blind"]]
    times = [time(one["submitted_at"]) for row in sampled for one in readings.get(row["case_id"], ())]
    if times and now - max(times) < timedelta(days=planted.max_silence):
        yield "silence", f"stopped on day {last.day}, and people have read a sample of the released at {max(times)}"


def _groups(known: Facts) -> Findings:
    """Cases that belong together share a sample, the higher the chance the surer; no more go out than the plan allows."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    sizes: dict[tuple[str, int], int] = {
        (row["epoch_id"], row["era"]): row["group_size"] for row in known.tables["era_plan"]
    }
    for row in known.tables["decision"]:
        groups[row["epoch_id"], row["group_id"] or row["case_id"]].append(row)
    for (epoch_id, group), rows in groups.items():
        sampled = [row["propensity"] for row in rows if row["blind"]]
        passed = [row["propensity"] for row in rows if not row["blind"]]
        if sampled and passed and max(passed) >= min(sampled):
            yield "draw", f"group {group}: sampled at {min(sampled)} and not at {max(passed)}"
        eras = [known.era(epoch_id, row["seal"]) for row in rows if row["route"] == "AUTOMATE"]
        for number in {one["era"] for one in eras if one is not None}:
            out = sum(one is not None and one["era"] == number for one in eras)
            if out > sizes[epoch_id, number]:
                yield "repeat", f"group {group}: {out} released in era {number}, {sizes[epoch_id, number]} may be"
    payloads: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in known.tables["decision"]:
        if row["payload"] is not None and row["group_id"] is not None:
            payloads[row["epoch_id"], json.dumps(json.loads(row["payload"]), sort_keys=True)].add(row["group_id"])
    for (_, payload), ids in payloads.items():
        if len(ids) > 1:
            yield "draw", f"{payload} is of {len(ids)} groups"
