"""Automation or oversight: what is known of both sides, and that what people add is not."""

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices import oversight
from review.choices.answer import Answer

NOTHING = NotEnoughEvidence(reason="nothing has been released yet", n=0, errors=0)
ERROR = Estimate(value=0.008, low=0.001, high=0.021, alpha=0.05, n=250, errors=2, method="by hand")
READ = Estimate(value=0.15, low=0.1, high=0.2, alpha=0.05, n=100, errors=15, method="by hand")

STEP = oversight.Step(labels=40, threshold=0.7, widens=True)


def asked(
    released: int = 600,
    error: Estimate | NotEnoughEvidence = ERROR,
    read: Estimate | NotEnoughEvidence = READ,
    *,
    cases: int = 1000,
    certified: bool = True,
    needed: oversight.Step | None = STEP,
    lapses: str = "",
) -> Answer:
    return oversight.answer(
        cases=cases,
        released=released,
        error=error,
        read=read,
        target=0.02,
        certified=certified,
        needed=needed,
        lapses=lapses,
    )


def test_what_goes_out_alone_how_wrong_it_is_and_what_people_could_add_at_most() -> None:
    one = asked()
    assert one.state == "known"
    assert formats.plain(one.says) == (
        "The machine answers 60.0 % of cases alone; 0.80 % of these answers are wrong (limits 0.10 % to 2.1 %). Where people "
        "read, the model is wrong in 15.0 % of cases (limits 10.0 % to 20.0 %): they can add no more than that. How much of it "
        "they do add is open: nobody has measured how often they are wrong themselves."
    )
    assert formats.plain(one.rests_on) == (
        "600 of 1 000 cases released, which is counted; 250 blind labels, 2 wrong among the released and 100 blind labels, "
        "15 wrong among the rest, from people who saw no answer of the model."
    )
    assert "(at most 2 % wrong) is certified. About 40 more blind labels" in formats.plain(one.would_change)
    assert (one.figures["error"], one.figures["error_of_the_rest_high"], one.figures["people_add"]) == (
        0.008,
        0.2,
        None,
    )


def test_while_nothing_is_known_it_is_open() -> None:
    empty = asked(0, NOTHING, NOTHING, cases=0, certified=False)
    assert (empty.state, empty.figures["released_share"]) == ("open", None)
    assert empty.says == "No case has arrived yet. What people add where they read is open."
    assert asked(0, NOTHING).says.startswith("The machine answers nothing alone: people read every case.")
    assert "how many of these answers are wrong is not known yet" in asked(60, NOTHING).says
    assert asked(60, NOTHING, certified=False).would_change.startswith("Nothing certifies the promise")


def test_a_certificate_that_is_carried_over_says_when_it_ends_and_what_labels_would_do() -> None:
    stricter = oversight.Step(labels=684, threshold=0.9, widens=False)
    text = formats.plain(asked(needed=stricter, lapses="in shadow, until 9 January").would_change)
    assert (
        "is certified in shadow, until 9 January; then every case goes to a person, unless it is certified again."
        in text
    )
    assert "About 684 more blind labels would certify anew what the model answers at confidence ≥ 0.9." in text
    assert "would let more go out" in asked().would_change
    assert "more blind" not in asked(needed=None).would_change
    assert "until 9" not in asked(certified=False, lapses="in shadow, until 9 January").would_change
