"""What a command loads before it does anything: each of these would make every start up to 1.5 seconds longer."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
_LOADED = "import sys, flows.commands.main, {}; print(sorted({{'pandas', 'sklearn', 'scipy.stats', 'faker'}} & set(sys.modules)))"
_WITHOUT_PREFECT = """
import sys
import flows.commands.main, flows.runtime.runs, flows.governance.actions, flows.governance.retire
import review.health.prometheus, review.report.timeline, review.retention.backups
print(sorted({"prefect", "alembic"} & set(sys.modules)))
"""
_PARTS = (
    "governance.actions",
    "governance.epochs",
    "governance.retire",
    "queueing.redispatch",
    "planning.study",
    "health.doctor",
    "scoring.payloads",
    "deployments",
    "collect",
)
_AFTERWARDS = """
import review.ledger.drivers, pyarrow, pandas, polars
print(pyarrow.array(pandas.Series([1.0, float("nan")])).null_count, polars.from_pandas(pandas.Series([1])).sum())
"""


def _python(source: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("flow", ["flows.score", "flows.dispatch, flows.collect", "flows.measure"])
def test_a_flow_starts_without_what_it_does_not_use(flow: str) -> None:
    assert _python(_LOADED.format(flow)) == "[]"


def test_a_flow_that_looks_at_no_evidence_starts_without_the_mathematics_of_it_nor_a_server_it_has_not() -> None:
    unused = "{'scipy', 'psycopg', 'altair', 'sqlalchemy', 'sqlmodel', 'alembic'}"
    assert (
        _python(f"import sys, flows.score, flows.dispatch, flows.collect; print(sorted({unused} & set(sys.modules)))")
        == "[]"
    )


def test_help_version_and_completion_start_without_any_table() -> None:
    heavy = "{'numpy', 'polars', 'pyarrow', 'sqlalchemy', 'prefect'}"
    assert _python(f"import sys, flows.commands.main; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_what_is_no_flow_starts_without_prefect() -> None:
    assert _python(_WITHOUT_PREFECT) == "[]"


@pytest.mark.parametrize("part", _PARTS)
def test_a_part_of_the_command_needs_no_other_to_be_loaded_before(part: str) -> None:
    assert _python(f"import flows.commands.main, flows.{part}; print('loaded')") == "loaded"


def test_arrow_and_polars_know_pandas_where_another_part_of_the_process_loads_it() -> None:
    assert _python(_AFTERWARDS) == "1 1"
