"""A project belongs to a ledger: another one neither fills it nor takes its answers for blind readings. On a real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from flows import collect, score
from flows.governance import opening
from flows.runtime import runs, settings
from flows.scoring import decide
from models.errors import Refused
from review.label_studio import project_mark, projects, task_data
from review.queries import registered
from tests.integration.test_dispatch import Place

ASSISTED = "\n[policy]\ncold_blind_rate = 1e-9\n"


class Assisting(Place):
    """A stream of which nearly every case goes out with the model's answer filled in; and a second ledger for it."""

    rate = ASSISTED

    def describe(self, depth: int) -> None:
        super().describe(depth)
        file = self.home / f"{self.name}.toml"
        file.write_text(file.read_text(encoding="utf-8") + self.rate, encoding="utf-8")

    def answer_all(self) -> None:
        """Everybody agrees with what they are shown."""
        result = task_data.prefill(settings.read_stream(self.name, settings.read()), "yes", "c-1")
        for task in self.tasks():
            body = {"result": result, "lead_time": 2.0}
            self.api.post(f"/api/tasks/{task}/annotations/", json=body).raise_for_status()

    def collect(self) -> pl.DataFrame:
        with runs.open_ledger() as book:
            collect.collect_all(self.run(book), collect.record_answers.fn)
            return book.read("SELECT case_id, outcome, blind FROM review")

    def second_ledger(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECOND_READER_LEDGER", f"sqlite:///{self.home / 'second.db'}")
        self.rate = ""  # every case is sampled for a blind reading
        self.describe(12)

    def score(self) -> None:
        with runs.open_ledger() as book:
            score.record_all(self.run(book, "score"), self.home / "mail.jsonl", decide.record.fn)


@pytest.fixture
def place(label_studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Assisting]:
    names = {"LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}", "STREAMS": str(tmp_path), "DATA": str(tmp_path)}
    names |= {"LABEL_STUDIO_URL": label_studio.url, "LABEL_STUDIO_TOKEN": label_studio.token}
    for name, value in names.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    headers = {"Authorization": f"Token {label_studio.token}"}
    with httpx.Client(base_url=label_studio.url, headers=headers, trust_env=False, timeout=60) as api:
        assisting = Assisting(tmp_path, api)
        yield assisting
        api.delete(f"/api/projects/{assisting.project_id}/")


def test_a_new_ledger_on_an_old_project_is_refused_before_an_epoch_begins(
    place: Assisting, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.dispatch()
    place.second_ledger(monkeypatch)
    with pytest.raises(
        Refused, match=rf"project {place.project_id} .* is of stream '{place.name}', but of another ledger"
    ):
        opening.begin(place.name, by="ann@example.org")
    with runs.open_ledger() as book:
        assert book.read("SELECT epoch_id FROM epoch").is_empty()
        assert book.read("SELECT project_id FROM project").is_empty()


def test_a_project_that_was_given_to_another_ledger_is_neither_filled_nor_read_any_more(place: Assisting) -> None:
    other = project_mark.Mark(stream=place.name, ledger="f" * 32)
    place.api.patch(f"/api/projects/{place.project_id}/", json={"description": str(other)}).raise_for_status()
    for step in (place.dispatch, place.collect):
        with pytest.raises(
            Refused, match="but of another ledger: answers in it may have been given to the model's own"
        ):
            step()
    assert place.tasks() == {}


def test_answers_to_the_models_own_suggestion_are_never_blind_however_a_ledger_came_by_them(
    place: Assisting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes the second ledger's mark into the first one's project: so its tasks are found and its answers read."""
    place.dispatch()
    place.answer_all()
    assert place.collect()["blind"].to_list() == [False] * 12
    with runs.open_ledger() as book:
        assert registered.seen_before_read(book, place.name) == 0  # none was meant to be blind
    place.second_ledger(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(projects, "ensure", lambda *_, **__: place.project_id)
        opening.begin(place.name, by="ann@example.org")
    with runs.open_ledger() as book:
        mine = runs.mark(book, place.run(book).stream)
    place.api.patch(f"/api/projects/{place.project_id}/", json={"description": str(mine)}).raise_for_status()
    place.score()
    place.dispatch()
    with runs.open_ledger() as book:
        assert book.read("SELECT blind FROM dispatch")["blind"].to_list() == [True] * 12
    result = place.collect()
    assert result["outcome"].to_list() == ["answer"] * 12
    assert result["blind"].to_list() == [False] * 12
    with runs.open_ledger() as book:
        assert registered.seen_before_read(book, place.name) == 12
        assert registered.seen_before_read(book, "another") == 0


def test_a_question_that_is_asked_another_way_reaches_who_reads_with_the_epoch_it_begins(place: Assisting) -> None:
    place.dispatch()
    file = place.home / f"{place.name}.toml"
    text = file.read_text(encoding="utf-8")
    asked = next(line for line in text.splitlines() if line.startswith("question"))

    def form() -> str:
        return str(place.api.get(f"/api/projects/{place.project_id}/").raise_for_status().json()["label_config"])

    by_hand = form().replace("<View>", '<View style="color: black">', 1)
    place.api.patch(f"/api/projects/{place.project_id}/", json={"label_config": by_hand}).raise_for_status()
    assert opening.begin(place.name, by="ann@example.org") == (place.project_id, False)
    assert form() == by_hand  # what somebody changed stays, as long as the stream asks what it asked
    file.write_text(text.replace(asked, 'question = "Is it really?"'), encoding="utf-8")
    assert opening.begin(place.name, by="ann@example.org") == (place.project_id, True)
    assert "Is it really?" in form()
    assert len(place.tasks()) == 12
