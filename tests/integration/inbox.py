"""A stream that keeps payloads by reference, in a folder of a test's own."""

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.inputs import files
from flows.runtime import runs, settings
from flows.scoring import decide, payloads
from review.ledger import ledger
from tests.integration import ledger_facts as facts
from tests.integration.desk import STREAM

BY_REFERENCE = STREAM.replace('payload = ["text"]', 'payload = ["text"]\npayload_by = "reference"')
CASES = 40


@dataclass(frozen=True, slots=True)
class Inbox:
    """A stream that keeps payloads by reference and releases what has a confidence of 0.5."""

    folder: Path
    book: ledger.Ledger

    def run(self, text: str = BY_REFERENCE) -> runs.Run:
        written = text.format(model="m-1", target=0.05, per_class="no", at="")
        (self.folder / "mail.toml").write_text(written, encoding="utf-8")
        config = settings.read()
        return runs.Run(
            run_id="run",
            flow="dispatch",
            started_at=runs.clock(),
            stream=settings.read_stream("mail", config),
            settings=config,
            ledger=self.book,
        )

    def deliver(self, name: str, prefix: str = "c", *, score: float = 0.9) -> Path:
        """A file of cases that say their own names."""
        ids = [f"{prefix}-{n:02d}" for n in range(CASES)]
        texts = [f"I am {case},\nin two lines" for case in ids]
        frame = pl.DataFrame({"id": ids, "label": ["ham"] * CASES, "score": [score] * CASES, "text": texts})
        path = self.folder / "inbox" / name
        if name.endswith(".parquet"):
            frame.write_parquet(path, row_group_size=10)
        elif name.endswith(".csv"):
            frame.write_csv(path)
        else:
            frame.write_ndjson(path)
        return path

    def score(self, source: Path | None = None, text: str = BY_REFERENCE) -> None:
        run = self.run(text)
        inbox = source or self.folder / run.stream.input.source
        described = payloads.findable(run, inbox).stream
        for chunk in files.chunks(inbox, described, rows=15):
            decide.record.fn(described, "run", chunk)

    def released(self, where: str = "true") -> list[str]:
        """Cases that went to nobody."""
        result = self.book.read(
            f"SELECT case_id FROM decision WHERE route = 'AUTOMATE' AND NOT blind AND {where} ORDER BY case_id"
        )
        return result["case_id"].to_list()

    def recall(self, cases: list[str]) -> None:
        rows: list[dict[str, facts.Value]] = [{"case_id": case} for case in cases]
        self.book.append({"recall": facts.recalls(*rows)}, now=facts.NOW)

    def pending(self, room: int = 1000) -> tuple[dict[str, str], int]:
        """What dispatch would show of whom, and how many it leaves out."""
        waiting, left_out = payloads.pending(self.run(), room)
        shown = [json.loads(payload)["text"] for payload in waiting["payload"]]
        return dict(zip(waiting["case_id"], shown, strict=True)), left_out

    def faults(self) -> list[tuple[str, int, str]]:
        rows = self.book.read("SELECT source, line, reason FROM fault ORDER BY source, line").rows()
        return [(source, line, reason) for source, line, reason in rows]

    def state(self, case: str) -> str:
        run = self.run()
        return payloads.state(self.book, run.stream, run.settings.data / run.stream.input.source, case)[0]
