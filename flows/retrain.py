"""Flow `retrain`: a candidate is trained on people's answers, and answers in shadow beside the model in force.

A deployment without a schedule: "Custom run" in Prefect's pages asks for a name and a kind. It releases nothing.
"""

from prefect import flow

from flows.planning import candidates
from flows.runtime import flow_states


@flow(name="retrain", flow_run_name="retrain-{stream}")
def retrain(stream: str, model: str, kind: candidates.Kind = "second-stage") -> flow_states.Ended:
    """Train a candidate on the labels that are for training, and record what it says of those kept for measuring.

    Args:
        stream: the stream's name.
        model: a name for the candidate; the file is called so.
        kind: second-stage scores the model's answers anew; refit fits the stream's own classifier anew.
    """
    return flow_states.ended(lambda: candidates.retrain(stream, model, kind))
