"""Flow `retrain`: a candidate is trained on people's answers, and answers in shadow beside the model in force.

On a schedule where the stream file has one (`schedule.retrain`); else "Custom run" in Prefect's pages asks for a name and a kind.
It releases nothing.
"""

from prefect import flow

from flows.planning import candidates
from flows.runtime import flow_states, runs
from models.errors import NothingTrained


@flow(name="retrain", flow_run_name="retrain-{stream}")
def retrain(
    stream: str, model: str = "", kind: candidates.KindName = "second-stage", curve: bool = True
) -> flow_states.Ended:
    """Train a candidate on the labels that are for training, and record what it says of those kept for measuring.

    Args:
        stream: the stream's name.
        model: a name for the candidate; the file is called so. Empty: the stream, the kind and the day.
        kind: second-stage scores the model's answers anew; calibrator makes its score a probability; refit fits the stream's own
            classifier anew.
        curve: train it on parts of the labels, too, to say whether more of them would help.
    """

    def work() -> runs.Counts:
        try:
            counts = candidates.retrain(stream, model or candidates.name_of_today(stream, kind), kind, curve=curve)
        except NothingTrained as error:
            if model:
                raise
            return {"headline": str(error)}  # on a schedule: there will be another day
        for sentence in counts["says"]:
            runs.log.info("%s", sentence)
        return counts

    return flow_states.ended(work)
