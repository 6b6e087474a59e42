"""What people's answers teach in the demo: candidates are trained on them, and answer in shadow beside the model in force."""

from rich.console import Console
from rich.markup import escape

from flows.planning import candidates
from models.errors import Misuse
from review import formats

_KINDS = ("second-stage", "calibrator")


def train(name: str, day: int, out: Console) -> None:
    """Train a second stage, and where its labels speak against it a calibrator, on people's answers until this day."""
    for kind in _KINDS:
        try:
            counts = candidates.retrain(name, f"{name}-{kind}-{day}", kind)
        except Misuse as error:
            out.print(f"  No {kind}: {escape(formats.plain(str(error)))}.", soft_wrap=True)
            continue
        asked = formats.count(counts["recorded"], "other")
        out.print(
            f"  {escape(counts['model'])} was trained on {formats.count(counts['labels'], 'answer')} of people and asked about "
            f"{asked}: what it would release stands in the report.",
            soft_wrap=True,
        )
        return
