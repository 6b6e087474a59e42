"""A stream whose models answer the same items one after the other, with an open ledger and people who answer by facts."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from flows import score
from flows.governance import actions, epochs, evidence
from flows.runtime import runs, settings
from flows.scoring import decide
from models.config.stream import Stream
from review.ledger import ledger, records
from review.queries import pending_cases
from review.queries.outcomes import Outcomes
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY

FIELD = Path(__file__).resolve().parents[1] / "field" / "rerun"
V1, V2 = ((FIELD / name).read_text(encoding="utf-8") for name in ("v1.jsonl", "v2.jsonl"))
READ = {"automated": 0, "audits": 0, "unscored": 0}  # counts of a cold start
SURE = "[policy]\naudit_rate = 0.5\nblind_rate = 0.5\n"


@dataclass(frozen=True, slots=True)
class Reruns:
    """`model` answers, by the stream file. `more`: tables and keys that the file ends with."""

    folder: Path
    book: ledger.Ledger
    model: str = "m-1"
    more: str = ""
    keys: str = ""  # of [input]

    def describe(self) -> Stream:
        text = (FIELD / "rerun.toml").read_text(encoding="utf-8").replace('id = "m-2"', f'id = "{self.model}"')
        text = text.replace('kind = "text"', 'kind = "text"\noverlap = 0.0')
        text = text.replace('payload = ["text"]', f'payload = ["text"]\n{self.keys}') + self.more
        (self.folder / "rerun.toml").write_text(text, encoding="utf-8")
        return settings.read_stream("rerun", settings.read())

    def follows(self, model: str) -> "Reruns":
        """The same stream after another model has taken over."""
        after = replace(self, model=model)
        epochs.begin_epoch(self.book, after.describe(), ANN)
        return after

    def deliver(self, name: str, text: str) -> None:
        (self.folder / "inbox").mkdir(exist_ok=True)
        (self.folder / "inbox" / name).write_text(text, encoding="utf-8")

    def run(self, flow: str = "score") -> runs.Run:
        return runs.Run(
            run_id=f"{flow} {self.model}",
            flow=flow,
            started_at=runs.clock(),
            stream=self.describe(),
            settings=settings.read(),
            ledger=self.book,
        )

    def score(self, write: Callable[..., dict[str, int]] | None = None) -> dict[str, int]:
        """Score all that lies in the inbox."""
        return score.record_all(
            self.run(),
            self.folder / "inbox",
            write
            or (lambda stream, run_id, chunk, ready: decide.append(self.book, stream, run_id, ready, lambda: chunk)),
        )

    def releases(self, threshold: float) -> None:
        actions.adopt("rerun", threshold, by=ANN, because=WHY, uncertified=True)

    def send(self, most: int = 1000) -> list[str]:
        """What waits is put before people, without a Label Studio: the cases."""
        waiting = pending_cases.pending(self.book, "rerun", most)
        return self.sent(waiting.select("case_id", "blind"))

    def sent(self, cases: pl.DataFrame) -> list[str]:
        first = int(self.book.read("SELECT count(*) AS n FROM dispatch")["n"].item()) + 1
        tasks = cases.with_columns(
            slot=pl.lit(0, pl.Int64),
            task_key=pl.concat_str(pl.lit("key of "), "case_id"),
            project_id=pl.lit(7, pl.Int64),
            task_id=pl.int_range(first, first + len(cases), dtype=pl.Int64),
        )
        now = runs.clock()
        rows = records.dispatches(tasks, stream="rerun", run_id="dispatch", now=now)
        self.book.append({"dispatch": rows}, now=now)
        return cases["case_id"].to_list()

    def answer(self, cases: Sequence[str], label: str | None = None) -> None:
        """A person answers each of these cases, by default as the model did."""
        known = self.book.read(
            "SELECT d.case_id, d.blind, d.prediction, s.task_id FROM decision d JOIN dispatch s ON s.case_id = d.case_id "
            "WHERE s.slot = 0 AND d.case_id IN :cases",
            cases=list(cases) or [""],
        )
        now = runs.clock()
        rows: list[dict[str, facts.Value]] = [
            {"stream": "rerun", "case_id": case, "task_id": task, "annotation_id": task, "blind": blind}
            | {"answer": label or prediction, "revision": now, "submitted_at": now}
            for case, blind, prediction, task in known.iter_rows()
        ]
        self.book.append({"review": facts.reviews(*rows)}, now=now)

    def recall(self, cases: Sequence[str]) -> None:
        rows: list[dict[str, facts.Value]] = [{"stream": "rerun", "case_id": case} for case in cases]
        self.book.append({"recall": facts.recalls(*rows)}, now=runs.clock())

    def cases(self) -> Outcomes:
        return evidence.cases(self.run("measure"), runs.clock())

    def ids(self, where: str = "") -> list[str]:
        return self.book.read(f"SELECT case_id FROM decision {where} ORDER BY seal, line")["case_id"].to_list()

    def count(self, table: str) -> int:
        return int(self.book.read(f"SELECT count(*) AS n FROM {table}")["n"].item())


def rows(lines: str, /, **other: object) -> str:
    """Rows with other values in some columns; a function is given the number of the row."""
    whole = [json.loads(line) for line in lines.splitlines()]
    return "".join(
        json.dumps(row | {name: value(number) if callable(value) else value for name, value in other.items()}) + "\n"
        for number, row in enumerate(whole)
    )


def some(text: str, first: int, last: int) -> str:
    """The rows from `first` on, `last` not included."""
    return "".join(line + "\n" for line in text.splitlines()[first:last])
