"""Description of a run: the part ``run`` of ``results.json``, and the first line of a journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ms25_suite.core.machine import Machine
from ms25_suite.core.records.base import Record
from ms25_suite.core.records.dataset import DatasetRecord
from ms25_suite.core.records.potential import PotentialRecord

__all__ = ["RunRecord"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord(Record):
    """Description of a run, or of several merged runs.

    Parameters
    ----------
    id
        Unique name of the run.
    started
        Start in UTC, ISO 8601.
    finished
        End in UTC, ISO 8601; None while the run goes on and if it was killed.
    exit_status
        Exit status of pytest; None while the run goes on and if it was killed.
    suite_version
        Version of ms25-suite.
    command
        Arguments of the command line.
    device
        Device that the potentials run on.
    dtype
        Precision of the potentials.
    workers
        Number of worker processes of a potential.
    seed
        Seed of the bootstrap intervals and of molecular dynamics.
    strict
        Whether an undecided check fails.
    potentials
        Potentials; those of merged runs are listed here and not in ``runs``.
    datasets
        Datasets; those of merged runs are listed here and not in ``runs``.
    machine
        Machine that the run was made on.
    packages
        Versions of the packages that results may depend on, by name.
    docs_url
        Address of the documentation; checks link to ``<docs_url>/checks/<criterion>.html``.
    runs
        The merged runs; empty in the description of a single run.
    """

    id: str | None = None
    started: str | None = None
    finished: str | None = None
    exit_status: int | None = None
    suite_version: str | None = None
    command: tuple[str, ...] | None = None
    device: str | None = None
    dtype: str | None = None
    workers: int | None = None
    seed: int | None = None
    strict: bool | None = None
    potentials: tuple[PotentialRecord, ...] = ()
    datasets: tuple[DatasetRecord, ...] = ()
    machine: Machine | None = None
    packages: Mapping[str, str] | None = None
    docs_url: str | None = None
    runs: tuple[RunRecord, ...] = ()

    @property
    def parts(self) -> tuple[RunRecord, ...]:
        """The merged runs; the run itself if it is a single one."""
        return self.runs or (self,)

    @property
    def is_timed(self) -> bool:
        """Whether the start or the exit status was recorded."""
        return self.started is not None or self.exit_status is not None

    @property
    def cut_off(self) -> bool:
        """Whether a part of it was killed before its end."""
        return any(part.is_timed and part.exit_status is None for part in self.parts)

    @property
    def ended_well(self) -> bool:
        """Whether no part of it ended otherwise than as a success."""
        return all(part.exit_status == 0 for part in self.parts if part.is_timed)

    def _nullable(self) -> tuple[str, ...]:
        return ("finished", "exit_status") if self.started else ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        record = Record.to_dict(self)
        del record["runs"]
        if self.runs:
            record["runs"] = [_without_lists(part) for part in self.runs]
        return record


def _without_lists(run: RunRecord) -> dict[str, Any]:
    record = run.to_dict()
    return {key: record[key] for key in record if key not in ("potentials", "datasets")}
