"""The process from which the commands of end-to-end tests are forked has imported what a command would."""

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
IMPORTED = """
import json, sys
from tests.e2e import forked
forked._import_all()
print(json.dumps(sorted(sys.modules)))
"""


def within_functions(path: Path) -> Iterator[str]:
    """Modules of the flows that a file imports only when one of its functions runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flows"):
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    yield name if importlib.util.find_spec(name) else str(node.module)


def test_no_fork_imports_a_part_of_ours_that_could_have_been_imported_for_all() -> None:
    wanted = {name for path in (ROOT / "flows" / "commands").glob("*.py") for name in within_functions(path)}
    assert "flows.score" in wanted
    done = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert wanted - set(json.loads(done.stdout)) == set()
