"""Another model takes over with a threshold that its answers in shadow certify, and with it what can take it back."""

from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from deploy.demo import model_change
from deploy.demo.prepared import Successor
from flows import measure
from flows.commands import main
from flows.governance import actions, epochs, eras, evidence, safeguards, shadow_evidence
from flows.planning import other_models, promotion
from flows.runtime import runs
from models.errors import Misuse
from models.evaluation.comparison import Paired
from models.evaluation.estimate import Estimate
from models.routing.policy import Route
from review.adoption import shadow_look
from review.integrity import verify
from review.queries import certificates, shadows
from review.report import report, timeline
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk
from tests.integration.test_shadows import asked, say


def compared(desk: Desk, *, wrong: int = 0, count: int = 400) -> Desk:
    """The stream as its file names m-2, which was asked about the samples of m-1 and is wrong in the first of them."""
    desk.arrive("a", count, 0.9, wrong=count // 8)
    desk.look()
    cases = asked(desk)
    truth = {case: "spam" if int(case[2:]) < count // 8 else "ham" for case in cases}
    false = {case: "spam" if right == "ham" else "ham" for case, right in list(truth.items())[:wrong]}
    say(desk, truth | false)
    after = replace(desk, model="m-2")
    after.describe()
    return after


def promote(threshold: float | None = None) -> str:
    now = promotion.promote("mail", threshold, by=ANN, because=WHY, unseen=True)
    assert now.certified
    return now.epoch_id


def routes(desk: Desk, prefix: str) -> set[str]:
    rows = desk.book.read("SELECT route FROM decision WHERE case_id LIKE :prefix", prefix=f"{prefix}-%")
    return set(rows["route"])


def measured(desk: Desk) -> str:
    """What `measure` does to the stream, and its page."""
    now, cases = runs.clock(), desk.cases()
    progress = evidence.look(desk.run(), desk.in_force(), cases, now)
    safeguards.act(desk.run(), desk.in_force(), progress, now, cases)
    labels = evidence.labels(desk.describe(), desk.in_force(), cases, now)
    return report.page(measure.gather(desk.run(), desk.in_force(), cases, progress, labels, now))


def test_a_certified_model_releases_from_its_first_case_on(desk: Desk) -> None:
    new = compared(desk)
    epoch_id = promote()
    in_force = new.in_force()
    assert (in_force.model_id, in_force.policy.threshold, in_force.adopted_by) == ("m-2", 0.9, ANN)
    new.arrive("b", 40, 0.95)
    assert routes(new, "b") == {Route.AUTOMATE}
    shadow, gathers = certificates.eras(new.book, epoch_id)
    assert (shadow.number, shadow.ends_at) == (1, shadow.registered_at)
    assert gathers.plans[""].delta == 0.05
    assert shadow.plans[""].delta == shadow_look.level(0.05, 1)
    page = measured(new)
    assert "certified in shadow" in page
    others = page.partition('<h2 id="others">')[2].partition("</section>")[0]
    assert ("m-1" in others, ">m-2<" in others) == (True, False), (
        "what m-2 said before it took over is what it answers now"
    )
    assert "m-2 is promoted" in timeline.policies(new.book, "mail")
    assert verify.ledger(new.book) == []


def test_it_gathers_evidence_of_its_own_and_lapses_without(desk: Desk, clock: Clock) -> None:
    new = compared(desk)
    promote()
    new.arrive("b", 40, 0.95)
    clock.later(39)
    new.arrive("c", 10, 0.95)
    measured(new)
    assert new.in_force().policy.releases
    clock.later(2)  # two thirds of 60 days are over, and fewer labels than the 74 that a certificate takes
    measured(new)
    assert not new.in_force().policy.releases
    new.arrive("d", 300, 0.95)
    measured(new)
    assert new.in_force().policy.releases, "its own certificate holds what was adopted"


def test_labels_taken_back_take_the_certificate_with_them(desk: Desk) -> None:
    new = compared(desk)
    promote()
    new.arrive("b", 10, 0.95)
    rows = new.book.read(
        "SELECT r.case_id, r.annotation_id, r.task_id FROM review r JOIN shadow s ON s.case_id = r.case_id "
        "WHERE r.answer = 'ham' AND r.slot = 0 ORDER BY r.case_id LIMIT 60"
    )
    now = runs.clock()
    revised: list[dict[str, facts.Value]] = [
        {"case_id": case, "annotation_id": number, "task_id": task, "revision": f"{now} later", "blind": True}
        | {"outcome": "deleted", "answer": None, "submitted_at": now}
        for case, number, task in rows.iter_rows()
    ]
    new.book.append({"review": facts.reviews(*revised)}, now=now)
    page = measured(new)
    assert not new.in_force().policy.releases
    assert "no longer certified" in new.in_force().because
    assert "certified in shadow" not in page


def test_a_promotion_that_broke_off_goes_on_where_it_was(desk: Desk) -> None:
    new = compared(desk)
    stream, who = new.describe(), actions.Who(by=ANN, because=WHY)
    one = promotion.candidate(new.book, stream, runs.clock())
    promotion._begin(new.book, stream, new.in_force(), one.progress, who, runs.clock())
    assert not new.in_force().policy.releases
    epoch_id = new.in_force().epoch_id
    assert promote() == epoch_id
    assert new.in_force().policy.threshold == 0.9
    with pytest.raises(Misuse, match="m-2 answers already"):
        promote()


@pytest.mark.parametrize("wrong", [30, 60])
def test_a_model_that_nothing_certifies_changes_nothing(desk: Desk, wrong: int) -> None:
    new = compared(desk, wrong=wrong)
    head = new.book.head()
    with pytest.raises(Misuse, match="m-2 said in shadow certifies no threshold"):
        promote()
    assert new.book.head() == head


def test_what_cannot_be_promoted_is_named(desk: Desk) -> None:
    new = compared(desk)
    with pytest.raises(Misuse, match=r"threshold 0\.5 is none that m-2 is certified at"):
        promote(0.5)
    replace(new, target=0.2).describe()
    with pytest.raises(Misuse, match=r"target.error is 0.2, that of the epoch in force 0.05; .* nothing but \[model\]"):
        promote()
    replace(new, model="m-9").describe()
    with pytest.raises(Misuse, match="m-9 was never asked about cases of mail"):
        promote()
    replace(new, model="m-1").describe()
    with pytest.raises(Misuse, match="m-1 answers already"):
        promote()
    replace(new, per_class="each").describe()
    with pytest.raises(Misuse, match="mail has a threshold per class"):
        promote()
    assert new.in_force().model_id == "m-1"


def test_what_was_said_by_other_terms_is_not_recorded(desk: Desk) -> None:
    desk.arrive("a", 20, 0.9)
    cases = asked(desk)
    desk.describe(target=0.2)
    with pytest.raises(Misuse, match="run first: second-reader init mail"):
        say(replace(desk, target=0.2), dict.fromkeys(cases, "ham"))


def test_a_model_may_be_asked_when_the_file_names_it_already(desk: Desk) -> None:
    desk.arrive("a", 20, 0.9)
    desk.describe(model="m-2")
    assert say(desk, dict.fromkeys(asked(desk), "ham")).startswith("m-2: recorded")


def test_labels_older_than_an_era_say_nothing_of_a_model_asked_today(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    say(desk, dict.fromkeys(asked(desk), "ham"))
    clock.later(61)
    desk.arrive("b", 40, 0.9)
    desk.look()
    assert (
        shadow_evidence.since(desk.book, desk.describe(), runs.clock())
        < certificates.eras(desk.book, desk.in_force().epoch_id)[1].after_seal
    ), "the era before still speaks, until this one is as long"
    clock.later(61)
    desk.arrive("c", 40, 0.9)
    desk.look()
    assert (
        shadow_evidence.since(desk.book, desk.describe(), runs.clock())
        == certificates.eras(desk.book, desk.in_force().epoch_id)[1].after_seal
    )
    desk.describe(model="m-2")
    with pytest.raises(Misuse, match="m-2 gave no score to any case that may be held against it"):
        promote()


def test_samples_of_an_epoch_with_other_terms_say_nothing(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    say(desk, dict.fromkeys(asked(desk), "ham"))
    other = replace(desk, target=0.04)
    assert epochs.begin_epoch(desk.book, other.describe(), ANN)
    other.arrive("b", 20, 0.9)
    assert eras.under_way(desk.book, other.describe(), other.in_force(), runs.clock()) is not None
    one = shadow_evidence.asked(
        desk.book,
        other.describe(),
        other.cases(),
        "m-2",
        after=shadow_evidence.since(desk.book, other.describe(), runs.clock()),
    )
    assert one.compared.cases.is_empty()
    assert len(shadows.answers(desk.book, "mail", "m-2")) > 0


def test_the_command_says_what_is_in_force(desk: Desk) -> None:
    compared(desk)
    words = ["promote", "mail", "--by", ANN, "--because", WHY, "--unseen"]
    done = CliRunner().invoke(main.app, words)
    assert done.exit_code == 0, done.output
    assert "is in force (certified): from the next decision on, released at 0.9 and above" in done.output


def test_of_a_model_from_outside_a_named_person_says_that_it_has_not_seen_the_labels(desk: Desk) -> None:
    new, before = compared(desk), desk.book.head()
    with pytest.raises(Misuse, match=r"m-2 was not trained here by retrain, .* add --unseen if it has seen none"):
        promotion.promote("mail", None, by=ANN, because=WHY)
    assert new.book.head() == before, "nothing was recorded"
    promote()
    vouched = f"{ANN} says that m-2 has seen none of the labels that it is certified by"
    assert vouched in new.in_force().because
    assert vouched in timeline.policies(new.book, "mail")


def test_in_the_demo_a_successor_is_asked_and_takes_over(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_DATA", str(desk.folder))
    desk.arrive("a", 400, 0.9, wrong=50)
    desk.look()

    def answers(text: str) -> dict[str, object]:
        return {"label": "spam" if int(text.split()[1]) < 50 else "ham", "score": 0.9}

    successor = Successor(model="m-2", after_day=1, answers=answers)
    for _ in range(2):
        model_change.take_over("mail", successor, desk.folder, by=ANN, out=Console(width=200))
    shown = capsys.readouterr().out
    assert shown.count("m-2 was asked about") == shown.count("mail-second-stage-1 was trained on") == 1
    assert "mail-second-stage-1" in shadows.models(desk.book, "mail")
    assert shown.count("takes over without a cold start, released at 0.9 and above, certified in shadow") == 1
    assert desk.in_force().model_id == "m-2"
    own = model_change.streams(desk.folder, "receipts", successor) / "receipts.toml"
    assert own.read_text() == (model_change.ROOT / "deploy" / "streams" / "receipts.toml").read_text()


def test_the_model_that_answered_before_is_held_against_the_one_that_took_over(desk: Desk) -> None:
    new = compared(desk)
    ours = new.cases().sampled["case_id"]
    promote()
    new.arrive("b", 40, 0.95)
    (one,) = other_models.of(new.run(), new.in_force(), new.cases())
    answered = shadows.answers(new.book, "mail", "m-2")["case_id"]
    assert (one.model_id, one.asked) == ("m-1", len(answered))
    assert set(answered) <= set(ours)
    assert isinstance(one.paired, Paired)
    assert (one.paired.ours, one.paired.apart) == (1.0, -1)
    assert one.spending is not None
    assert isinstance(one.spending.reviews, Estimate)
    assert one.spending.reviews.high < 0, "m-1 is certified for nothing, and m-2 for all"
    (choice, *_) = measure.gather(
        *(new.run(), new.in_force(), new.cases(), evidence.look(new.run(), new.in_force(), new.cases(), runs.clock())),
        *(evidence.labels(new.describe(), new.in_force(), new.cases(), runs.clock()), runs.clock()),
    ).choices
    assert choice.missing != "a second model", "both were asked about the same cases"
