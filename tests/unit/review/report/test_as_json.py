"""The report as JSON: every figure, and no NaN."""

import json

import pytest

from models.evaluation.estimate import NotEnoughEvidence
from review.report import as_json
from tests.unit.review.report.report_facts import EMPTY, STATES, report_of


@pytest.mark.parametrize("state", STATES)
def test_the_json_holds_every_figure_and_no_nan(state: str) -> None:
    data = json.loads(json.dumps(as_json.whole(STATES[state]), allow_nan=False))
    assert set(data) == {
        *("stream", "title", "model", "made_at", "cases", "released", "automation", "error", "promise", "worst"),
        *("batch", "target", "line", "everything", "aurc", "augrc", "curve", "totals", "days", "queue", "reviewers"),
        *(
            "history",
            "faults",
            "columns",
            "seal",
            "certificate",
            "alarm",
            "slices",
            "fields",
            "others",
            "choices",
            "shift",
            "classes",
            "era",
            "verdict",
        ),
        *("readers", "silence", "repeats", "model_answers", "never_released", "always_audited", "past_alarms"),
        *("what_if", "trust", "looks", "watch", "pace", "since", "audits_unsent", "audits_disputed"),
    }


def test_a_figure_in_json_is_an_estimate_or_says_why_not() -> None:
    assert as_json.whole(report_of())["promise"] == {
        "value": 1 / 130,
        "low": 0.0,
        "high": pytest.approx(0.03597, abs=1e-5),
        "alpha": 0.05,
        "n": 130,
        "errors": 1,
        "method": "Clopper-Pearson, one-sided",
    }
    assert as_json.whole(EMPTY)["promise"] == {
        "value": None,
        "reason": "nothing has been released yet",
        "n": 0,
        "errors": 0,
    }
    assert isinstance(EMPTY.promise, NotEnoughEvidence)
