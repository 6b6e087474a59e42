"""What the demo tells its user at the end: what is open where, what was replayed, what to try next."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from deploy.demo import prepared
from deploy.local import stack
from review import private_files

ROOT = Path(__file__).resolve().parents[2]
COMMAND = f"{Path(sys.prefix).name}/bin/second-reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What the demo leaves for a person: the Label Studio project, and how many of its cases nobody has answered."""

    project_id: int
    open_cases: int


def queue_open(up: stack.Stack, project_id: int, home: Path, out: Console) -> None:
    """Say where the queue is, and how a second terminal reaches the servers, as soon as the queue holds cases.

    The days go on while somebody looks.
    """
    _place(
        out, "Queue", _queue(up, project_id), f"open from now on; accounts and password: {near(home / 'reviewers.txt')}"
    )
    out.print(
        "        [dim]The days go on meanwhile; what you answer by hand counts like any other answer.[/]",
        soft_wrap=True,
    )
    _place(
        out, "Servers", f". {near(_environment(home))}", "in a second terminal, for commands and streams of your own"
    )


def show(name: str, ready: prepared.Prepared, up: stack.Stack, home: Path, left: Left, out: Console) -> None:
    """Print the links, the accounts and the next steps."""
    environment = _environment(home)
    for title, where, note in (
        (
            "Queue",
            _queue(up, left.project_id),
            f"{left.open_cases} cases wait for you; accounts and password: {near(home / 'reviewers.txt')}",
        ),
        ("Report", (home / "reports" / name / "latest.html").as_uri(), "written anew by every round"),
        ("Prefect", f"{up.prefect_ui_url}/runs", "the flows and their runs"),
        ("Ledger", near(home / "ledger.db"), "any SQL client reads it; nothing can change it"),
    ):
        _place(out, title, where, note)
    out.print(f"\n[bold]Who answered:[/] {escape(ready.replayed)}", soft_wrap=True)
    out.print("The servers, the model, its answers and every figure are real.")
    out.print("\n[bold]Try next[/], in a second terminal:")
    for line in (
        f". {near(environment)}",
        f"{COMMAND} run {name}     # after you have answered some cases: fetch your answers, measure again",
        f"{COMMAND} halt {name} --by YOU --because 'trying it'     # from the next case on, nothing is released",
        f"{COMMAND} verify     # is every record as it was sealed?",
    ):
        out.print(f"  {escape(line)}", soft_wrap=True)


def _queue(up: stack.Stack, project_id: int) -> str:
    return f"{up.label_studio_url}/projects/{project_id}/data?labeling=1"


def _place(out: Console, title: str, where: str, note: str) -> None:
    """Two lines, and soft: an address cut off or broken is none."""
    out.print(f"[bold]{title:<8}[/]{escape(where)}", soft_wrap=True)
    out.print(f"        [dim]{escape(note)}[/]", soft_wrap=True)


def _environment(home: Path) -> Path:
    """A shell file with the settings of this demo, for a second terminal. It holds a token: only its owner reads it."""
    path = home / "env.sh"
    wanted = {key: value for key, value in os.environ.items() if key.startswith(("SECOND_READER_", "PREFECT_"))}
    lines = [f"export {key}={shlex.quote(value)}\n" for key, value in sorted(wanted.items())]
    private_files.replace(path, "".join(lines))
    return path


def near(path: Path) -> str:
    """The path as short as a user in the repository's folder can write it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
