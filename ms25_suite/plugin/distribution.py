"""Keeps the checks of one potential in one process of pytest-xdist.

A process loads a potential once, and its predictions are shared. xdist's own ``--dist=loadgroup``
cannot be set from here: its processes read the command line by themselves. So each of them writes
down the groups of its items, all the same, before it tells their names, and the scheduler of the
main process reads them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from ms25_suite.environments.guard import die_with_parent
from ms25_suite.environments.processes import SAFE_PATH, safe_path

__all__ = ["Distribution", "Groups", "note_groups", "settle"]

_INPUT: Final = "ms25_groups"
_SET_PATH: Final = "ms25_set_path"
_MARK: Final = "xdist_group"


class Distribution:
    """Hooks of the process that distributes the items.

    Parameters
    ----------
    grouped
        Whether to keep groups together; else the user has chosen how to distribute.
    """

    def __init__(self, *, grouped: bool) -> None:
        self._grouped = grouped
        self._folder = Path(tempfile.mkdtemp(prefix="ms25-groups-"))
        self._set_path = not os.environ.get(SAFE_PATH)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Generator[None, None, None]:
        """Let the processes not import from the working folder while they start."""
        with safe_path():
            return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a process where to write its groups."""
        node.workerinput[_INPUT] = str(self._folder / "groups.json")
        node.workerinput[_SET_PATH] = self._set_path

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Scheduler that sends a group to one process; None for that of xdist."""
        if not self._grouped:
            return None
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


def settle(config: pytest.Config) -> None:
    """Make a process of xdist end with its parent, and its environment that of its parent."""
    # It looks for its end between two items only.
    die_with_parent()
    if config.workerinput.get(_SET_PATH, False):  # type: ignore[attr-defined]
        os.environ.pop(SAFE_PATH, None)


class Groups:
    """Hook of a process of xdist."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down which items belong together, before xdist reports their names."""
        note_groups(session.config, session.items)


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
