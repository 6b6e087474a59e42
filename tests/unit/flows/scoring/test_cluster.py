"""What is wrong with the settings of a runner is said in one line, before anything is read."""

import sys
from typing import Any

import pytest

from flows.runtime import settings
from flows.scoring import cluster
from models import errors
from tests.e2e import clusters

POSTGRES = "postgresql://someone:secret@127.0.0.1:5/ledger"


def refusal(**value: Any) -> errors.SecondReaderError:
    with pytest.raises(errors.SecondReaderError) as caught, cluster.started(settings.Settings(**value)):
        pytest.fail("it started")
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_cluster_elsewhere_cannot_write_an_sqlite_file() -> None:
    message = refusal(runner="dask", runner_address="tcp://node-1:8786", ledger="sqlite:///here.db")
    assert isinstance(message, errors.Misuse)
    assert "SECOND_READER_RUNNER_ADDRESS is tcp://node-1:8786, but the ledger is an SQLite file" in str(message)
    assert "set SECOND_READER_LEDGER to a PostgreSQL database" in str(message)


def test_where_no_cluster_answers_the_address_and_the_command_that_starts_one_are_named() -> None:
    address = f"tcp://127.0.0.1:{clusters.free_port()}"
    message = refusal(runner="dask", runner_address=address, ledger=POSTGRES)
    assert isinstance(message, errors.Unavailable)
    assert f"SECOND_READER_RUNNER_ADDRESS '{address}': no Dask cluster with a worker answers" in str(message)
    assert "`dask scheduler`" in str(message)
    assert "secret" not in str(message)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    message = refusal(runner="dask")
    assert isinstance(message, errors.Misuse)
    assert "run: pip install 'second-reader[dask]'" in str(message)
