"""What is known of the requests to a model goes into the ledger, tokens become costs, and naming them later changes no case."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows import measure
from flows.commands import main
from flows.inputs import files
from flows.planning import shadows
from flows.runtime import runs, settings
from flows.scoring import decide
from models.config.stream import Stream
from models.errors import Misuse
from models.evaluation.estimate import Estimate
from review.choices import timing
from review.integrity import verify
from review.report import report
from tests.integration import desk as desks
from tests.integration import ledger_facts as facts
from tests.integration.desk import Clock, Desk

KEYS = 'channel = "how"\nasked_at = "asked"\ntokens_in = "in"\ntokens_out = "out"'
PRICES = "million_tokens_in = 2.5\nmillion_tokens_out = 10"
ROW = {"label": "ham", "score": 0.9, "how": "batch", "asked": "2026-03-01T09:00:00Z", "in": 2000, "out": 100}
COST = 0.006  # of 2000 tokens read and 100 written


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(runs, "clock", Clock())
    with desks.opened(ledger_url, tmp_path, monkeypatch) as desk:
        yield desk


def described(desk: Desk, keys: str = "", costs: str = "") -> Stream:
    """The desk's stream with more keys of [input] and of [costs], as its file says it from now on."""
    text = desks.STREAM.format(model="m-1", target=0.05, per_class="no", at=keys)
    text = text.replace("review_minute = 0.5", f"review_minute = 0.5\n{costs}")
    (desk.folder / "mail.toml").write_text(text, encoding="utf-8")
    return settings.read_stream("mail", settings.read())


def score(desk: Desk, stream: Stream, *, count: int = 40, **more: object) -> dict[str, int]:
    """Score one file of so many rows, the same file each time; what it came to."""
    file = desk.folder / "a.jsonl"
    rows = [{"id": f"a-{n:04d}", "text": f"hello {n}"} | ROW | more for n in range(count)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (chunk,) = files.chunks(file, stream)
    return decide.record.fn(stream, "run", chunk)


def recorded(desk: Desk, table: str = "decision") -> set[tuple[object, ...]]:
    """The requests and costs of a table, each once, costs to nine digits."""
    rows = desk.book.read(f"SELECT DISTINCT request, round(CAST(cost AS numeric), 9) AS cost FROM {table}").rows()
    return {(request, None if cost is None else float(cost)) for request, cost in rows}


def test_a_decision_holds_what_the_row_says_of_the_request_and_what_its_tokens_cost(desk: Desk) -> None:
    score(desk, described(desk, KEYS, PRICES))
    says = '{"asked_at":"2026-03-01T09:00:00.000000Z","channel":"batch","tokens_in":2000,"tokens_out":100}'
    assert recorded(desk) == {(says, COST)}
    assert verify.ledger(desk.book) == []


def test_a_price_of_the_answers_own_goes_before_its_tokens_and_without_prices_there_is_none(desk: Desk) -> None:
    score(desk, described(desk, f'{KEYS}\ncost = "usd"', PRICES), usd=0.5)
    assert {cost for _, cost in recorded(desk)} == {0.5}
    (desk.folder / "a.jsonl").unlink()
    assert score(desk, described(desk, KEYS), count=41)["decided"] == 1
    assert {cost for _, cost in recorded(desk)} == {0.5, None}


def test_a_file_that_is_read_again_after_the_keys_were_named_says_nothing_new(desk: Desk) -> None:
    """Named later, a column of costs makes another content of each row, and each a fault: these do not."""
    assert score(desk, described(desk))["decided"] == 40
    again = score(desk, described(desk, KEYS, PRICES))
    assert (again["decided"], again["faults"], again["repeats"]) == (0, 0, 40)
    assert recorded(desk) == {(None, None)}, "what is decided stays"
    with_cost = score(desk, described(desk, f'{KEYS}\ncost = "usd"', PRICES), usd=0.5)
    assert (with_cost["decided"], with_cost["faults"]) == (0, 40)


def answered(desk: Desk, **more: object) -> Path:
    """A file of another model's answers to what it is wanted for."""
    ask, answers = desk.folder / "ask.jsonl", desk.folder / "said.jsonl"
    shadows.asked("mail", "m-2", ask)
    cases = [json.loads(line)["case_id"] for line in ask.read_text(encoding="utf-8").splitlines()]
    rows = [{"case_id": case, "label": "ham", "score": 0.9} | more for case in cases]
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return answers


@pytest.mark.parametrize("names", [("in", "out"), ("tokens_in", "tokens_out")])
def test_another_models_tokens_are_read_by_the_streams_names_or_by_their_own_and_have_the_streams_prices(
    desk: Desk, names: tuple[str, str]
) -> None:
    score(desk, described(desk, KEYS, PRICES))
    sentence = shadows.record("mail", answered(desk, **dict(zip(names, (2000, 100), strict=True))), "m-2")
    assert recorded(desk, "shadow") == {('{"tokens_in":2000,"tokens_out":100}', COST)}
    assert "counts its tokens at the stream's prices: a model with other ones takes --million-tokens-in" in sentence
    assert verify.ledger(desk.book) == []


def test_a_model_with_other_prices_has_them_at_the_command(desk: Desk) -> None:
    score(desk, described(desk, KEYS, PRICES))
    file = answered(desk, **{"in": 2000, "out": 100, "how": "realtime"})
    words = ["shadow", "mail", "--model", "m-2", str(file), "--million-tokens-in", "1", "--million-tokens-out", "0"]
    done = CliRunner().invoke(main.app, words)
    assert (done.exit_code, "stream's prices" in done.output) == (0, False)
    says = '{"channel":"realtime","tokens_in":2000,"tokens_out":100}'
    assert recorded(desk, "shadow") == {(says, 0.002)}


def test_a_file_without_any_of_it_is_read_as_ever(desk: Desk) -> None:
    score(desk, described(desk, KEYS, PRICES))
    assert "prices" not in shadows.record("mail", answered(desk, channel="phone"), "m-2")
    assert recorded(desk, "shadow") == {(None, None)}, (
        "channel is what a person is shown, where the stream names no such column"
    )


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ((-1.0, 2.0), "--million-tokens-in -1: a price is a number of 0 or more"),
        (
            (1.0, None),
            r"--million-tokens-out: is missing, and .*said\.jsonl counts these tokens in column 'tokens_out'",
        ),
        ((float("nan"), 1.0), "--million-tokens-in nan: a price"),
    ],
)
def test_a_price_that_is_none_or_half_of_one_is_refused_and_nothing_recorded(
    desk: Desk, prices: tuple[float | None, float | None], message: str
) -> None:
    score(desk, described(desk))
    file = answered(desk, tokens_in=1, tokens_out=1)
    with pytest.raises(Misuse, match=message):
        shadows.record("mail", file, "m-2", prices)
    with pytest.raises(Misuse, match=r"--million-tokens-in 1: .*said\.jsonl has no column tokens_in"):
        shadows.record("mail", answered(desk), "m-2", (1.0, 1.0))
    with pytest.raises(Misuse, match="--wanted records none; drop them"):
        shadows.done("mail", "m-2", answers=None, wanted=desk.folder / "ask.jsonl", prices=(1.0, 1.0))
    assert desk.book.read("SELECT * FROM shadow").is_empty()


def live(desk: Desk, stream: Stream, clock: Clock, *, days: int = 8) -> None:
    """Each day forty cases, asked for in a batch at midnight or as they come at 8, and read an hour after they are decided."""
    for day in range(days):
        clock.now = clock.now.replace(hour=11, minute=0)
        today, rows = clock.now.strftime("%Y-%m-%d"), []
        for n in range(40):
            late = n % 2
            rows.append(
                {"id": f"d{day}-{n:04d}", "label": "ham", "score": 0.9, "text": f"hello {day} {n}"}
                | {"how": "realtime" if late else "batch", "asked": f"{today}T{'08' if late else '00'}:00:00Z"}
                | {"at": f"{today}T08:00:02Z", "in": 2000 + n, "out": 100 * (1 + late)}
            )
        file = desk.folder / f"day{day}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        for chunk in files.chunks(file, stream):
            decide.record.fn(stream, "run", chunk)
        at = clock.later(1 / 24)
        sent: list[dict[str, facts.Value]] = []
        for n in range(40):
            case, task = f"d{day}-{n:04d}", 40 * day + n + 1
            sent.append({"case_id": case, "task_id": task, "task_key": case, "blind": True, "sent_at": at})
        desk.book.append({"dispatch": facts.dispatches(*sent)}, now=at)
        readings: list[dict[str, facts.Value]] = [
            {"case_id": one["case_id"], "annotation_id": one["task_id"], "task_id": one["task_id"], "blind": True}
            | {"revision": at, "answer": "ham", "submitted_at": at}
            for one in sent
        ]
        desk.book.append({"review": facts.reviews(*readings)}, now=at)
        clock.later(1)


def test_the_owner_sees_what_batch_saves_and_what_it_delays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(runs, "clock", clock)
    live(desk, described(desk, f'{KEYS}\nproduced_at = "at"', PRICES), clock)
    new_report = measure.read("mail")
    (one,) = [answer for answer in new_report.choices if answer.question == timing.QUESTION]
    figures = one.figures
    assert (figures["channel_1"], figures["channel_2"]) == ("batch", "realtime")
    assert (figures["channel_1_cases"], figures["channel_1_since"]) == (160, "asked")
    assert (figures["channel_1_final_hours"], figures["channel_2_final_hours"]) == pytest.approx((12.0, 4.0))
    assert (figures["channel_1_cost"], figures["channel_2_cost"]) == pytest.approx((0.0060475, 0.00705))
    assert len(one.lines) == 2
    page = report.page(new_report)
    assert all(f"<li>{line}</li>" in page for line in one.lines)
    printed = CliRunner().invoke(main.app, ["choices", "mail"]).output
    assert all(line in printed for line in one.lines)
    cost, median = new_report.model_answers.cost, new_report.model_answers.latency_ms
    assert isinstance(cost, Estimate)
    assert isinstance(median, Estimate)
    assert cost.value == pytest.approx((0.0060475 + 0.00705) / 2)
    assert median.value == 2000.0, "where no column is the latency, it is from the request to the answer"
