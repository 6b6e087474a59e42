"""Where simulated hours are lived: a stream with its ledger and its people, and the process of its flows."""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import IO, Any

from deploy.local import postgres
from deploy.local.stack import Stack
from tests.e2e.place import COMMAND
from tests.faults import process
from tests.faults.world import PASSWORD, READERS, World

SILENCE = 300.0  # seconds without an answer of the flows: they hang
HOUR = timedelta(hours=1)
_LAUNCHER = process.ROOT / "deploy" / "local" / "child.py"


@dataclass(slots=True)
class Flows:
    """The process the flows run in."""

    process: subprocess.Popen[str]

    def ask(self, **reported: Any) -> None:
        """Say what to do."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(reported) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Wait for what came of it."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], SILENCE)
        line = self.process.stdout.readline() if ready else ""
        assert line, "the flows hang, or their process has ended; see its log"
        return json.loads(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a day is lived."""

    stack: Stack
    world: World
    flows: Flows
    start: datetime  # simulated
    first: int  # the hour of the day it is then
    environment: dict[str, str] = field(repr=False)

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `second-reader` to its end, as a user would."""
        return subprocess.run(
            [COMMAND, *words], env=self.environment, cwd=self.world.home, capture_output=True, text=True, timeout=150
        )


@contextmanager
def opened(stack: Stack, *, hours: int, first: int, planted: str = "", seed: int = 1) -> Iterator[Scene]:
    """A new stream with a ledger on PostgreSQL, and the process of its flows.

    The simulated time ends with the last full hour of the real one, so that nothing is ever ahead of `doctor`'s clock.
    """
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - hours * HOUR
    database = f"test_{secrets.token_hex(6)}"
    with ExitStack() as block:
        home = Path(block.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        zygote = block.enter_context(process.zygote(home))
        postgres.create(stack.cluster, database)
        block.callback(postgres.drop, stack.cluster, database)
        world = World(
            home=home,
            zygote=zygote,
            url=stack.postgres_url(database),
            label_studio=stack.label_studio_url,
            token=stack.label_studio_token,
            people={email: stack.add_reviewer(email, PASSWORD) for email in READERS},
            random=Random(seed),
            job={"clock": (start - timedelta(minutes=1) - datetime.now(UTC)).total_seconds()},
        )
        world.describe("mail-1")
        world.begin()
        block.callback(world.end)
        environment = {key: text for key, text in os.environ.items() if not key.startswith("SECOND_READER_")}
        environment |= stack.environment() | world.reported("")["environment"]
        log = block.enter_context((stack.home / "logs" / "soak-flows.log").open("wb"))
        worker = _started(environment, log, world.name, planted)
        block.callback(_end, worker)
        yield Scene(stack=stack, world=world, flows=Flows(worker), start=start, first=first, environment=environment)


def _started(environment: dict[str, str], log: IO[bytes], *words: str) -> "subprocess.Popen[str]":
    """The process of the flows. It ends with us, however we end."""
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, (int(signal.SIGKILL), os.getpid(), -1, -1))]
    return subprocess.Popen(
        [*launch, sys.executable, "-m", "tests.soak.worker", *words],
        cwd=process.ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )


def _end(worker: "subprocess.Popen[str]") -> None:
    """Let it send what it has to say to Prefect, and end."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.close()
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
    worker.stdout.close()
