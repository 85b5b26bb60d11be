"""Checks that find out that they do not apply, and whether that could be expected."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from ms25_suite.core.errors import NotApplicableError, NotJudgedError

__all__ = ["RIGHT_SKIP", "CheckSkips"]

RIGHT_SKIP = pytest.StashKey[bool]()
"""In the stash of an item that is skipped: whether nobody could expect the check to be run."""


class CheckSkips:
    """Hooks that skip a check which, or a fixture of which, finds out that it does not apply."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Around the fixtures of a check."""
        with _skipping(item):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Around a check."""
        with _skipping(item):
            return (yield)


@contextmanager
def _skipping(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    except NotApplicableError as error:
        item.stash[RIGHT_SKIP] = not isinstance(error, NotJudgedError)
        pytest.skip(str(error))
