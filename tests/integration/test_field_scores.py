"""Files as people have them, whose answers and scores a path and the table [score] can name: read right, and on the record.

The inputs in tests/field were made for this project after troubles people report; nothing in them is anybody's data.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from flows import score
from flows.governance import epochs
from flows.runtime import runs, settings
from flows.scoring import decide
from models.errors import InputInvalid
from review.label_studio import task_data
from review.ledger import ledger
from tests.integration.desk import ANN

FIELD = Path(__file__).resolve().parents[1] / "field"
STREAM = """
name = "field"
title = "Field"
{labels}
[input]
source = "inbox"
{given}
[model]
id = "m-1"
[review]
kind = "text"
question = "What is it?"
project = "Field"
[target]
error = 0.05
[costs]
error = 10.0
review_minute = 0.5
"""
COUNTED = {"decided": 0, "unscored": 0, "faults": 0}


class Desk:
    """A ledger, and a stream that can be described anew."""

    def __init__(self, folder: Path, book: ledger.Ledger) -> None:
        self.folder, self.book = folder, book

    def scored(self, path: Path, labels: str | None, text: str, review: str = 'kind = "text"') -> dict[str, int]:
        """Score a file. `labels`: None of a stream of records. `review`: what people are shown."""
        line = "" if labels is None else f"labels = {labels}"
        described_by = STREAM.format(labels=line, given=text).replace('kind = "text"', review)
        (self.folder / "field.toml").write_text(described_by, encoding="utf-8")
        described = settings.read_stream("field", settings.read())
        epochs.begin_epoch(self.book, described, ANN)
        run = runs.Run(
            run_id="run",
            flow="score",
            started_at=runs.clock(),
            stream=described,
            settings=settings.read(),
            ledger=self.book,
        )
        counts = score.record_all(run, path, decide.record.fn)
        return {name: counts[name] for name in COUNTED}

    def decisions(self) -> pl.DataFrame:
        return self.book.read("SELECT case_id, prediction, raw_score FROM decision ORDER BY case_id")

    def epochs(self) -> int:
        return len(self.book.read("SELECT DISTINCT epoch_id FROM epoch"))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    ledger.migrate(url)
    with ledger.open(url) as book:
        yield Desk(tmp_path, book)


def test_classes_of_a_list_are_named_by_path_and_cases_by_file_and_line(desk: Desk) -> None:
    text = (
        'id = ["File", "Line"]\nprediction = "Classes[0].Name"\nconfidence = "Classes[0].Score"\npayload = ["File"]\n'
    )
    scored = desk.scored(FIELD / "comprehend" / "predictions.jsonl", '["DOCUMENTARY", "DRAMA", "OTHER"]', text)
    assert scored == {"decided": 30, "unscored": 0, "faults": 0}
    assert desk.decisions().row(0) == ('["part0.txt","0"]', "DOCUMENTARY", 0.5636)


def test_an_answer_in_json_in_a_text_is_read_and_a_record_without_one_goes_to_a_person(desk: Desk) -> None:
    text = "from_json(modelOutput.content[0].text)"
    message = (
        f'id = "recordId"\nprediction = "{text}.label"\nconfidence = "{text}.confidence"\n'
        'payload = ["modelInput.messages[0].content"]\n'
    )
    scored = desk.scored(FIELD / "bedrock" / "records.jsonl", '["yes", "no"]', message)
    assert scored == {"decided": 20, "unscored": 1, "faults": 0}


def test_samples_of_an_item_are_one_case_with_the_share_of_the_majority(desk: Desk) -> None:
    text = 'id = "item"\nprediction = "answer"\npayload = ["text"]\n[score.samples]\n'
    path = FIELD / "samples" / "a.jsonl.gz"
    assert desk.scored(path, '["yes", "no"]', text) == {"decided": 300, "unscored": 0, "faults": 0}
    shares = desk.decisions()["raw_score"].unique().sort().to_list()
    assert shares == [0.6, 0.8, 1.0]
    assert desk.scored(path, '["yes", "no"]', text)["decided"] == 0


@pytest.mark.parametrize(
    ("name", "labels", "text", "low", "high"),
    [
        ("percent/a.jsonl.gz", '["invoice", "letter"]', 'id = "doc"\nprediction = "type"\nconfidence = "score"\n'
         'payload = ["doc"]\n[score]\nscale = "percent"\n', 0.0, 1.0),
        ("logprobs/a.jsonl.gz", '["tech", "sport", "art"]', 'prediction = "label"\nconfidence = "logprob"\npayload = ["id"]\n'
         '[score]\nscale = "logprob"\n', 0.0, 1.0),
        ("onesided/a.csv.gz", '["ok", "toxic"]', 'prediction = "label"\nconfidence = "toxicity"\npayload = ["id"]\n'
         '[score]\nof = "toxic"\n', 0.5, 1.0),
    ],
)  # fmt: skip
def test_a_score_of_another_scale_or_of_one_class_is_named_in_its_table(
    desk: Desk, name: str, labels: str, text: str, low: float, high: float
) -> None:
    scored = desk.scored(FIELD / name, labels, text)
    assert (scored["unscored"], scored["faults"]) == (0, 0)
    scores = desk.decisions()["raw_score"]
    assert low <= float(scores.min()) <= float(scores.max()) <= high  # type: ignore[arg-type] # they are numbers
    assert float(scores.mean()) > 0.4  # type: ignore[arg-type]


def test_two_boxes_on_one_picture_are_two_cases(desk: Desk) -> None:
    text = 'id = ["image", "x", "y"]\nprediction = "label"\nconfidence = "score"\npayload = ["image"]\n'
    scored = desk.scored(FIELD / "boxes" / "a.jsonl", '["person", "car"]', text)
    assert (scored["decided"], scored["faults"]) == (12, 0)


BOX = 'box = { x = "x", y = "y", width = "width", height = "height" }'


def with_addresses(path: Path) -> pl.DataFrame:
    """The rows of the boxes, whose pictures a browser can open, in a file of JSON Lines."""
    rows = (FIELD / "boxes" / "a.jsonl").read_text(encoding="utf-8").replace('"frames/', '"https://example.org/frames/')
    path.write_text(rows, encoding="utf-8")
    return pl.read_ndjson(rows.encode())


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_boxes_on_one_picture_are_refused_until_each_is_a_case_and_is_shown(desk: Desk, kind: str) -> None:
    path = desk.folder / f"a.{kind}"
    rows = with_addresses(desk.folder / "a.jsonl")
    if kind == "csv":
        rows.write_csv(path)
    for id_key, way_out in (
        ('"image"', f'to show it write input.id = ["image", "x", "y"], and under [review]: {BOX}'),
        ('["image", "x", "y"]', f"no reader would see which is asked about; to show it write under [review]: {BOX}"),
    ):
        text = f'id = {id_key}\nprediction = "label"\nconfidence = "score"\npayload = ["image"]\n'
        with pytest.raises(InputInvalid, match=re.escape(way_out)):
            desk.scored(path, '["person", "car"]', text, 'kind = "image"')
        assert desk.decisions().is_empty()
    assert desk.scored(path, '["person", "car"]', text, f'kind = "image"\n{BOX}')["decided"] == 12


def test_each_of_the_boxes_on_a_picture_is_shown_with_its_own_frame(desk: Desk) -> None:
    path = desk.folder / "a.jsonl"
    with_addresses(path)
    text = 'id = ["image", "x", "y"]\nprediction = "label"\nconfidence = "score"\npayload = ["image"]\n'
    box = f'kind = "image"\n{BOX}'
    scored = desk.scored(path, '["person", "car"]', text, box)
    assert (scored["decided"], scored["faults"]) == (12, 0)
    described = settings.read_stream("field", settings.read())
    payloads = [json.loads(one) for one in desk.book.read("SELECT payload FROM decision")["payload"]]
    pages = [task_data.data(described, one, "c")["picture"] for one in payloads]
    assert len({one["image"] for one in payloads}) < len(set(map(str, pages))) == 12
    assert all('class="box"' in str(page) for page in pages)
    assert desk.book.read("SELECT DISTINCT group_id FROM decision").height == 12
    begun = desk.epochs()
    desk.scored(path, '["person", "car"]', text, box.replace(" }", ', unit = "pixels" }'))
    assert desk.epochs() == begun + 1


def test_what_makes_the_score_opens_a_new_epoch_and_the_same_again_does_not(desk: Desk) -> None:
    rows = '{"id": 1, "label": "yes", "t": "x", "j": 0.5, "v": "right"}\n'
    path = desk.folder / "a.jsonl"
    path.write_text(rows, encoding="utf-8")
    judge = 'prediction = "label"\npayload = ["t"]\n[score.judge]\nmodel = "{}"\nscore = "j"\n'
    for value, expected in ((judge.format("j-1"), 1), (judge.format("j-1"), 1), (judge.format("j-2"), 2)):
        desk.scored(path, '["yes", "no"]', value)
        assert desk.epochs() == expected
    path.write_text(rows.replace("1", "2"), encoding="utf-8")
    desk.scored(path, '["yes", "no"]', judge.format("j-2") + 'verdict = "v"\n')
    assert desk.epochs() == 3


def test_a_reader_is_shown_the_request_and_a_row_without_one_is_a_fault(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    (desk.folder / "requests.jsonl").write_text(
        "".join(
            f'{{"custom_id": "r{n}", "body": {{"text": "asked {place}"}}}}\n'
            for place, n in enumerate([3, 1, 2, 2, 4, 4])
        )
        + '{"custom_id": "r1", "body": {"text": "asked 1"}}\n',
        encoding="utf-8",
    )
    path = desk.folder / "a.jsonl"
    path.write_text(
        "".join(f'{{"custom_id": "r{n}", "label": "yes", "p": 0.{n}}}\n' for n in range(1, 6)), encoding="utf-8"
    )
    text = (
        'id = "custom_id"\nprediction = "label"\nconfidence = "p"\npayload = ["request.body.text"]\n'
        '[input.join]\nsource = "requests.jsonl"\nid = "custom_id"\n'
    )
    assert desk.scored(path, '["yes", "no"]', text) == {"decided": 2, "unscored": 0, "faults": 3}
    assert "requests.jsonl: ids that stand there twice with different content: 2, the first 'r2'" in caplog.text
    shown = desk.book.read("SELECT case_id, payload FROM decision ORDER BY case_id").rows()
    assert shown == [("r1", '{"request.body.text":"asked 1"}'), ("r3", '{"request.body.text":"asked 0"}')]
    reasons = desk.book.read("SELECT line, reason FROM fault ORDER BY line")["reason"].to_list()
    twice = "its id stands twice in requests.jsonl with different content"
    assert reasons == [twice, twice, "its id is not in the file of input.join"]


def test_a_sample_that_was_cut_off_is_a_sample_without_an_answer(desk: Desk) -> None:
    path = desk.folder / "a.jsonl"
    ends = ["stop", "stop", "length", "length", "length"]
    path.write_text("".join(f'{{"id": "a", "label": "yes", "end": "{end}", "t": "x"}}\n' for end in ends))
    text = (
        'prediction = "label"\npayload = ["t"]\nfailed = [{ when = "end", equals = ["length"], says = "cut off" }]\n'
        "[score.samples]\n"
    )
    assert desk.scored(path, '["yes", "no"]', text) == {"decided": 1, "unscored": 0, "faults": 0}
    assert desk.decisions().rows() == [("a", "yes", 0.4)]


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_the_file_of_the_requests_needs_nothing_of_the_rules_and_names_of_the_outputs(desk: Desk, ending: str) -> None:
    asked = pl.DataFrame({"custom_id": ["r1"], "question": ["What?"]})
    folder = desk.folder / "requests"
    folder.mkdir()
    getattr(asked, {"csv": "write_csv", "parquet": "write_parquet", "jsonl": "write_ndjson"}[ending])(
        folder / f"asked.{ending}"
    )
    path = desk.folder / "a.jsonl.out"
    path.write_text('{"custom_id": "r1", "label": "yes", "p": 0.5, "e": {"code": null}}\n')
    text = (
        'id = "custom_id"\nprediction = "label"\nconfidence = "p"\npayload = ["request.question"]\n'
        'files = ["*.out"]\nfailed = [{ when = "e.code", says = "it failed", reason = "e.code" }]\n'
        '[input.join]\nsource = "requests"\nid = "custom_id"\n'
    )
    assert desk.scored(path, '["yes", "no"]', text) == {"decided": 1, "unscored": 0, "faults": 0}
