"""Each kind of score from its file to the queue and out again: read, answered by two people, exported, then released by it.

Two kinds go through with every run of the tests, all of them with SECOND_READER_FORMATS=all (`make formats`).
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest

from tests.e2e.place import STREAM, Place, answer

SURENESS = range(10)  # of the rows, the least sure first
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`keys`: of the stream file. `row`: what it has for a sureness. `score`: what that comes to. `without`: nothing to score."""

    keys: str
    row: Callable[[int], Columns]
    score: Callable[[int], float]
    without: Columns


def _share(sureness: int) -> float:
    return 0.5 + sureness / 20


def _tokens(sureness: int) -> Columns:
    return {"tokens": [{"logprob": math.log(_share(sureness))}] * 3}


def _likeliest(sureness: int) -> Columns:
    pairs = (("bug", _share(sureness)), ("billing", 1 - _share(sureness)), ("the", 1e-6))
    return {"top": [{"token": token, "logprob": math.log(p)} for token, p in pairs if p > 0]}


def _answers(sureness: int) -> Columns:
    return {"answers": ["bug"] * (11 + sureness) + ["billing"] * (9 - sureness)}


_ANSWER = 'prediction = "label"\n'
KINDS = {
    "percent": Kind(
        f'{_ANSWER}confidence = "p"\n[score]\nscale = "percent"',
        lambda at: {"p": 50 + 5 * at},
        _share,
        {"p": "high"},
    ),
    "levels": Kind(
        f'{_ANSWER}confidence = "level"\n[score]\nscale = "levels"\nlevels = [{", ".join(f"{chr(97 + n)!r}" for n in SURENESS)}]',
        lambda at: {"level": chr(97 + at).upper()},
        lambda at: (at + 1) / 11,
        {"level": "certain"},
    ),
    "logprob": Kind(
        f'{_ANSWER}confidence = "lp"\n[score]\nscale = "logprob"',
        lambda at: {"lp": math.log(_share(at))},
        _share,
        {"lp": None},
    ),
    "rank": Kind(
        f'{_ANSWER}confidence = "rank"\n[score]\nscale = "rank"',
        lambda at: {"rank": 10 - at},
        lambda at: 1 / (10 - at),
        {"rank": 0},
    ),
    "columns": Kind(
        f'{_ANSWER}[score]\ncolumns = ["one", "other"]\ncombine = "product"',
        lambda at: {"one": _share(at), "other": 0.8},
        lambda at: 0.8 * _share(at),
        {"one": 0.9, "other": None},
    ),
    "logprobs": Kind(f'{_ANSWER}[score]\nlogprobs = "tokens[*].logprob"', _tokens, _share, {"tokens": []}),
    "top_logprobs": Kind(f'{_ANSWER}[score]\ntop_logprobs = "top"', _likeliest, _share, {"top": []}),
    "samples": Kind('[score.samples]\nanswers = "answers"', _answers, lambda at: (11 + at) / 20, {"answers": ["bug"]}),
    "judge": Kind(
        f'{_ANSWER}[score.judge]\nmodel = "judge-1"\nverdict = "verdict"\nscore = "sure"',
        lambda at: {"verdict": "right" if at > 4 else "wrong", "sure": (at - 4) / 5 if at > 4 else (4 - at) / 5},
        lambda at: 0.5 + (at - 4) / 10,
        {"verdict": "perhaps", "sure": 0.9},
    ),
}
WALKED = KINDS if os.environ.get("SECOND_READER_FORMATS") == "all" else ("top_logprobs", "judge")


def _rows(kind: Kind, batch: str) -> list[Columns]:
    about = {"label": "bug", "language": "en"}
    rows = [{"id": f"{batch}-{at}", "text": f"Mail {batch} {at}"} | about | kind.row(at) for at in SURENESS]
    return [*rows, {"id": f"{batch}-none", "text": f"Mail {batch}"} | about | kind.without]


def _ok(place: Place, *words: str) -> str:
    done = place.cli(*words)
    assert done.code == 0, done.err
    return done.out


@pytest.mark.family(1)
@pytest.mark.parametrize("name", WALKED)
def test_a_kind_of_score_orders_cases_is_answered_by_two_people_and_then_releases(
    place: Place, label_studio: Any, name: str
) -> None:
    kind = KINDS[name]
    text = STREAM.format(name=place.name, model="m-1", depth=200, overlap=0)
    inside, _, table = kind.keys.rpartition("[score")
    text = text.replace('prediction = "label"\nconfidence = "score"\n', inside).replace(
        "[model]", f"[score{table}\n\n[model]"
    )
    (place.home / "streams" / f"{place.name}.toml").write_text(text, encoding="utf-8")

    place.deliver("first.jsonl", _rows(kind, "first"))
    _ok(place, "init", place.name)
    _ok(place, "run", place.name)
    scores = dict(place.rows("SELECT case_id, raw_score FROM decision WHERE raw_score IS NOT NULL"))
    assert scores == pytest.approx({f"first-{at}": kind.score(at) for at in SURENESS})
    ((reason,),) = place.rows("SELECT doubt FROM decision WHERE case_id = 'first-none'")
    assert reason, "a person gets it, with a reason"

    tokens = [label_studio.add_reviewer(f"{who}@example.com", "a-Pass-word-9") for who in ("gil", "hal")]
    for position, task in enumerate(place.tasks()):
        answer(place, tokens[position % 2], task, "bug")
    _ok(place, "collect", place.name)
    _ok(place, "export", place.name, "--to", "first.parquet")
    first = pl.read_parquet(place.home / "first.parquet")
    assert set(first["case_id"]) == {*scores, "first-none"}
    assert set(first["answered_by"]) == {"gil@example.com", "hal@example.com"}
    assert set(first["state"]) == {"reviewed"}

    because = ("--by", "A. Owner", "--because", "a trial", "--uncertified")
    ((at,),) = place.rows("SELECT confidence FROM decision WHERE case_id = 'first-5'")
    _ok(place, "adopt", place.name, "--threshold", str(at), *because)
    place.deliver("second.jsonl", _rows(kind, "second"))
    _ok(place, "score", place.name)
    _ok(place, "export", place.name, "--to", "all.parquet")
    released = pl.read_parquet(place.home / "all.parquet").filter(pl.col("state") == "released")
    assert set(released["case_id"]) == {f"second-{at}" for at in range(5, 10)}
    assert set(released["answered_by"]) == {"m-1"}
