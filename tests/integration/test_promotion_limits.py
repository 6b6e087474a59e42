"""What no answer in shadow may bring back: what an alarm closed, what a person halted, and what a rule on answers left unseen."""

import shutil
from dataclasses import replace

import pytest

from flows.governance import actions, epochs, evidence
from flows.planning import other_models
from flows.runtime import runs
from models.errors import Misuse
from models.evaluation.estimate import Estimate
from review.report import other_models_text
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk
from tests.integration.test_promotion import compared, measured, promote
from tests.integration.test_shadows import asked, say

ON_ANSWERS = """
[[never_release]]
code = "spam"
when = "label = 'spam'"
"""


def test_another_model_whose_answer_is_contested_takes_nothing_from_the_promoted_one(desk: Desk) -> None:
    new = compared(desk)
    say(new, dict.fromkeys(asked(new, "m-3"), "spam"), model="m-3")
    promote()
    measured(new)
    assert new.in_force().policy.releases


def test_what_a_person_halted_is_not_promoted_again(desk: Desk) -> None:
    new = compared(desk)
    promote()
    new.arrive("b", 40, 0.95)
    actions.halt("mail", by=ANN, because="too many complaints")
    with pytest.raises(Misuse, match="m-2 answers already"):
        promote()


def test_what_has_lapsed_is_not_promoted_again(desk: Desk, clock: Clock) -> None:
    new = compared(desk)
    promote()
    new.arrive("b", 10, 0.95)
    clock.later(41)
    new.arrive("c", 10, 0.95)
    measured(new)
    assert not new.in_force().policy.releases
    with pytest.raises(Misuse, match="m-2 answers already"):
        promote()


def test_labels_from_before_an_alarm_promote_nobody(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    say(desk, dict.fromkeys(asked(desk), "ham"))
    desk.arrive("b", 200, 0.9, wrong=60)
    now = runs.clock()
    labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), now)
    assert evidence.watch(desk.run(), desk.in_force(), labels, now)
    desk.arrive("c", 5, 0.9)
    desk.look()
    desk.describe(model="m-2")
    with pytest.raises(Misuse, match="m-2 gave no score to any case that may be held against it"):
        promote()


def test_a_rule_on_answers_kept_other_cases_of_the_model_before(desk: Desk) -> None:
    ruled = replace(desk, rules=ON_ANSWERS)
    epochs.begin_epoch(ruled.book, ruled.describe(), ANN)
    ruled.arrive("s", 200, 0.9, label="spam")
    ruled.arrive("a", 400, 0.9)
    say(ruled, dict.fromkeys(asked(ruled), "ham"))  # of all that is spam, too
    (one,) = other_models.of(ruled.run(), ruled.in_force(), ruled.cases())
    assert (one.threshold, one.needed, one.barred) == (
        None,
        None,
        "the rule spam of never_release reads what a model said",
    )
    ruled.look()
    ruled.describe(model="m-2")
    with pytest.raises(Misuse, match="the rule spam of never_release reads what the model said"):
        promote()


def test_the_page_lets_no_model_release_what_promote_refuses(desk: Desk) -> None:
    """Its wrong answers are its surest, so few in all that a threshold is certified."""
    desk.arrive("a", 3000, 0.9)
    desk.look()
    cases = asked(desk)
    wrong = [case for n, case in enumerate(cases) if n % 45 == 44]
    answers: list[dict[str, facts.Value]] = []
    for n, case in enumerate(cases):
        sure = n % 3 == 0 or case in wrong
        one_answer: dict[str, facts.Value] = {
            "answer": "spam" if case in wrong else "ham",
            "score": 0.95 if sure else 0.6,
        }
        answers.append(one_answer | {"model_id": "m-2", "case_id": case, "cost": None})
    desk.book.append({"shadow": facts.shadows(*answers)}, now=runs.clock())
    desk.second(wrong, "ham", runs.clock())
    (one,) = other_models.of(desk.run(), desk.in_force(), desk.cases())
    assert (one.threshold, one.coverage) == (None, 0.0)
    assert one.spending is not None
    assert isinstance(one.spending.reviews, Estimate)
    assert one.spending.reviews.high < 0, "it would release nothing"
    desk.describe(model="m-2")
    with pytest.raises(Misuse, match="m-2 cannot take over: wrong answers have the higher confidence") as refused:
        promote()
    reason = "It cannot take over: wrong answers have the higher confidence"
    assert other_models_text.released(one, "m-1").startswith(reason)
    assert one.barred in str(refused.value)


def test_a_file_that_was_never_scored_is_not_taken_for_answers_of_the_model_that_takes_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = compared(desk)
    monkeypatch.setenv("SECOND_READER_DATA", str(new.folder))
    inbox = new.folder / "inbox"
    inbox.mkdir()
    shutil.copy(new.folder / "a.parquet", inbox / "a.parquet")
    shutil.copy(new.folder / "a.parquet", inbox / "late.parquet")
    with pytest.raises(
        Misuse, match=r"late.parquet: this file was never scored, and would be taken for answers of m-2"
    ):
        promote()
    (inbox / "late.parquet").unlink()
    promote()


def test_the_thresholds_of_a_model_stay_where_its_first_scores_put_them(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    cases = asked(desk)
    say(desk, dict.fromkeys(cases[:120], "ham"), score=0.9)
    say(desk, dict.fromkeys(cases[120:], "ham"), score=0.4)
    (one,) = other_models.of(desk.run(), desk.in_force(), desk.cases())
    assert one.threshold == 0.9
    assert one.coverage < 1, "a threshold at which it said nothing when it was first asked is none of its thresholds"
