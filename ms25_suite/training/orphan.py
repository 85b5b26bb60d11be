"""A training that never outlives the process that waits for it."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

__all__ = ["end_with_parent"]

_WATCH_S: Final = 1.0


def end_with_parent(parent: int) -> None:
    """End this process soon after its parent has ended.

    Otherwise a training that is continued would run beside an orphan in the same folder.

    Parameters
    ----------
    parent
        Process id of the process that started this one.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_S)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()
