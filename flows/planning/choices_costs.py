"""The three answers about money: build or buy, complexity or upkeep, prompt or fine-tune; their figures from the ledger."""

from datetime import date

from flows.runtime import runs
from review.adoption.other_models import OtherModel
from review.choices import adaptation, build_or_buy, complexity
from review.choices.answer import Answer
from review.choices.complexity import Change
from review.choices.work import Work
from review.queries import changeovers, policy_history
from review.queries.outcomes import Outcomes


def costs(
    run: runs.Run, in_force: policy_history.PolicyInForce, cases: Outcomes, others: tuple[OtherModel, ...], work: Work
) -> tuple[Answer, Answer, Answer]:
    """The first, the second and the fifth answer, in this order.

    `cases`: the stream's decisions. `others`: as `flows.planning.other_models.of` gives them, which holds what each costs.
    """
    name, currency, model = run.stream.name, run.stream.costs.currency, in_force.model_id
    decided = int(cases.kinds["n"].sum())
    changes = tuple(
        Change(model_id=one.model_id, reviews=one.reviews, over=one.adopted_at is not None)
        for one in changeovers.of(run.ledger, name)
    )
    return (
        build_or_buy.of(name, model, currency, others, decided),
        complexity.of(name, model, work, others, decided, changes),
        adaptation.of(name, model, currency, others, decided, date.fromisoformat(runs.clock()[:10])),
    )
