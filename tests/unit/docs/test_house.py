"""The house is as `docs/house.md` says: every room is named there, every file says what it is, and none grows too long."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
PRODUCT = ("models", "review", "flows", "deploy")
MOST = 300  # lines of a file; a longer one says "Long:" and why
BODY = 10  # lines of a command


def files(*folders: str) -> list[str]:
    """The Python files of these folders that git knows."""
    done = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.splitlines() if name.endswith(".py") and (ROOT / name).exists()]


def says(name: str) -> str:
    """What a file says of itself."""
    return ast.get_docstring(ast.parse((ROOT / name).read_text(encoding="utf-8"))) or ""


def test_every_room_is_in_the_house() -> None:
    inner = ("review/ledger/migrations", "review/report/charts")  # rooms of a room
    rooms = {str(Path(name).parent) for name in files(*PRODUCT)}.difference(PRODUCT)
    assert [room for room in sorted(rooms) if f"`{room}`" not in HOUSE and not room.startswith(inner)] == []


def test_the_house_names_no_room_or_file_that_is_not_there() -> None:
    named = set(re.findall(r"`((?:models|review|flows|deploy|tests|docs)/[\w/.]*\w)`", HOUSE))
    assert named
    gone = [one for one in named if not (ROOT / one).exists() and not (ROOT / f"{one}.py").exists()]
    assert gone == []


def test_every_file_says_what_it_is() -> None:
    assert [name for name in files(*PRODUCT, "tests") if not says(name)] == []


def test_no_file_is_too_long_to_read_in_a_sitting() -> None:
    long = [
        name for name in files(*PRODUCT, "tests") if len((ROOT / name).read_text(encoding="utf-8").splitlines()) > MOST
    ]
    assert [name for name in long if "Long: " not in says(name)] == []


def _commands() -> dict[str, int]:
    """Every command, and the lines of its body without its description."""
    lengths = {}
    for name in files("flows/commands"):
        for node in ast.parse((ROOT / name).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and any(".command(" in ast.unparse(d) for d in node.decorator_list):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lengths[f"{name}: {node.name}"] = (body[-1].end_lineno or 0) - body[0].lineno + 1
    return lengths


def test_a_command_loads_calls_one_function_and_prints() -> None:
    lengths = _commands()
    assert len(lengths) > 20
    assert {name: lines for name, lines in lengths.items() if lines > BODY} == {}


def test_nothing_is_named_after_what_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "base", "manager", "common", "misc"}
    assert [name for name in files(*PRODUCT, "tests") if Path(name).stem in empty] == []


def test_every_unit_test_lies_in_the_room_of_what_it_tests() -> None:
    folders = {str(Path(name).parent.relative_to("tests/unit")) for name in files("tests/unit")}
    assert [folder for folder in sorted(folders) if folder != "docs" and not (ROOT / folder).is_dir()] == []
