"""Inputs in a loop, in a process that may die: one JSON line when an input begins and one when it has ended.

Called as `python -m tests.fuzz.child FOLDER FIRST STEP END`.
"""

import json
import resource
import sys
from pathlib import Path

from tests.fuzz import inputs, once

ADDRESS_SPACE = 16 * 2**30  # bytes: what asks for more is refused, and known from what holds more by its peak
AGAIN_EVERY = 10


def main(folder: Path, numbers: range) -> None:
    """Run each number's input."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    empty = once.template(folder)
    for number in numbers:
        value = inputs.make(number)
        print(json.dumps({"number": number, "kind": value.kind}), flush=True)
        chunk_rows = 7 if number % 3 == 0 else 100_000
        done = once.as_json(once.run(value, empty, folder / "case", chunk_rows=chunk_rows))
        if (
            number % AGAIN_EVERY == 0
            and not done["broken"]
            and done["ended"].startswith("scored")
            and done["rows"] < 10_000
        ):
            done["broken"] = once.again(value, folder / "case", chunk_rows=chunk_rows)
        print(json.dumps({"number": number} | done), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), range(int(sys.argv[2]), int(sys.argv[4]), int(sys.argv[3])))
