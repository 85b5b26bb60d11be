"""Killing pytest from one of its workers, as a batch system would."""

from __future__ import annotations

from typing import Final

PYTEST_PID: Final = "int(open(f'/proc/{os.getppid()}/stat').read().rsplit(')', 1)[1].split()[1])"
"""Expression for the process of pytest in a worker or a training, whose parent is its guard."""

KILL_PYTEST: Final = f"os.kill({PYTEST_PID}, 9)"
