"""What reviews take of people: nothing is said of what is not known."""

from review.choices.work import Work


def test_without_minutes_neither_hours_nor_a_price_are_said() -> None:
    unknown = Work(minutes=None, minute_cost=0.5, currency="EUR")
    assert (unknown.hours(90), unknown.effort(90)) == (None, "")


def test_hours_and_cost_are_of_all_reviews() -> None:
    known = Work(minutes=2.0, minute_cost=0.5, currency="EUR")
    assert known.hours(90) == 3.0
    assert known.cost(3.0) == 90.0
