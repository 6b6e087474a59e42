"""Whatever the umask: what holds payloads or names is for its owner only, and folders made for it are too."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import pytest

from flows import measure
from review import private_files
from review.ledger import archive, ledger
from review.retention import backups
from tests.integration import ledger_facts as facts
from tests.unit.review.report import report_facts


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    """Every file and folder below a folder, with its mode."""
    by_name = {path.relative_to(folder): path for path in folder.rglob("*")}
    return {str(name): f"{stat.S_IMODE(path.stat().st_mode):o}" for name, path in by_name.items()}


def test_a_ledger_with_what_stands_beside_it_and_its_copies_is_for_its_owner(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger.migrate(url)
    with ExitStack() as held:
        book = held.enter_context(ledger.open(url))
        held.enter_context(book.exclusive("score", "mail"))
        book.append(facts.all_tables(), now=facts.NOW)
        archive.write(tmp_path / "old" / "archive", "a.parquet", book.read("SELECT case_id FROM decision"))
        backups.make(url, tmp_path / "copies" / "2026-02-01.db")
        result = modes(tmp_path)
    files = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.score.mail.lock"}
    files |= {"old/archive/a.parquet", "copies/2026-02-01.db"}
    assert dict.fromkeys(files, "600") | dict.fromkeys(("old", "old/archive", "copies"), "700") == result


def test_reports_are_for_their_owner_and_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir(mode=0o755)
    measure.write(tmp_path / "reports" / "mail", "2026-02-01", report_facts.report_of())
    names = [f"reports/mail/{stem}{ending}" for stem in ("2026-02-01", "latest") for ending in (".html", ".json")]
    assert dict.fromkeys(names, "600") | {"reports": "755", "reports/mail": "700"} == modes(tmp_path)


def test_what_a_killed_run_left_is_not_used(tmp_path: Path) -> None:
    (tmp_path / ".page.part").write_text("half a page")
    private_files.replace(tmp_path / "page", "whole")
    assert ("whole", "600") == ((tmp_path / "page").read_text(), modes(tmp_path)["page"])


def test_several_may_replace_one_file_at_the_same_time(tmp_path: Path) -> None:
    content = [bytes([number]) * 1_000_000 for number in range(8)]
    with ProcessPoolExecutor(max_workers=4, mp_context=get_context("spawn")) as pool:
        for ended in [pool.submit(private_files.replace, tmp_path / "page", one) for one in content * 5]:
            ended.result()
    assert (tmp_path / "page").read_bytes() in content
    assert ["page"] == [path.name for path in tmp_path.iterdir()]
