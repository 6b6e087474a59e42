"""24 simulated hours of all schedules under load, whether that went well, and the figures.

`make soak`, or `python -m tests.soak.day --hours 24 --from 0`. Ends with 1 if the day failed. `--planted leak` (the flows
keep every page of answers) and `--planted drift` (a task is deleted behind their backs) must make it fail.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from deploy.local import postgres
from deploy.local import stack as stacks
from tests.faults.process import ROOT
from tests.soak import life, page, scene


def main() -> None:
    """Live the day, write the page, say how it went."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--hours", type=int, default=24)
    asked.add_argument("--from", type=int, default=0, dest="first", help="the hour of the day it begins with")
    asked.add_argument("--planted", choices=["leak", "drift"], default="")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--write", type=Path, default=None, help="the page of results")
    args = asked.parse_args()
    began = time.monotonic()
    home = ROOT / ".local" / "soak"
    with stacks.running(home, label_studio=True, prefect=True, keep=False, say=print) as stack:
        for name in postgres.databases(stack.cluster):
            if name.startswith("test_"):  # of a day that was killed
                postgres.drop(stack.cluster, name)
        os.environ.update(stack.environment())  # for what the oracle's own processes ask of Prefect
        with scene.opened(
            stack,
            hours=args.hours,
            first=args.first,
            planted="leak" if args.planted == "leak" else "",
            seed=args.seed,
        ) as here:
            day = life.live(here, args.hours, delete_tasks=args.planted == "drift")
    (home / "samples.json").write_text(json.dumps(day.samples), encoding="utf-8")  # to be sampled, if need be
    text = page.written(day, hours=args.hours, first=args.first, minutes=(time.monotonic() - began) / 60)
    if args.write is not None:
        args.write.write_text(text, encoding="utf-8")
    print(text)
    sys.exit(1 if day.failures() else 0)


if __name__ == "__main__":
    main()
