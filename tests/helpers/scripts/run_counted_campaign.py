"""Run a campaign of tasks that only count themselves, through Parsl.

    python run_counted_campaign.py FOLDER N_SEEDS WORKERS BODY [ENGINE]

The body is what a task runs in the shell, such as ``sleep 0.05``. Prints what it took.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from ms25_suite.campaign.run import run_campaign
from tests.helpers.campaigns import Counted, campaign


def main() -> None:
    folder, n_seeds, workers, body = Path(sys.argv[1]), *map(int, sys.argv[2:4]), sys.argv[4]
    more = sys.argv[5] if len(sys.argv) > 5 else ""
    opened = campaign(folder, sizes=[25], n_seeds=n_seeds, workers=workers, engine=more)
    start = time.monotonic()
    outcome = run_campaign(opened, folder / "made.campaign", command=Counted(folder, body))
    took = time.monotonic() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{outcome.done}/{outcome.total} in {took:.1f} s, {memory:.0f} MiB")


if __name__ == "__main__":
    main()
