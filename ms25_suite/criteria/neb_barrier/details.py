"""Paths behind the error of a barrier, under the key ``neb``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, Numbers

__all__ = ["KEY", "NebDetails", "NebReferenceDetails", "PlainBandDetails"]

KEY: Final = "neb"


@dataclass(frozen=True, slots=True)
class NebReferenceDetails(Details):
    """Path of the reference.

    Parameters
    ----------
    barrier
        Energy of its highest point above the initial state, in eV.
    lengths
        Length of the path up to each image in Å, shape ``(n_images,)``; None if the images are not
        known.
    energies
        Energies of the images above the initial state in eV, same shape; None if not known.

    Raises
    ------
    ValueError
        Lengths and energies do not belong together.
    """

    barrier: float
    lengths: Numbers | None = None
    energies: Numbers | None = None

    def __post_init__(self) -> None:
        _check_path(self.lengths, self.energies)


@dataclass(frozen=True, slots=True)
class PlainBandDetails(Details):
    """Band before its highest image climbed, as the paper takes it.

    Parameters
    ----------
    barrier
        Maximum of the spline through the images, above the initial state, in eV.
    fmax
        Largest force on the band in eV/Å.
    steps
        Steps of the relaxation.
    converged
        Whether it is converged.
    """

    barrier: float
    fmax: float
    steps: int
    converged: bool


@dataclass(frozen=True, slots=True)
class NebDetails(Details):
    """Relaxed band of a potential, and the path of the reference.

    Parameters
    ----------
    reference
        Path of the reference.
    moved_A
        How far the atom that moved most went while each end was relaxed, in Å, shape ``(2,)``.
    end_steps
        Steps of the relaxation of the ends.
    converged
        Whether both ends and the band are converged; only then its highest point is a barrier.
    lengths, energies
        As those of the reference; None if there is no band, like all fields that follow.
    barrier
        Maximum of the spline through the images, above the initial state, in eV.
    fmax
        Largest force on the band in eV/Å.
    steps
        Steps of the relaxation of the band.
    positions
        Positions of the atoms of the highest image in Å, shape ``(n_atoms, 3)``.
    climb
        Whether the highest image climbed; None in files of versions in which it always did.
    without_climbing
        The band that the climbing started from; None without climbing.

    Raises
    ------
    ValueError
        Lengths and energies do not belong together.
    """

    reference: NebReferenceDetails
    moved_A: tuple[float, ...]
    end_steps: int
    converged: bool
    lengths: Numbers | None = None
    energies: Numbers | None = None
    barrier: float | None = None
    fmax: float | None = None
    steps: int | None = None
    positions: tuple[tuple[float, float, float], ...] | None = None
    climb: bool | None = None
    without_climbing: PlainBandDetails | None = None

    def __post_init__(self) -> None:
        _check_path(self.lengths, self.energies)


def _check_path(lengths: Numbers | None, energies: Numbers | None) -> None:
    counts = [0 if row is None else len(row) for row in (lengths, energies)]
    if counts[0] != counts[1]:
        msg = f"expected an energy for each image, found {counts[1]} for {counts[0]} images"
        raise ValueError(msg)
