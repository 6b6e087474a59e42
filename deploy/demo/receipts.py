"""Receipts read by rules: records of seven fields. The demo makes the receipts itself, and says so.

People read a receipt whole: what a replayed reader answers is what the receipt said before it was smudged, with one field
wrong in one of a hundred.
"""

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path

from deploy.demo import prepared, receipt_reader, receipt_text
from models.answers import record_text
from review import private_files

SEED = 20260105
TRAINED_ON = 1500
CASES = 2000
CHANGE = 3  # the day on whose evening the second reader takes over
SLIP = 0.01  # of the replayed answers, one field is wrong


def prepare(home: Path, days: int) -> prepared.Prepared:
    """Make the receipts, learn the scores from others, and write one JSONL file per simulated day below `home/data`.

    The same on every call; files that are there stay. Raises Misuse on a number of days below 1 or above the number
    of cases, SetupFailed if `home` was made for another number of days.
    """
    receipts = receipt_text.make(CASES, seed=SEED, prefix="receipt")
    files = prepared.files(home / "data" / "days" / "receipts", "jsonl", days)
    parts = prepared.share(len(receipts), days)
    learned_from = receipt_text.make(TRAINED_ON, seed=SEED + 1, prefix="learned")
    first, second = (receipt_reader.learned(learned_from, mends=mends) for mends in (False, True))
    right = 0
    missing = prepared.missing(files)
    for number in range(days):
        today = receipts[parts[number]]
        rows = []
        read = (first if number < CHANGE else second).read_all([one.text for one in today])
        for one, at, fields in zip(today, prepared.moments(len(today), number), read, strict=True):
            right += all(receipt_reader.same(name, value, one.truth[name]) for name, (value, _) in fields.items())
            rows.append({"id": one.id, "text": one.text, "produced_at": at.isoformat()} | _row(fields))
        if number in missing:
            private_files.replace(files[number], "".join(json.dumps(row) + "\n" for row in rows).encode())
    truth = {one.id: record_text.text(one.truth) for one in receipts}
    return prepared.Prepared(
        stream="receipts",
        days=files,
        accuracy=right / len(receipts),
        replayed=f"The receipts are made up by this demo; a replayed reader gives what was printed, with one field wrong "
        f"in {SLIP:.0%} of the answers.",
        truth=truth,
        answer=functools.partial(answer, truth),
        successor=prepared.Successor(
            model="receipt-rules-2", after_day=CHANGE, answers=lambda text: _row(second.read(text))
        ),
    )


def answer(truth: Mapping[str, str], case_id: str, reviewer: str) -> str:
    """The record that this reviewer gives: the truth, or with one field left empty. KeyError if the case is unknown."""
    if prepared.number("receipts slip", reviewer, case_id) >= SLIP:
        return truth[case_id]
    place = math.floor(prepared.number("receipts slip at", reviewer, case_id) * len(receipt_reader.FIELDS))
    return record_text.text(record_text.values(truth[case_id]) | {receipt_reader.FIELDS[place]: None})


def _row(fields: Mapping[str, tuple[object, float]]) -> dict[str, object]:
    return {key: part for name, (value, score) in fields.items() for key, part in ((name, value), (f"{name}_p", score))}
