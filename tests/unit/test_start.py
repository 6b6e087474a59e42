"""What a command loads before it does anything: each of these would make every start up to 1.5 seconds longer."""

import subprocess
import sys

import pytest

_LOADED = "import sys, flows.cli, {}; print(sorted({{'pandas', 'sklearn', 'scipy.stats', 'faker'}} & set(sys.modules)))"
_AFTERWARDS = "import flows.cli, pyarrow; print(pyarrow.table({'a': [1]}).to_pandas().a.sum())"


def _python(source: str) -> str:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("flow", ["flows.score", "flows.dispatch, flows.collect", "flows.measure"])
def test_a_flow_starts_without_what_it_does_not_use(flow: str) -> None:
    assert _python(_LOADED.format(flow)) == "[]"


def test_arrow_still_makes_data_frames_of_pandas_for_a_program_that_asks() -> None:
    assert _python(_AFTERWARDS) == "1"
