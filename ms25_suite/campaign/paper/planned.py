"""What a campaign says to its report: what was planned, and why something is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import ReportError

__all__ = ["Plan", "Task", "read_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A training, or the judging of one, that left no number.

    Parameters
    ----------
    dataset, architecture, n, set
        What it is about; None for a potential that is not trained.
    what
        ``training`` or ``judging``.
    state
        ``failed``, ``waiting``, ``running``, ``blocked`` or ``done``.
    reason
        Why it failed, in one line.
    """

    dataset: str
    architecture: str = ""
    n: int | None = None
    set: int | None = None
    what: str = "training"
    state: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Description of a campaign.

    Parameters
    ----------
    name
        Name of the campaign.
    datasets, architectures, sizes, sets
        What was planned: it has its place in figures and tables also without any result.
    tasks
        Tasks that are not done. Those that are done may be listed too.
    facts
        What a reader may want to know of it, by a word: machine, engine, time, ….
    """

    name: str = ""
    datasets: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    sets: tuple[int, ...] = ()
    tasks: tuple[Task, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def read_plan(campaign: Mapping[str, object] | None) -> Plan:
    """Description of a campaign from plain data.

    Parameters
    ----------
    campaign
        Table with the fields of `Plan`, each of which may be missing; other keys are ignored.

    Raises
    ------
    ReportError
        A value has a wrong type.
    """
    return read_as(Plan, dict(campaign or {}), "description of the campaign", ReportError)
