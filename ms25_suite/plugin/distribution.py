"""Keeps the checks of one potential in one process of pytest-xdist.

A process loads a potential once, and its predictions are shared. xdist's own ``--dist=loadgroup``
cannot be set from here: its processes read the command line by themselves. So each of them writes
down the groups of its items, all the same, before it tells their names, and the scheduler of the
main process reads them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

__all__ = ["Distribution", "note_groups"]

_INPUT: Final = "ms25_groups"
_MARK: Final = "xdist_group"


class Distribution:
    """Hooks of the process that distributes the items."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ms25-groups-"))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a process where to write its groups."""
        node.workerinput[_INPUT] = str(self._folder / "groups.json")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Scheduler that sends a group to one process."""
        from xdist.scheduler.loadscope import LoadScopeScheduling

        folder, close = self._folder, self.close

        class PotentialScheduling(LoadScopeScheduling):  # type: ignore[misc]
            """Items with the same potential are one unit of work, any other item is its own."""

            _groups: dict[str, str] | None = None

            def _split_scope(self, nodeid: str) -> str:
                if self._groups is None:
                    self._groups = _read(folder / "groups.json")
                    close()
                return self._groups.get(nodeid, nodeid)

        return PotentialScheduling(config, log)

    def pytest_unconfigure(self) -> None:
        """Delete what is left."""
        self.close()

    def close(self) -> None:
        """Delete the groups, which are read once."""
        shutil.rmtree(self._folder, ignore_errors=True)


def note_groups(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Write down the group of each item, if this is a process of xdist that was told to."""
    target = getattr(config, "workerinput", {}).get(_INPUT)
    if target is None:
        return
    groups = {item.nodeid: name for item in items if (name := _group(item))}
    partial = Path(f"{target}.{config.workerinput['workerid']}")  # type: ignore[attr-defined]
    # A process that takes the place of one that crashed comes too late, and its groups are known.
    with suppress(OSError):
        partial.write_text(json.dumps(groups), encoding="utf-8")
        partial.replace(target)


def _group(item: pytest.Item) -> str:
    """Name of the group of an item, from its marks as xdist reads them; empty for none."""
    marks = item.iter_markers(_MARK)
    names = {str((*mark.args, mark.kwargs.get("name", "default"))[0]) for mark in marks}
    return "_".join(sorted(names))


def _read(path: Path) -> dict[str, str]:
    """Groups by item; none if no process could write them, which only costs time."""
    try:
        groups: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return groups
