"""Money that a named person says a stream costs: entered once, taken back, listed; what cannot be is named in one line."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands import main
from flows.governance import outlays
from flows.runtime import runs
from models.errors import Misuse
from models.evaluation.outlay import Outlay
from review import formats
from review.integrity import verify
from review.queries import outlays as queries
from tests.integration import desk as desks
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk

TYPED = {"what": "hosting", "amount": "1200", "from": "2026-11-01", "to": "2026-11-30"}


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(runs, "clock", Clock())
    with desks.opened(ledger_url, tmp_path, monkeypatch) as desk:
        yield desk


def enter(by: str = ANN, because: str = WHY, **typed: str) -> str:
    return formats.plain(outlays.enter("mail", TYPED | typed, by=by, because=because))


def the_id(desk: Desk) -> str:
    return str(queries.in_force(desk.book, "mail")["outlay_id"].item())


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main.app, ["outlay", "mail", *words])
    return done.exit_code, formats.plain(done.output if done.exception is None else str(done.exception))


def test_an_outlay_is_entered_once_however_often_it_is_entered(desk: Desk) -> None:
    assert enter().endswith(": hosting, 1 200 EUR over 30 days, 40.0 a day.")
    assert enter().endswith(f": entered by {ANN} before; nothing has changed.")
    assert enter(by="Bob").endswith(f": entered by {ANN} before; nothing has changed."), "one invoice is one invoice"
    assert len(queries.in_force(desk.book, "mail")) == 1
    enter(because="another invoice")
    enter(amount="1200.50")
    assert len(queries.in_force(desk.book, "mail")) == 3
    assert verify.ledger(desk.book) == []


def test_what_is_in_force_is_a_value_for_the_arithmetic(desk: Desk) -> None:
    enter(model="m-1", amount="0.5")
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    assert queries.spent(desk.book, "mail") == (Outlay(model_id="m-1", amount=0.5, from_day=first, to_day=last),)


def test_an_entry_is_taken_back_once_and_may_be_entered_again(desk: Desk) -> None:
    enter()
    entry = the_id(desk)
    assert outlays.take_back("mail", entry[:8], by=ANN, because="not ours") == (
        f"{entry[:8]}: taken back. It stays in the ledger, and counts for nothing."
    )
    assert queries.spent(desk.book, "mail") == ()
    again = outlays.take_back("mail", entry, by="Bob", because="not ours")
    assert again == f"{entry[:8]}: taken back by {ANN} before; nothing has changed."
    assert "40.0 a day" in enter(), "entered anew, it counts again"
    assert the_id(desk) != entry
    assert len(queries.entries(desk.book, "mail")) == 3
    outlays.take_back("mail", the_id(desk), by=ANN, because=WHY)
    assert len(queries.in_force(desk.book, "mail")) == 0
    assert verify.ledger(desk.book) == []


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"amount": "nan"}, "--amount 'nan' is no amount of money"),
        ({"amount": "inf"}, "--amount 'inf' is no amount of money"),
        ({"amount": "-3"}, "--amount -3: an outlay is 0 or more; to take one back, use --undo"),
        ({"amount": "1,200"}, "--amount '1,200' is no number; write it as 1200 or 1200.50"),
        ({"amount": "1e16"}, "--amount 1e16: more than 1000000000000000 cannot be kept"),
        ({"from": "2026-12-01"}, "--to 2026-11-30 lies before --from 2026-12-01"),
        ({"from": "20261101"}, "--from '20261101' is no day; write it as 2026-11-30"),
        ({"to": "2026-11-31"}, "--to '2026-11-31' is no day"),
        ({"model": "m-9"}, "--model 'm-9' is no model of mail; its models are m-1, m-2"),
        ({"what": " "}, "--what is empty"),
        ({"what": "a\nb"}, r"--what holds the character U\+000A"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_it(desk: Desk, typed: dict[str, str], message: str) -> None:
    desk.arrive("a", 2, 0.9)
    desk.book.append({"shadow": facts.shadows({"case_id": "a-0000", "model_id": "m-2"})}, now=runs.clock())
    with pytest.raises(Misuse, match=message) as error:
        enter(**typed)
    assert "\n" not in str(error.value)
    assert len(queries.entries(desk.book, "mail")) == 0
    assert "for m-2" in enter(model="m-2")


def test_an_outlay_has_a_name_and_a_reason(desk: Desk) -> None:
    with pytest.raises(Misuse, match="--by is empty"):
        enter(by="")
    with pytest.raises(Misuse, match="--because is empty"):
        enter(because="")
    enter()
    with pytest.raises(Misuse, match="--by is empty"):
        outlays.take_back("mail", the_id(desk), by="", because=WHY)


@pytest.mark.parametrize(
    ("undo", "message"),
    [
        ("hosting", "--undo 'hosting' is no id of an outlay"),
        ("abc", "--undo 'abc' is no id of an outlay: give at least 4"),
        ("0" * 64, "mail has no such outlay; list them: second-reader outlay mail"),
    ],
)
def test_what_cannot_be_taken_back_is_named(desk: Desk, undo: str, message: str) -> None:
    enter()
    with pytest.raises(Misuse, match=message):
        outlays.take_back("mail", undo, by=ANN, because=WHY)


def test_digits_that_several_ids_begin_with_name_none(desk: Desk) -> None:
    rows: list[dict[str, facts.Value]] = [{"outlay_id": f"abcd{number}" + "0" * 59} for number in range(2)]
    desk.book.append({"outlay": facts.outlays(*rows)}, now=runs.clock())
    with pytest.raises(Misuse, match="2 outlays of mail begin so; give more digits"):
        outlays.take_back("mail", "abcd", by=ANN, because=WHY)
    assert "taken back." in outlays.take_back("mail", "abcd1", by=ANN, because=WHY)


def test_the_command_enters_lists_and_takes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert run() == (0, "No outlay of mail is entered. An example: second-reader outlay --help\n")
    typed = [word for name, text in TYPED.items() for word in (f"--{name}", text)]
    code, text = run(*typed, "--by", "[b]Ann", "--because", WHY)
    assert (code, "40.0 a day." in text) == (0, True)
    code, text = run()
    assert code == 0
    assert all(one in text for one in (the_id(desk)[:8], "hosting", "any", "1 200", "2026-11-01", "[b]Ann"))
    assert text.endswith("1 outlay of mail, in EUR.\n")
    assert "taken back" in run("--undo", the_id(desk)[:8], "--by", ANN, "--because", WHY)[1]
    assert "No outlay" in run()[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--what", "hosting"], "an outlay has a what, an amount and days; add --amount, --from, --to"),
        (["--by", ANN], "add --what, --amount, --from, --to"),
        (["--undo", "abcd1234", "--what", "hosting"], "--undo takes back what was entered; leave out --what"),
        (["--undo", "abcd1234"], "--by is empty"),
    ],
)
def test_the_command_says_what_is_missing_or_too_much(desk: Desk, words: list[str], message: str) -> None:
    assert message in run(*words)[1]
