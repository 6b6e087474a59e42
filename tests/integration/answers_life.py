"""A random life of a stream in the ledger: decisions, readings of all kinds, edits, deletions, recalls, policies."""

import random
from dataclasses import dataclass, field

import polars as pl

from review.ledger import ledger
from tests.integration import ledger_facts as facts

READERS = ("ann@example.org", "bo@example.org", "Cy@example.org", "émile@example.org")


def moment(number: int) -> str:
    return f"2026-02-01T12:00:00.{number:06d}Z"


@dataclass(slots=True)
class Life:
    """Facts of one stream, one after the other."""

    book: ledger.Ledger
    random: random.Random
    stream: str = "mail"
    policy: str = ""
    cases: int = 0
    facts: int = 0
    sent: list[tuple[str, int]] = field(default_factory=list)  # case, round
    recalled: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Two epochs: one of them with a single reading for each case."""
        named: dict[str, facts.Value] = {"stream": self.stream}
        single = named | {"epoch_id": f"{self.stream}-2", "terms": '{"review.second_opinion": false, "a": 1}'}
        self.book.append(
            {"epoch": facts.epochs(named | {"epoch_id": f"{self.stream}-1", "terms": "{}"}, single)}, now=facts.NOW
        )
        self.adopt()

    def adopt(self) -> None:
        """Another policy comes into force."""
        past = self.book.read("SELECT version FROM adoption WHERE stream = :stream", stream=self.stream)
        version = len(past) + 1
        self.policy = f"{self.stream}-{version}"
        named: dict[str, facts.Value] = {"stream": self.stream, "policy_id": self.policy}
        adopted = named | {"version": version, "certified": self.random.random() < 0.5}
        self.book.append(
            {
                "policy": facts.policies(named | {"epoch_id": f"{self.stream}-1"}),
                "adoption": facts.adoptions(adopted),
            },
            now=facts.NOW,
        )

    def step(self) -> None:
        """One more fact, or a few under one seal."""
        self.facts += 1
        kind = self.random.random()
        if kind < (0.25 if self.cases < 12 else 0.05) or not self.sent:
            self._decide()
        elif kind < 0.33:
            self._send_again()
        elif kind < 0.85:
            self._say()
        elif kind < 0.93:
            self._recall()
        elif kind < 0.96:
            self.adopt()
        else:
            self.book.append({"run": facts.runs({"run_id": f"{self.stream}-{self.facts}"})}, now=facts.NOW)

    def _decide(self) -> None:
        rows: list[dict[str, facts.Value]] = []
        for _ in range(self.random.randint(1, 3)):
            self.cases += 1
            route = self.random.choice(["AUTOMATE", "REVIEW"])
            unsure = route == "REVIEW" and self.random.random() < 0.2
            rows.append(
                {
                    "case_id": f"c{self.cases}",
                    "stream": self.stream,
                    "route": route,
                    "blind": self.random.random() < 0.6,
                    "confidence": None if unsure else 0.5,
                    "prediction": None if unsure and self.random.random() < 0.5 else "ham",
                    "doubt": "no score" if unsure else None,
                    "epoch_id": f"{self.stream}-{self.random.choice([1, 1, 2])}",
                    "policy_id": self.policy,
                    "decided_at": moment(self.facts),
                }
            )
        self.book.append({"decision": facts.decisions(*rows)}, now=facts.NOW)
        for row in rows:
            self._send(str(row["case_id"]), 0)

    def _send(self, case: str, number: int) -> None:
        row: dict[str, facts.Value] = {
            "case_id": case,
            "stream": self.stream,
            "slot": number,
            "sent_at": moment(self.facts),
        }
        self.book.append(
            {
                "dispatch": facts.dispatches(
                    row | {"task_id": len(self.sent) + 1, "task_key": f"{self.stream} {case} {number}"}
                )
            },
            now=facts.NOW,
        )
        self.sent.append((case, number))

    def _send_again(self) -> None:
        case = self.random.choice(self.sent)[0]
        self._send(case, max(number for one, number in self.sent if one == case) + 1)

    def _say(self) -> None:
        case, number = self.random.choice(self.sent)
        place = self.sent.index((case, number)) * 3 + self.random.randint(1, 3)  # three annotations of a task
        outcome = self.random.choices(["answer", "skip", "deleted", "bulk", "repeat"], [12, 1, 2, 1, 1])[0]
        row: dict[str, facts.Value] = {
            "project_id": 7 if self.stream == "mail" else 8,
            "annotation_id": place,
            "revision": moment(self.facts),
            "stream": self.stream,
            "case_id": case,
            "slot": number,
            "outcome": outcome,
            "answer": self.random.choice(["ham", "ham", "spam", "eggs"]) if outcome == "answer" else None,
            "blind": self.random.random() < 0.6,
            "reviewer": self.random.choice(READERS),
            "submitted_at": moment(self.facts - self.random.randint(0, 3)),
            "written_by": self.random.choice([None, None, None, "boss@example.org"]),
            "unsure": self.random.choice([None, None, None, True]),
        }
        self.book.append({"review": facts.reviews(row)}, now=facts.NOW)

    def _recall(self) -> None:
        case = self.random.choice(self.sent)[0]
        row = {
            "stream": self.stream,
            "case_id": case,
            "recalled_by": "ann",
            "because": "an alarm",
            "recalled_at": facts.NOW,
        }
        if case not in self.recalled:
            self.recalled.add(case)
            self.book.append({"recall": pl.DataFrame([row])}, now=facts.NOW)
