"""Checks that find out that they do not apply, and whether that could be expected."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from ms25_suite.core.catalogue import Subject
from ms25_suite.core.errors import NotApplicableError, NotJudgedError, UsageError

__all__ = ["RIGHT_SKIP", "AllowedSkip", "CheckSkips", "allowed_skips"]

RIGHT_SKIP = pytest.StashKey[bool]()
"""In the stash of an item that is skipped: whether nobody could expect the check to be run."""


@dataclass(frozen=True, slots=True)
class AllowedSkip:
    """What may stay unjudged in a run that is a success.

    Parameters
    ----------
    text
        As the user has written it.
    subject
        What it is about.
    dataset
        Dataset whose frames are predicted; empty for all.
    """

    text: str
    subject: Subject
    dataset: str = ""

    def holds_for(self, criterion: str, quantity: str, dataset: str) -> bool:
        """Whether it is about a number."""
        return self.dataset in ("", dataset) and self.subject.holds_for(criterion, quantity)


def allowed_skips(texts: Iterable[str]) -> tuple[AllowedSkip, ...]:
    """What ``--ms25-allow-skip`` names.

    Parameters
    ----------
    texts
        ``stress``, ``eos.volume`` or ``stress:cha``, also several in one text with commas between
        them.

    Raises
    ------
    UsageError
        Nothing has such a name.
    """
    found = []
    for text in (one.strip() for group in texts for one in group.split(",") if one.strip()):
        what, colon, dataset = text.partition(":")
        start = f"--ms25-allow-skip={text}: "
        if colon and not dataset:
            msg = f"{start}expected the name of a dataset after the colon, for instance stress:cha"
            raise UsageError(msg)
        found.append(AllowedSkip(text, Subject.named(what, start), dataset))
    return tuple(found)


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
