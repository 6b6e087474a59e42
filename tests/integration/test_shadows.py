"""Another model is asked beside the one whose answers go out: about which cases, what is kept of it, and what the report says."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from flows import measure
from flows.commands import main
from flows.governance import actions, epochs, evidence, safeguards
from flows.planning import other_models, shadows
from flows.runtime import runs
from models.errors import InputInvalid, Misuse
from models.evaluation import comparison
from models.evaluation.comparison import Paired
from models.evaluation.estimate import NotEnoughEvidence
from review import formats
from review.adoption.other_models import OtherModel
from review.integrity import verify
from review.queries import adjudication, finished, training_labels
from review.queries import shadows as shadow_queries
from review.report import as_json, other_models_text, report
from tests.integration.desk import ANN, WHY, Clock, Desk


def asked(desk: Desk, model: str = "m-2") -> list[str]:
    """The cases that a model is to be asked about."""
    file = desk.folder / "ask.jsonl"
    shadows.asked("mail", model, file)
    return [json.loads(line)["case_id"] for line in file.read_text(encoding="utf-8").splitlines()]


def say(desk: Desk, answers: dict[str, str], model: str = "m-2", score: float = 0.9) -> str:
    """The model says this of these cases."""
    file = desk.folder / "said.jsonl"
    rows = [{"case_id": case, "label": label, "score": score} for case, label in answers.items()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return shadows.record("mail", file, model)


def others(desk: Desk) -> tuple[OtherModel, ...]:
    return other_models.of(desk.run(), desk.in_force(), desk.cases())


def test_a_model_is_asked_about_the_blind_samples_that_training_never_sees(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9)
    cases = asked(desk)
    assert 10 < len(cases) < 50, "about half of the groups are for measuring"
    handed = training_labels.at(desk.book, "mail", until=desk.book.head()[0]).rows
    assert not set(cases) & set(handed["case_id"])
    line = json.loads((desk.folder / "ask.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert line == {"case_id": cases[0], "text": f"hello {int(cases[0][2:])} of a"}, "what a person saw, and no answer"


def test_what_it_said_is_kept_once_and_it_is_asked_about_the_rest(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9)
    cases = asked(desk)
    assert say(desk, dict.fromkeys(cases[:5], "ham")) == "m-2: recorded 5"
    assert asked(desk) == cases[5:]
    assert say(desk, dict.fromkeys(cases[:6], "ham")) == "m-2: recorded 1, again 5"
    assert "faults 2" in say(desk, {cases[0]: "spam", "nobody": "ham"})
    reasons = set(desk.book.read("SELECT reason FROM fault")["reason"])
    assert reasons == {
        "mail never decided this case",
        "the model said something else of this case before; the first answer stays",
    }
    assert asked(desk, "m-3") == cases, "each model is asked by itself"
    assert verify.ledger(desk.book) == []


def test_a_model_is_asked_about_no_sample_that_is_older_than_evidence_lasts(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    clock.later(61)
    desk.arrive("b", 40, 0.9)
    desk.look()
    assert {case[0] for case in asked(desk)} == {"a", "b"}, "the era before still counts, until this one is as long"
    clock.later(61)
    desk.arrive("c", 40, 0.9)
    desk.look()
    cases = asked(desk)
    assert {case[0] for case in cases} == {"c"}
    say(desk, dict.fromkeys(cases, "ham"))
    (one,) = others(desk)
    assert (one.asked, one.labels) == (len(cases), len(cases)), "every answer that is paid for counts"


def test_a_model_is_asked_about_no_sample_of_an_epoch_with_other_terms(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9)
    other = replace(desk, target=0.04)
    epochs.begin_epoch(desk.book, other.describe(), ANN)
    assert asked(other) == []
    other.arrive("b", 60, 0.9)
    assert {case[0] for case in asked(other)} == {"b"}


def test_what_cannot_be_recorded_is_named(desk: Desk) -> None:
    desk.arrive("a", 10, 0.9)
    with pytest.raises(Misuse, match="--model m-1: that is the model whose answers go out"):
        say(desk, {"a-0000": "ham"}, model="m-1")
    with pytest.raises(Misuse, match="give the other model a name"):
        say(desk, {"a-0000": "ham"}, model=" ")
    with pytest.raises(Misuse, match="cannot be written: Is a directory"):
        shadows.asked("mail", "m-2", desk.folder)
    (desk.folder / "odd.jsonl").write_text('{"id": "a-0000", "label": "ham"}\n', encoding="utf-8")
    with pytest.raises(InputInvalid, match="column"):
        shadows.record("mail", desk.folder / "odd.jsonl", "m-2")
    assert "recorded 1" in say(desk, {"a-0000": "eggs"}), "what it cannot be scored by is kept, and why"
    assert "unknown label 'eggs'" in desk.book.read("SELECT unscored FROM shadow")["unscored"].item()


def test_the_command_writes_what_is_wanted_or_records_what_is_handed(desk: Desk) -> None:
    desk.arrive("a", 20, 0.9)
    ask, answers = desk.folder / "ask.jsonl", desk.folder / "said.jsonl"
    done = CliRunner().invoke(main.app, ["shadow", "mail", "--model", "m-2", "--wanted", str(ask)])
    assert (done.exit_code, " to ask m-2 about." in done.output) == (0, True)
    case = json.loads(ask.read_text(encoding="utf-8").splitlines()[0])["case_id"]
    answers.write_text(json.dumps({"case_id": case, "label": "ham", "score": 0.9}) + "\n", encoding="utf-8")
    done = CliRunner().invoke(main.app, ["shadow", "mail", "--model", "m-2", str(answers)])
    assert (done.exit_code, done.output.strip()) == (0, "m-2: recorded 1")
    for words in ([], [str(answers), "--wanted", str(ask)]):
        error = CliRunner().invoke(main.app, ["shadow", "mail", "--model", "m-2", *words]).exception
        assert isinstance(error, Misuse)
        assert "one of the two" in str(error)


def test_the_models_are_compared_on_the_same_cases(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9, wrong=60)
    cases = asked(desk)
    assert others(desk) == ()
    say(desk, {case: "spam" if int(case[2:]) < 60 else "ham" for case in cases})
    (one,) = others(desk)
    assert isinstance(one.paired, Paired)
    wrong = sum(int(case[2:]) < 60 for case in cases)
    assert one.paired.ours == pytest.approx(1 - wrong / len(cases))
    assert (one.paired.theirs, one.paired.apart, one.asked, one.labels) == (1.0, 1, len(cases), len(cases))
    assert (one.threshold, one.coverage, one.cost, one.our_cost) == (0.9, 1.0, None, None)
    assert desk.look().threshold is None, "this one is wrong too often to release anything"


def test_a_sample_that_was_passed_over_counts_as_wrong(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    cases = asked(desk)
    say(desk, dict.fromkeys(cases[60:], "ham"))
    assert others(desk)[0].threshold is None
    say(desk, dict.fromkeys(cases[:60], "ham"))
    assert others(desk)[0].threshold == 0.9


def test_a_sample_that_nobody_has_settled_counts_as_wrong(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9, answer=False)
    say(desk, dict.fromkeys(asked(desk), "ham"))
    assert (others(desk)[0].labels, others(desk)[0].threshold) == (0, None)


def test_where_the_two_disagree_an_agreeing_reading_is_read_again(desk: Desk) -> None:
    desk.arrive("a", 40, 0.9)
    cases = asked(desk)
    settled = desk.cases().sampled["settled"].sum()
    say(desk, {case: "spam" if case == cases[0] else "ham" for case in cases})
    assert desk.cases().sampled["settled"].sum() == settled, "of this model's answer nothing is open"
    of_theirs = shadow_queries.compared(desk.book, "mail", desk.cases(), "m-2", beside="m-1").cases
    assert of_theirs.filter(~pl.col("settled"))["case_id"].to_list() == [cases[0]]
    due = adjudication.waiting(desk.book, "mail", 10, second_opinion=True, overlap=0.0)
    assert due["case_id"].to_list() == [cases[0]]
    assert len(finished.at(desk.book, "mail", until=desk.book.head()[0])) == 40, "the answer is finished all the same"
    assert adjudication.waiting(desk.book, "mail", 10, second_opinion=False, overlap=0.0).is_empty()


def test_what_another_model_says_takes_nothing_back(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.arrive("b", 40, 0.9)
    clock.later(6)
    desk.arrive("c", 40, 0.9)
    say(desk, dict.fromkeys(asked(desk), "spam"))
    clock.later(2)
    progress = evidence.look(desk.run(), desk.in_force(), desk.cases(), runs.clock())
    assert not safeguards.act(desk.run(), desk.in_force(), progress, runs.clock(), desk.cases())
    assert desk.in_force().policy.releases


def test_the_part_of_delta_that_a_model_has_is_fixed_when_it_is_first_asked(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    cases = asked(desk)
    enough = dict.fromkeys(cases[:90], "ham")  # 89 labels without an error for the first model, 111 for the second
    say(desk, enough, model="m-3")
    assert [one.threshold for one in others(desk)] == [0.9]
    say(desk, enough)
    assert [(one.model_id, one.threshold) for one in others(desk)] == [("m-3", 0.9), ("m-2", None)]
    say(desk, dict.fromkeys(cases[:120], "ham"))
    both = others(desk)
    assert [one.threshold for one in both] == [0.9, 0.9]
    limits = [one.paired.more.alpha for one in both if isinstance(one.paired, Paired)]
    assert limits == pytest.approx([0.05 / 2, 0.05 / 6]), "so have the limits of which is right more often"


def test_the_report_says_what_the_other_model_would_do(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    say(desk, dict.fromkeys(asked(desk), "ham"), model="<b>m-2</b>")
    cases = desk.cases()
    labels = evidence.labels(desk.describe(), desk.in_force(), cases, runs.clock())
    progress = evidence.look(desk.run(), desk.in_force(), cases, runs.clock())
    new_report = measure.gather(desk.run(), desk.in_force(), cases, progress, labels, runs.clock())
    page = report.page(new_report)
    assert "Other models" in page
    assert "&lt;b&gt;m-2&lt;/b&gt;" in page
    assert "<b>m-2</b>" not in page
    assert "neither is right where the other is wrong" in page
    (one,) = as_json.whole(new_report)["others"]
    assert (one["threshold"], one["coverage"], one["ours"]) == (0.9, 1.0, 1.0)


def test_what_is_compared_is_in_the_order_of_decision(desk: Desk) -> None:
    desk.arrive("b", 40, 0.9)
    desk.arrive("a", 40, 0.9)
    say(desk, dict.fromkeys(asked(desk), "ham"))
    compared = shadow_queries.compared(desk.book, "mail", desk.cases(), "m-2", beside="m-1").cases
    assert compared["seal"].is_sorted()
    assert compared["asked"].all()
    assert compared.select(pl.col("truth").unique()).item() == "ham"


def test_what_answers_cost_and_take_is_compared_where_it_is_known() -> None:
    one = OtherModel(
        model_id="m-2",
        asked=0,
        labels=0,
        paired=NotEnoughEvidence(reason="nobody was asked", n=0, errors=0),
        threshold=None,
        coverage=0.0,
        needed=300,
        ours=0.0,
        cost=0.0021,
        latency_ms=812.4,
        our_cost=0.014,
        our_latency_ms=None,
    )
    assert other_models_text.price(one, "EUR") == "2.10 EUR a thousand answers, here 14.0; 812 ms an answer"
    assert other_models_text.right(one, "m-1") == "Not known yet: nobody was asked."
    each = comparison.paired(np.array([True, False]), np.array([False, True]), np.ones(2), 0.05)
    unclear = formats.plain(other_models_text.right(replace(one, paired=each), "m-1"))
    assert "which is better is not known (from" in unclear
    assert unclear.endswith(" more, 95 % limits).")
    of_ten = comparison.paired(np.repeat([True, False], [90, 10]), np.repeat(True, 100), np.ones(100), 0.025)
    better = formats.plain(other_models_text.right(replace(one, paired=of_ten), "m-1"))
    assert better.endswith(" of cases more (97.5 % limits).")
    worse = comparison.paired(np.repeat(True, 100), np.repeat([True, False], [90, 10]), np.ones(100), 0.025)
    assert formats.plain(other_models_text.right(replace(one, paired=worse), "m-1")).endswith(
        " of cases fewer (97.5 % limits)."
    )
    assert other_models_text.released(one, "m-1") == (
        "No threshold of it is certified. About 300 more labels would certify the first. By today's threshold m-1 releases "
        "nothing."
    )
    by_class = replace(one, ours=None, threshold=0.9, coverage=0.5)
    assert formats.plain(other_models_text.released(by_class, "m-1")) == (
        "By a certificate of its own it could release 50.0 % of cases."
    ), "of thresholds by class no one share is said"
