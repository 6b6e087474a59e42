"""What a command loads before it does anything: each of these would make every start up to 1.5 seconds longer."""

import subprocess
import sys

import pytest

_LOADED = "import sys, flows.cli, {}; print(sorted({{'pandas', 'sklearn', 'scipy.stats', 'faker'}} & set(sys.modules)))"
_AFTERWARDS = """
import review.drivers, pyarrow, pandas, polars
print(pyarrow.array(pandas.Series([1.0, float("nan")])).null_count, polars.from_pandas(pandas.Series([1])).sum())
"""


def _python(source: str) -> str:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("flow", ["flows.score", "flows.dispatch, flows.collect", "flows.measure"])
def test_a_flow_starts_without_what_it_does_not_use(flow: str) -> None:
    assert _python(_LOADED.format(flow)) == "[]"


def test_arrow_and_polars_know_pandas_where_another_part_of_the_process_loads_it() -> None:
    assert _python(_AFTERWARDS) == "1 1"
