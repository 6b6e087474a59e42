"""Another model takes over in the demo: it is asked about cases that people have read, and promoted where these allow it."""

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from deploy.demo import learning
from deploy.demo.prepared import Successor
from flows.governance import opening
from flows.planning import promotion, shadows
from flows.runtime import settings
from models.errors import Misuse
from review import formats, private_files

ROOT = Path(__file__).resolve().parents[2]


def streams(home: Path, name: str, successor: Successor | None) -> Path:
    """The folder of the stream's file: the repository's, or the demo's own where the file is to change."""
    folder = ROOT / "deploy" / "streams"
    if successor is None:
        return folder
    own = home / "streams" / f"{name}.toml"
    if not own.exists():
        private_files.replace(own, (folder / own.name).read_text(encoding="utf-8"))
    return own.parent


def take_over(name: str, successor: Successor, home: Path, *, by: str, out: Console) -> None:
    """Ask the successor in shadow, name it in the stream file, and let it take over; done again it changes nothing."""
    config = settings.read()
    stream, file = settings.read_stream(name, config), settings.stream_file(name, config)
    if stream.model.id == successor.model:
        return
    ask, answers = home / "ask.jsonl", home / "answers.jsonl"
    shadows.asked(name, successor.model, ask)
    rows = [json.loads(line) for line in ask.read_text(encoding="utf-8").splitlines()]
    answered = [{shadows.CASE: row[shadows.CASE]} | dict(successor.answers(row["text"])) for row in rows]
    private_files.replace(answers, "".join(json.dumps(row) + "\n" for row in answered))
    if answered:  # else all of them were before a break
        shadows.record(name, answers, successor.model)
    learning.train(name, successor.after_day, out)
    out.print(
        f"  {escape(successor.model)} was asked about {formats.count(len(answered), 'case')} that people have read."
    )
    text = file.read_text(encoding="utf-8")
    private_files.replace(file, text.replace(f'id = "{stream.model.id}"', f'id = "{successor.model}"'))
    because = "right more often at the same error, by its answers in shadow"
    try:
        now = promotion.promote(name, None, by=by, because=because, unseen=True)
    except Misuse as error:
        out.print(f"  It begins with every case to a person: {escape(str(error))}.", soft_wrap=True)
        opening.begin(name, by=by)
        return
    at = formats.releases(now.policy.threshold, now.policy.by_class)
    out.print(f"  It takes over without a cold start, {escape(at)}, certified in shadow.", soft_wrap=True)
