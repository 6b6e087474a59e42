"""Automation or oversight: what is known of both sides, and that what people add is not."""

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices import oversight
from review.choices.answer import Answer

NOTHING = NotEnoughEvidence(reason="nothing has been released yet", n=0, errors=0)
ERROR = Estimate(value=0.008, low=0.001, high=0.021, alpha=0.05, n=250, errors=2, method="by hand")
READ = Estimate(value=0.15, low=0.1, high=0.2, alpha=0.05, n=100, errors=15, method="by hand")

STEP = oversight.Step(labels=40, threshold=0.7, widens=True)
MONEY = oversight.Money(today=320.0, low=280.0, high=390.0, all_read=500.0, currency="EUR")


def asked(
    released: int = 600,
    error: Estimate | NotEnoughEvidence = ERROR,
    read: Estimate | NotEnoughEvidence = READ,
    *,
    cases: int = 1000,
    certified: bool = True,
    needed: oversight.Step | None = STEP,
    until: str = "",
    money: oversight.Money | None = MONEY,
) -> Answer:
    promise = oversight.Promise(target=0.02, certified=certified, until=until)
    return oversight.answer(
        cases=cases, released=released, error=error, read=read, promise=promise, needed=needed, money=money
    )


def test_what_goes_out_alone_how_wrong_it_is_what_it_costs_and_what_people_could_add_at_most() -> None:
    one = asked()
    assert one.state == "known"
    assert formats.plain(one.says) == (
        "Automation, certified (at most 2 % wrong): the machine answers 60.0 % of cases alone, and 0.80 % of these answers are "
        "wrong (limits 0.10 % to 2.1 %). A thousand cases cost 320 EUR as it is (limits 280 to 390: reviews, audits, the model "
        "and the errors that go out), and 500 EUR if people read them all: automation costs less. Where people read, the model "
        "is wrong in 15.0 % of cases (limits 10.0 % to 20.0 %): they can add no more than that. How much of it they do add is "
        "open: nobody has measured how often they are wrong themselves."
    )
    assert formats.plain(one.rests_on) == (
        "600 of 1 000 cases released, which is counted; 250 blind labels, 2 wrong among the released and 100 blind labels, "
        "15 wrong among the rest, from people who saw no answer of the model."
    )
    assert formats.plain(one.would_change).startswith("About 40 more blind labels would let more go out.")
    assert (one.figures["error"], one.figures["error_of_the_rest_high"], one.figures["people_add"]) == (
        0.008,
        0.2,
        None,
    )
    assert (one.figures["cost_of_1000"], one.figures["cost_of_1000_read_by_people"]) == (320.0, 500.0)


def test_which_costs_less_is_claimed_only_where_the_limits_say_so() -> None:
    dear = oversight.Money(today=320.0, low=280.0, high=390.0, all_read=250.0, currency="EUR")
    assert "250 EUR if people read them all: oversight costs less." in formats.plain(asked(money=dear).says)
    near = oversight.Money(today=320.0, low=280.0, high=390.0, all_read=330.0, currency="EUR")
    assert "330 EUR if people read them all: which costs less is not known." in formats.plain(asked(money=near).says)
    assert "EUR" not in asked(money=None).says


def test_it_is_known_where_a_certificate_or_the_limits_say_on_which_side_of_the_target_the_error_lies() -> None:
    assert asked(certified=False).state == "open", "0.1 to 2.1 % holds the target of 2 %"
    better, worse = (
        Estimate(value=value, low=low, high=high, alpha=0.05, n=250, errors=2, method="by hand")
        for low, value, high in ((0.001, 0.01, 0.02), (0.021, 0.03, 0.05))
    )
    assert asked(error=better, certified=False).state == asked(error=worse, certified=False).state == "known"
    assert asked(error=worse, certified=False).says.startswith("Automation, but uncertified (at most")


def test_while_nothing_is_known_it_is_open() -> None:
    empty = asked(0, NOTHING, NOTHING, cases=0, certified=False, money=None)
    assert (empty.state, empty.figures["released_share"]) == ("open", None)
    assert empty.says == "No case has arrived yet. What people add where they read is open."
    alone = asked(0, NOTHING, certified=False, money=None)
    assert alone.says.startswith("Oversight: the machine answers nothing alone, and people read every case.")
    assert "how many of these answers are wrong is not known yet" in asked(60, NOTHING).says
    assert asked(60, NOTHING, certified=False).would_change.startswith("Nothing certifies the promise")


def test_a_certificate_that_is_carried_over_says_when_it_ends_and_what_labels_would_do() -> None:
    stricter = oversight.Step(labels=684, threshold=0.9, widens=False)
    one = asked(needed=stricter, until="9 January 2027")
    assert formats.plain(one.says).startswith("Automation, certified until 9 January 2027 (at most 2 % wrong): the")
    text = formats.plain(one.would_change)
    assert text.startswith("After 9 January 2027 every case goes to a person, unless the labels since")
    assert "About 684 more blind labels would certify anew what the model answers at confidence ≥ 0.9." in text
    assert "more blind" not in asked(needed=None).would_change
    bare = asked(certified=False, until="9 January 2027")
    assert "9 January" not in bare.says + bare.would_change
