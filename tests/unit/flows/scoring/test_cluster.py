"""What is wrong with the settings of a runner is said in one line, before anything is read."""

import sys
from typing import Any

import pytest

from flows.runtime import settings
from flows.scoring import cluster
from models import errors
from tests.e2e import clusters

POSTGRES = "postgresql://someone:secret@127.0.0.1:5/ledger"


def refusal(**given: Any) -> errors.SecondReaderError:
    with pytest.raises(errors.SecondReaderError) as caught, cluster.started(settings.Settings(**given)):
        pytest.fail("it started")
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_cluster_elsewhere_cannot_write_an_sqlite_file() -> None:
    said = refusal(runner="dask", runner_address="tcp://node-1:8786", ledger="sqlite:///here.db")
    assert isinstance(said, errors.Misuse)
    assert "SECOND_READER_RUNNER_ADDRESS is tcp://node-1:8786, but the ledger is an SQLite file" in str(said)
    assert "set SECOND_READER_LEDGER to a PostgreSQL database" in str(said)


def test_where_no_cluster_answers_the_address_and_the_command_that_starts_one_are_named() -> None:
    address = f"tcp://127.0.0.1:{clusters.free_port()}"
    said = refusal(runner="dask", runner_address=address, ledger=POSTGRES)
    assert isinstance(said, errors.Unavailable)
    assert f"SECOND_READER_RUNNER_ADDRESS '{address}': no Dask cluster with a worker answers" in str(said)
    assert "`dask scheduler`" in str(said)
    assert "secret" not in str(said)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    said = refusal(runner="dask")
    assert isinstance(said, errors.Misuse)
    assert "run: pip install 'second-reader[dask]'" in str(said)
