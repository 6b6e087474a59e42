"""The examples in the docstrings of `models` hold: each is run, and gives what stands below it."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(
    str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
    for path in (ROOT / "models").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0, capsys.readouterr().out


def test_the_rooms_that_hold_arithmetic_have_examples() -> None:
    rooms = {name.split(".")[1] for name in MODULES}
    assert rooms >= {"answers", "certification", "evaluation", "monitoring", "outputs", "planning", "routing"}
