"""Runs behind a drift of the energy or a shift of the temperature, under the key ``dynamics``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ms25_suite.core.details import Details, Numbers

__all__ = ["KEY", "DynamicsDetails", "DynamicsRun"]

KEY: Final = "dynamics"


@dataclass(frozen=True, slots=True)
class DynamicsRun(Details):
    """One run of molecular dynamics.

    Parameters
    ----------
    frame
        Index of the frame in its dataset from which it started.
    temperature_K
        Temperature in K at the start, and of the heat bath if there is one.
    broken
        What ended the run early, such as ``overlap``; empty if it lasted.
    broken_step
        Step at which it ended; -1 if it lasted.
    energies
        Total energy since the start in meV/atom, at constant energy; shorter than
        `DynamicsDetails.times` if the run ended early.
    temperatures
        Temperatures in K, in a heat bath.
    """

    frame: int
    temperature_K: float
    broken: str
    broken_step: int
    energies: Numbers | None = None
    temperatures: Numbers | None = None


@dataclass(frozen=True, slots=True)
class DynamicsDetails(Details):
    """All runs of one ensemble.

    Parameters
    ----------
    ensemble
        ``nve``, at constant energy, or ``nvt``, in a heat bath.
    times
        In ps, shape ``(n_times,)``.
    timestep_fs
        Timestep in fs.
    runs
        The runs.
    """

    ensemble: Literal["nve", "nvt"]
    times: tuple[float, ...]
    timestep_fs: float
    runs: tuple[DynamicsRun, ...]
