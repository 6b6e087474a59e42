"""The home of a new local stack, without the minute in which Label Studio and Prefect make their databases."""

import fcntl
import subprocess
from pathlib import Path

from deploy import stack as stacks

ROOT = Path(__file__).resolve().parent.parent
_SEED = ROOT / ".local" / "test-stack" / "seed"


def copied(home: Path) -> None:
    """Make `home`, unless it is there, as a copy of one whose databases are filled. Of many that ask, one fills it."""
    _SEED.parent.mkdir(parents=True, exist_ok=True)
    with (_SEED.parent / "seed.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if home.exists():
            return
        filled = _SEED / "filled"
        if not filled.exists():
            with stacks.running(_SEED, label_studio=False, prefect=False) as made:
                made.fill(label_studio=True, prefect=True)
            filled.touch()
        home.parent.mkdir(parents=True, exist_ok=True)
        copying = home.with_name(home.name + ".copying")
        subprocess.run(["rm", "-rf", copying], check=True)
        subprocess.run(["cp", "-a", _SEED, copying], check=True)  # -a: the database's files belong to another user
        copying.rename(home)
