"""What reviews take of people, in hours and money."""

from dataclasses import dataclass

from review import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`minutes`: of a review; None: the stream file does not say it, and nobody has measured it. `minute_cost`: of a reader's
    minute, in the stream's currency."""

    minutes: float | None
    minute_cost: float
    currency: str

    def hours(self, reviews: float) -> float | None:
        """Of people; None: not known."""
        return reviews * self.minutes / 60 if self.minutes else None

    def cost(self, hours: float) -> float:
        """Of so many hours."""
        return 60 * hours * self.minute_cost

    def price(self, hours: float) -> str:
        """The same with its currency."""
        return f"{formats.amount(self.cost(hours))}{formats.SPACE}{self.currency}"

    def effort(self, reviews: float) -> str:
        """As `3 hours of people for 90.0 EUR`; empty where it is not known.

        >>> formats.plain(Work(minutes=2.0, minute_cost=0.5, currency="EUR").effort(90))
        '3 hours of people for 90.0 EUR'
        """
        hours = self.hours(reviews)
        return "" if hours is None else f"{formats.people(hours)} for {self.price(hours)}"
