"""PDFs on their way to a reader: pages of those that can be opened, and a fault for each of the others."""

import json

import polars as pl

from flows.governance import actions, epochs
from flows.scoring import payloads
from review.label_studio import evidence
from tests import pdfs
from tests.integration.desk import ANN, WHY
from tests.integration.inbox import BY_REFERENCE, Inbox

PDFS = BY_REFERENCE.replace('kind = "text"', 'kind = "pdf"')


def deliver_pdfs(inbox: Inbox, contents: list[bytes], score: float) -> None:
    ids = [f"p-{n}" for n in range(len(contents))]
    texts = [pdfs.uri(content) for content in contents]
    frame = pl.DataFrame({"id": ids, "label": "ham", "score": score, "text": texts})
    frame.write_ndjson(inbox.folder / "inbox" / "pdfs.jsonl")
    epochs.begin_epoch(inbox.book, inbox.run(PDFS).stream, ANN)
    actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
    inbox.score(text=PDFS)


def test_a_pdf_that_cannot_be_opened_is_left_out_and_said_once_while_the_others_go_out(inbox: Inbox) -> None:
    deliver_pdfs(inbox, [pdfs.of("one"), pdfs.encrypted(), pdfs.of("two"), pdfs.of("cut")[:200]], score=0.4)
    for _ in range(2):
        waiting, left_out = payloads.pending(inbox.run(PDFS), 2)
        assert (set(waiting["case_id"]), left_out) == ({"p-0", "p-2"}, 2)
    assert inbox.faults() == [
        ("pdfs.jsonl", 2, "id 'p-1' cannot be shown to a person: the PDF needs a password; deliver it without one"),
        (
            "pdfs.jsonl",
            4,
            "id 'p-3' cannot be shown to a person: it cannot be opened as a PDF; deliver it undamaged, under another id",
        ),
    ]


def test_a_reader_is_given_the_pages_and_the_ledger_keeps_the_pdf_alone(inbox: Inbox) -> None:
    content = pdfs.of("one", "two")
    deliver_pdfs(inbox, [content], score=0.4)
    run = inbox.run(PDFS)
    waiting, _ = payloads.pending(run, 1)
    payload = json.loads(waiting["payload"][0])
    assert payload == {"text": pdfs.uri(content)}
    pages = payloads.evidence(run.stream, payload)["text"]
    assert isinstance(pages, evidence.Pages)
    assert (len(pages.images), pages.count) == (2, 2)


def test_a_recalled_pdf_is_read_from_its_file_again(inbox: Inbox) -> None:
    deliver_pdfs(
        inbox, [*(pdfs.of(f"{n}") for n in range(10)), *(pdfs.of("cut")[: 200 + n] for n in range(6))], score=0.9
    )
    released = inbox.released()
    assert released
    inbox.recall(released)
    waiting, left_out = payloads.pending(inbox.run(PDFS), 16)
    assert set(waiting["case_id"]) == {f"p-{n}" for n in range(10)}
    assert left_out == 6
