"""A first stream file where answers are lists of labels, written in several ways, or several to an item."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from flows.inputs import files, first_stream
from flows.runtime import settings
from models.config import stream as streams
from models.outputs import contract

WORDS = ("hate", "threat", "spam")


@pytest.fixture
def config(tmp_path: Path) -> settings.Settings:
    return settings.Settings(streams=tmp_path / "streams", data=tmp_path)


def begun(config: settings.Settings, rows: list[dict[str, Any]]) -> tuple[streams.Stream, list[str], Path]:
    data = config.data / "a.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sentences = first_stream.write("mail", data, config).sentences
    return settings.read_stream("mail", config), sentences, data


def unscored(described: streams.Stream, data: Path) -> list[str]:
    """Why the cases of a file that have no score have none, as the stream file reads it."""
    frames = [chunk.frame for chunk in files.chunks(data, described)]
    checked = [contract.validate(frame, described, source="a.jsonl") for frame in frames]
    assert not any(len(one.faults) for one in checked)
    return [reason for one in checked for reason in one.cases["doubt"].drop_nulls()]


def flagged(n: int, chance: random.Random) -> dict[str, Any]:
    flags = chance.sample(WORDS, chance.randrange(4))
    return {"id": f"p{n}", "text": f"Post {n}", "flags": flags, "score": 0.5 + n / 100, "truth": sorted(flags)}


def test_lists_of_labels_are_a_field_of_kind_set_and_no_reader_sees_them(config: settings.Settings) -> None:
    chance = random.Random(4)  # no secret
    described, sentences, data = begun(config, [flagged(n, chance) for n in range(40)])
    (field,) = described.field
    assert ("flags", "set", "score", sorted(WORDS)) == (field.name, field.kind, field.score, field.labels)
    assert (["text"], "id", None) == (described.input.payload, described.input.id, described.input.confidence)
    assert any("field 'flags': a set, for column 'flags' holds lists of labels" in one for one in sentences)
    assert "Then run: second-reader init mail" == sentences[-1]
    assert not unscored(described, data)


def test_lists_are_known_in_csv_too_and_without_a_score_people_read_all(config: settings.Settings) -> None:
    rows = ["id,text,labels,human", *(f'p{n},Post {n},"[""{WORDS[n % 3]}""]","[""spam""]"' for n in range(30))]
    (config.data / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    sentences = first_stream.write("mail", config.data / "a.csv", config).sentences
    (field,) = settings.read_stream("mail", config).field
    assert ("labels", "set", None) == (field.name, field.kind, field.score)
    assert any("no column is its score: name one, or people read all" in one for one in sentences)


def test_a_field_of_a_record_may_be_a_list_of_labels_and_a_choice_in_several_spellings(
    config: settings.Settings,
) -> None:
    def row(n: int) -> dict[str, Any]:
        tags = {"tags": [WORDS[n % 3]], "tags_conf": 0.9, "kind": ("bill", "Bill ", "letter")[n % 3], "kind_conf": 0.8}
        return {"doc": f"d{n}", "page": f"Page {n} of a letter"} | tags

    described, _, data = begun(config, [row(n) for n in range(60)])
    tags, kind = described.field
    assert ("set", sorted(WORDS)) == (tags.kind, tags.labels)
    assert ("choice", "folded", 2) == (kind.kind, kind.same, len(kind.labels or ()))
    assert not unscored(described, data)


def test_spellings_of_a_label_are_one_label_that_is_read_in_all_of_them(config: settings.Settings) -> None:
    ways = ("bug", "bug", "Bug", "bug.", "bug\n", "other", "other ")
    rows = [{"id": f"m{n}", "text": f"Mail {n}", "label": ways[n % 7], "p": n / 70} for n in range(70)]
    described, sentences, data = begun(config, rows)
    assert (["bug", "other"], True) == (described.labels, described.spellings.fold)
    assert any(one.startswith("  labels.fold: some differ by case, white space") for one in sentences)
    assert not unscored(described, data)


def test_several_answers_to_an_item_are_samples_of_one_case(config: settings.Settings) -> None:
    chance = random.Random(5)  # no secret
    rows = [
        {"item": f"q{n // 3}", "sample": n % 3, "text": f"Mail {n // 3}", "answer": chance.choice(("yes", "no"))}
        for n in range(60)
    ]
    described, sentences, data = begun(config, rows)
    assert ("item", ["text"], None) == (described.input.id, described.input.payload, described.input.confidence)
    assert described.score is not None
    assert described.score.samples is not None
    assert not [one for one in sentences if "missing" in one.lower()]
    assert any("score.samples: 60 rows are answers to 20 items" in one for one in sentences)
    assert not unscored(described, data)
