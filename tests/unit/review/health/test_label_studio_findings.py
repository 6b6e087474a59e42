"""What doctor thinks of what it saw in Label Studio."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from review.health import label_studio_findings
from review.label_studio import labeling_config, project_mark
from tests.unit.review.health.test_findings import STREAM, the_one

NOW = "2026-03-02T12:00:00.000000Z"
BEFORE = "2026-03-02T10:00:00.000000Z"
LATER = "2026-03-02T11:00:00.000000Z"
CONFIG = labeling_config.config(STREAM)
MARK = project_mark.Mark(stream="mail", ledger="abcdef012345" + "9" * 20)
PROJECT: dict[str, Any] = dict(labeling_config.SETTINGS) | {
    "label_config": CONFIG,
    "description": f"Keep this line: {MARK}",
    "task_number": 3,
    "total_annotations_number": 1,
    "model_version": labeling_config.MODEL_VERSION,
}
MEMBERS = {"ada@example.com": True, "bob@example.com": True, "cleo@example.com": True}


def task(number: int, *, answers: int = 0, updated_at: str = BEFORE) -> label_studio_findings.Task:
    return label_studio_findings.Task(task_id=number, answers=answers, updated_at=updated_at)


QUEUE = label_studio_findings.Queue(
    project_id=7,
    mark=MARK,
    config=CONFIG,
    project=PROJECT,
    open_keys=["k1", "k2"],
    tasks={"k1": task(1), "k2": task(2)},
    sent=3,
    answers=1,
    cursor=LATER,
    answered=LATER,
    newest=LATER,
    reviewers={"ada@example.com": BEFORE},
    skips=[0, 2],
    deleted=0,
    written=[],
    assisted=["k2"],
    bare=["k1"],
)


def texts_of(members: dict[str, bool] = MEMBERS, **changes: Any) -> list[tuple[str, str]]:
    """Level and words of each finding about the queue."""
    queue = label_studio_findings.queue(STREAM, replace(QUEUE, **changes), members, now=NOW)
    return [(finding.level, f"{finding.what}; {finding.todo}") for finding in queue]


def test_a_form_that_lost_most_of_very_many_labels_is_a_short_line() -> None:
    many = STREAM.model_copy(update={"labels": [f"Home > Leaf {number}" for number in range(1_200)]})
    lost = PROJECT | {"label_config": labeling_config.config(STREAM).replace("Choices", "Taxonomy")}
    (result, *_) = label_studio_findings.queue(
        many, replace(QUEUE, config=labeling_config.config(many), project=lost), MEMBERS, now=NOW
    )
    assert "no longer offers 'Home > Leaf 0', 'Home > Leaf 1'" in result.what
    assert "and 1190 more and offers 'no', 'yes'" in result.what
    assert len(result.what) < 400


def test_a_queue_as_we_left_it_is_well() -> None:
    assert texts_of() == [("ok", "the project is as we made it, 2 open cases have their tasks; ")]


def test_each_thing_that_people_do_to_a_project_is_one_finding_with_its_remedy() -> None:
    cases: list[tuple[dict[str, Any], str, str, str]] = [
        ({"project": None, "tasks": {}}, "bad", "the project is gone", "second-reader redispatch mail"),
        ({"project": PROJECT | {"description": "x"}}, "bad", "has lost its mark", "put the line back"),
        (
            {"project": PROJECT | {"description": "[second-reader:mail:000000000000]"}},
            "bad",
            "it is of another ledger: its description does not say [second-reader:mail:abcdef012345]",
            "SECOND_READER_LEDGER",
        ),
        (
            {"project": PROJECT | {"description": "[second-reader:mail]"}},
            "warn",
            "its mark does not name the ledger",
            "second-reader init mail renews it",
        ),
        (
            {"project": PROJECT | {"label_config": CONFIG.replace('value="no"', 'value="never"')}},
            "bad",
            "the form no longer offers 'no' and offers 'never'",
            "second-reader show config mail",
        ),
        (
            {"project": PROJECT | {"label_config": CONFIG.replace("Is it?", "Is it not?")}},
            "warn",
            "the labelling config is not the stream's",
            "second-reader show config mail",
        ),
        ({"project": PROJECT | {"sampling": "Uniform"}}, "warn", "sampling is 'Uniform'", "PATCH /api/projects/7/"),
        (
            {"project": PROJECT | {"skip_queue": "IGNORE_SKIPPED"}},
            "warn",
            "skip_queue is 'IGNORE_SKIPPED'",
            "PATCH /api/projects/7/",
        ),
        (
            {"tasks": {"k1": task(1)}, "project": PROJECT | {"task_number": 2}},
            "bad",
            "1 open case has no task there any more",
            "second-reader redispatch mail",
        ),
        (
            {"project": PROJECT | {"task_number": 5}},
            "warn",
            "5 tasks, 2 more than the ledger knows",
            "second-reader run mail finds what is ours",
        ),
        (
            {"project": PROJECT | {"total_annotations_number": 0}},
            "warn",
            "1 answer that was collected is no longer there",
            "they stand in the ledger",
        ),
        ({"newest": BEFORE}, "warn", "restored from an older backup", "nothing in the ledger is lost"),
        (
            {"tasks": {"k1": task(1), "k2": task(2, answers=1)}},
            "bad",
            "1 open case was answered in a way that does not count",
            "delete it",
        ),
        ({"skips": [3, 1]}, "warn", "1 open case was passed on by everybody", "by its address"),
        (
            {"bare": ["k1", "k2"]},
            "bad",
            "1 of 1 open task that should start from the model's answer carry none of it (task 2)",
            "second-reader dispatch mail",
        ),
        (
            {"project": PROJECT | {"model_version": ""}},
            "bad",
            "assisted cases come empty",
            "second-reader dispatch mail",
        ),
        (
            {"bare": []},
            "warn",
            "1 open task carries a prediction that nobody was to see (task 1)",
            "delete the prediction",
        ),
        (
            {"written": [(9, "ada@example.com", "bob@example.com")]},
            "warn",
            "1 answer was last written by another account than the reader's (task 9: ada@example.com, written by bob@",
            "delete it there",
        ),
        ({"deleted": 2}, "warn", "2 answers were deleted", "show case"),
        ({"reviewers": {"dora@example.com": BEFORE}}, "warn", "dora@example.com answered cases", "invite them again"),
    ]
    for changes, level, what, todo in cases:
        result, words = the_one(texts_of(**changes))
        assert result == level, changes
        assert what in words, changes
        assert todo in words, changes


def test_what_needs_nobody_is_no_warning() -> None:
    old = "2025-12-01T10:00:00.000000Z"
    tidied = PROJECT | {"task_number": 2, "total_annotations_number": 0}
    fresh = {"k1": task(1), "k2": task(2, answers=1, updated_at=NOW)}  # not collected yet
    for changes in ({"reviewers": {"dora@example.com": old}}, {"project": tidied}, {"tasks": fresh}):
        assert the_one(texts_of(**changes))[0] == "ok", changes


def test_too_few_people_for_disputes_are_said() -> None:
    two = dict(list(MEMBERS.items())[:2])
    level, words = the_one(texts_of(members=two, skips=[0, 0]))
    assert level == "warn"
    assert "2 people for a stream whose disputes may need 3" in words


def test_somebody_who_reads_alone_hears_that_nobody_can_check_them() -> None:
    alone = {"ada@example.com": True, "bob@example.com": False}
    disputes, overlap = texts_of(members=alone, skips=[0, 0])
    assert (disputes[0], overlap[0]) == ("warn", "warn")
    assert "1 person for a stream in which another reads 10 % of the answers that agree" in overlap[1]
    assert "review.overlap = 0" in overlap[1]
    stream = STREAM.model_copy(update={"review": STREAM.review.model_copy(update={"overlap": 0.0})})
    (without,) = label_studio_findings.queue(stream, replace(QUEUE, skips=[0, 0]), alone, now=NOW)
    assert disputes[1].startswith(without.what)


def test_an_open_sign_up_is_bad_and_another_version_a_warning() -> None:
    seen = label_studio_findings.Server(
        url="http://x", version="1.24.0", token="legacy", signup_open=True, members=MEMBERS
    )
    levels = {finding.level: finding for finding in label_studio_findings.server(seen)}
    assert "DISABLE_SIGNUP" in levels["bad"].todo
    assert "tried with 1.23.2" in levels["warn"].what
    quiet = replace(seen, version=label_studio_findings.TRIED[0], signup_open=False)
    assert [finding.level for finding in label_studio_findings.server(quiet)] == ["ok"]


def test_the_version_that_is_said_to_be_tried_is_that_of_the_lock() -> None:
    lock = (Path(__file__).resolve().parents[4] / "deploy" / "label-studio.lock").read_text(encoding="utf-8")
    (tried,) = label_studio_findings.TRIED
    assert f"\nlabel-studio=={tried} " in lock


def test_who_can_read_the_blind_answers_of_others_is_said() -> None:
    seen = label_studio_findings.Server(
        url="http://x", version=label_studio_findings.TRIED[0], token="legacy", signup_open=False, members={}
    )
    alone, two = (replace(seen, members=dict.fromkeys(people, True)) for people in ("a", "ab"))
    assert "blind or not" in next(label_studio_findings.server(two)).what
    assert "blind or not" not in next(label_studio_findings.server(alone)).what
