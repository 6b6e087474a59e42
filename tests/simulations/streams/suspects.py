"""What an alarm puts under suspicion by what people have said until now, from the ledger's tables and by a change detector of
our own. Nothing here calls the product.
"""

import math

from tests.simulations.streams import facts
from tests.simulations.streams.facts import Facts, Row


def under_suspicion(known: Facts, alarm: Row, target: float) -> list[Row]:
    """What must go to people after an alarm by what they have said until now: all that was released from the first suspect
    batch on, in that epoch, and every batch in which somebody speaks against the model and nobody had settled it by then.

    A batch that holds one suspect label is suspect whole; order is the number of the append. Suspect are labels after the
    clean point that the alarm states, and those after the one found here, whichever is the earlier: by the labels of then,
    and again by each answer against the model that came later.
    """
    then, suspects = known.until(alarm["seal"]), doubted(known, alarm)
    first = min(alarm["clean_seal"] + 1, first_suspect(then, alarm, target))
    readings = then.readings()
    sampled = [row for row in known.cases(alarm["epoch_id"]) if row["route"] == "AUTOMATE" and row["blind"]]
    for come in sorted(set(suspects.values())):
        labels = [
            (
                row["seal"],
                suspects.get(row["case_id"], math.inf) <= come or then.label_of(row, readings) in ("wrong", "disputed"),
            )
            for row in sampled
            if then.label_of(row, readings) != "none" or suspects.get(row["case_id"], math.inf) <= come
        ]
        suspicion = facts.suspicion([wrong for _, wrong in labels], target)
        if suspicion.log_level >= math.log(facts.RUN_LENGTH):
            first = min(first, labels[suspicion.first][0])
    batches = {row["seal"] for row in sampled if row["case_id"] in suspects}
    return [
        row
        for row in known.cases(alarm["epoch_id"])
        if row["route"] == "AUTOMATE" and (row["seal"] >= first or row["seal"] in batches)
    ]


def doubted(known: Facts, alarm: Row) -> dict[str, int]:
    """By released case of the alarm's epoch, the seal under which it came under suspicion: disputed at the alarm, or answered
    against the model since."""
    then = known.until(alarm["seal"])
    readings = then.readings()
    sampled = {
        row["case_id"]: row for row in known.cases(alarm["epoch_id"]) if row["route"] == "AUTOMATE" and row["blind"]
    }
    by_case = {case: alarm["seal"] for case, row in sampled.items() if then.label_of(row, readings) == "disputed"}
    for row in known.tables["review"]:  # in the order of their seals
        case = sampled.get(row["case_id"])
        late = row["seal"] > alarm["seal"] and row["blind"] and row["outcome"] == "answer"
        if case is not None and late and row["answer"] != case["prediction"]:
            by_case.setdefault(row["case_id"], row["seal"])
    return by_case


def first_suspect(then: Facts, alarm: Row, target: float) -> float:
    """The seal of the first suspect batch, by a change detector of our own; infinite without a label."""
    labels = facts.released_labels(then, alarm["epoch_id"], alarm["raised_at"])
    if not labels:
        return math.inf
    seal: int = labels[facts.suspicion([wrong for _, wrong in labels], target).first][0]["seal"]
    return seal


def counted(known: Facts, alarm: Row) -> tuple[int, int]:
    """The fewest and the most released cases that can be under suspicion, unread and not recalled.

    The fewest: under later seals than the alarm's clean point, or in a batch that came under suspicion. Where one did, the clean
    point may have gone back as far as the epoch's first case.
    """
    suspects, readings = doubted(known, alarm), known.readings()
    sent = {row["case_id"] for row in known.tables["recall"]}
    gone_out = [row for row in known.cases(alarm["epoch_id"]) if row["route"] == "AUTOMATE"]
    batches = {row["seal"] for row in gone_out if row["case_id"] in suspects}
    left = [row for row in gone_out if row["case_id"] not in sent and row["case_id"] not in readings]
    least = sum(row["seal"] > alarm["clean_seal"] or row["seal"] in batches for row in left)
    return least, len(left) if suspects else least
