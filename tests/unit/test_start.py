"""What a command loads before it does anything: pandas would make every start 0.9 seconds longer."""

import subprocess
import sys

_UNUSED = "{'pandas', 'altair', 'label_studio_sdk', 'sklearn'}"
_LOADED = f"import sys, flows.cli, flows.score; print(sorted({_UNUSED} & set(sys.modules)))"
_AFTERWARDS = "import flows.cli, pyarrow; print(pyarrow.table({'a': [1]}).to_pandas().a.sum())"


def _python(source: str) -> str:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout.strip()


def test_scoring_starts_without_what_it_does_not_use() -> None:
    assert _python(_LOADED) == "[]"


def test_arrow_still_makes_data_frames_of_pandas_for_a_program_that_asks() -> None:
    assert _python(_AFTERWARDS) == "1"
