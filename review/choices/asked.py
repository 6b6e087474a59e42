"""What the answers about several models have in common: what is missing of each, and the state of the answer. Pure."""

from collections.abc import Sequence

from review import formats
from review.adoption.equal_risk import Money, Spending
from review.adoption.other_models import OtherModel
from review.choices import spending_text
from review.choices.answer import Answer, State

Known = tuple[OtherModel, Spending]


def with_spending(others: Sequence[OtherModel]) -> list[Known]:
    """The models whose costs were worked out."""
    return [(one, one.spending) for one in others if one.spending is not None]


def unpriced(one: OtherModel, spending: Spending, model: str) -> list[str]:
    """The models of which neither an answer has a price nor an outlay is entered."""
    names = (model, one.model_id)
    return [name for name, known in zip(names, spending_text.priced(spending), strict=True) if not known]


def all_unpriced(known: Sequence[Known], model: str) -> list[str]:
    """The same of all models, each once."""
    return list(dict.fromkeys(name for one, spending in known for name in unpriced(one, spending, model)))


def early(one: OtherModel) -> bool:
    """Whether more labels would certify a first threshold of a model: as it is, people would read all of its cases."""
    return one.threshold is None and not one.barred and one.needed is not None


def early_text(one: OtherModel) -> str:
    """What that means for what it costs."""
    return f"Nothing that {one.model_id} answers is certified yet, so people would read all of its cases as it is."


def to_certify(one: OtherModel) -> str:
    """What would change that."""
    return (
        f"About {formats.count(one.needed or 0, 'more label')} of cases that {one.model_id} was asked about would certify its "
        "first threshold."
    )


def nobody(question: str, says: str, stream: str, decided: int, first: bool = False) -> Answer:
    """The answer while no other model was asked.

    `decided`: cases so far. `first`: whether it is the first of such answers, which says what to do.
    """
    steps = (
        "A second model, asked about cases that people have read already, so that it takes no reviews: second-reader shadow "
        f"{stream} --model M --wanted ask.jsonl writes these cases into a file. What each model costs beside its answers is "
        f"entered with second-reader outlay {stream} --model M."
    )
    return Answer(
        question=question,
        state="unasked",
        missing="a second model",
        says=says,
        rests_on=f"{formats.count(decided, 'case')} so far; no two models were asked about the same ones.",
        would_change=steps if first else "A second model, as for Build or buy.",
        figures={},
    )


def named(names: Sequence[str]) -> str:
    """Names in a row.

    >>> named(["m-1", "m-2", "m-3"])
    'm-1, m-2 and m-3'
    """
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def how_to_price(names: Sequence[str], stream: str) -> str:
    """What to do so that the costs of models are known."""
    return (
        f"The price of answers of {named(names)}: the engineer names the column that holds it (input.cost), or somebody "
        f"enters what is paid for the model: second-reader outlay {stream} --model NAME."
    )


def state(states: Sequence[State]) -> State:
    """Of several models: known where anything is known of one, else open where one was asked."""
    return "known" if "known" in states else "open" if "open" in states else "unasked"


def rests_on(known: Sequence[Known], stream: str, currency: str) -> str:
    """The labels, prices and outlays that a comparison rests on."""
    most = max(one.asked for one, _ in known)
    money: Money = known[0][1].money
    minutes = {"stated": "by the stream file", "measured": "by the readers' own time", "assumed": "a minute, assumed"}
    entered = any(any(one.money.entered) for _, one in known) or money.for_all_a_day > 0
    return (
        f"On up to {formats.count(most, 'sampled case')} that both models were asked about, each answering alone where that is "
        f"certified for the same target; a review at {formats.amount(money.review)} {currency} "
        f"({minutes[money.minutes_known]}); "
        + (
            f"the other costs that are entered (second-reader outlay {stream})."
            if entered
            else f"no other costs, for none are entered (second-reader outlay {stream})."
        )
    )
