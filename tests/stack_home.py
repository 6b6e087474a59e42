"""The home of a new local stack, without the minute in which Label Studio and Prefect make their databases."""

import fcntl
import hashlib
import importlib.metadata
import subprocess
from pathlib import Path

from deploy.local import stack as stacks
from tests import sweep

ROOT = Path(__file__).resolve().parent.parent
_HOMES = ROOT / ".local" / "test-stack"
_MADE_BY = (
    "requirements-dev.lock",
    "deploy/label-studio.lock",
    "deploy/local/*.py",
)  # another of these fills another seed


def copied(home: Path) -> None:
    """Make `home`, unless it is there, as a copy of one whose databases are filled. Of many that ask, one fills it."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for name in _MADE_BY for path in sorted(ROOT.glob(name))))
    digest.update(importlib.metadata.version("prefect").encode())
    seed = _HOMES / f"seed-{digest.hexdigest()[:12]}"
    _HOMES.mkdir(parents=True, exist_ok=True)
    with (_HOMES / "seed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if home.exists():
            return
        if not (seed / "filled").exists():
            with stacks.running(seed, label_studio=False, prefect=False) as running:
                running.fill(label_studio=True, prefect=True)
                assert sweep.files(running.secrets(), seed / "logs", seed / "prefect") == []
                assert sweep.prefect(running) == []
            (seed / "filled").touch()
        home.parent.mkdir(parents=True, exist_ok=True)
        copying = home.with_name(home.name + ".copying")
        subprocess.run(["rm", "-rf", copying], check=True)
        subprocess.run(["cp", "-a", seed, copying], check=True)  # -a: the database's files belong to another user
        copying.rename(home)
