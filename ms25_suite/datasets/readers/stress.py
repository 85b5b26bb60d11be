"""Stress labels in one convention: eV/Å^3, tension positive, Voigt order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, to_voigt
from ms25_suite.datasets.columns.names import LabelName
from ms25_suite.datasets.columns.values import (
    check_shape,
    refuse_absent,
    refuse_infinite,
    values_under,
)

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["read_stresses"]

_ASYMMETRY: Final = 0.01
"""Largest asymmetry of a stress tensor, relative to its largest component, that is rounding."""


def read_stresses(
    images: Sequence[Atoms],
    candidates: Mapping[LabelName, Sequence[str]],
    named: Mapping[LabelName, str],
    where: str,
) -> tuple[FloatArray | None, list[Finding]]:
    """Stress of each frame, from a stress or from a virial (stress = -virial / volume).

    Parameters
    ----------
    images
        Frames as ASE read them.
    candidates
        Keys to try for ``stress`` and ``virial``.
    named
        Keys that the card names.
    where
        Name of the source, for messages.

    Returns
    -------
    :
        Stresses in eV/Å^3, shape ``(n_frames, 6)``, rows of NaN where there is none, or None if
        no frame has one; findings.

    Raises
    ------
    LabelError
        A stress is infinite or has the wrong shape, or the card names a key that is not there.
    """
    stresses = values_under(images, candidates.get("stress", ()), "info")
    virials = values_under(images, candidates.get("virial", ()), "info")
    if "stress" in named and stresses is None:
        refuse_absent(images, "stress", named["stress"], where)
    if "virial" in named and virials is None:
        refuse_absent(images, "virial", named["virial"], where)
    # NaN marks frames without a stress; they are left out of errors and losses.
    rows = np.full((len(images), 6), np.nan)
    labelled: list[int] = []
    not_periodic: list[int] = []
    asymmetric: list[int] = []
    name: LabelName
    for index, atoms in enumerate(images):
        value, name = (None if stresses is None else stresses[index]), "stress"
        if value is None and virials is not None:
            value, name = virials[index], "virial"
        if value is None:
            continue
        volume = abs(float(np.linalg.det(atoms.cell.array)))
        # Stress is energy per volume, which a slab or molecule without a full cell does not have.
        if not atoms.pbc.all() or volume == 0.0:
            not_periodic.append(index)
            continue
        check_shape(value, ((6,), (3, 3), (9,)), name, index, where)
        # Rotational invariance makes the stress symmetric; a larger asymmetry is a sign of wrong
        # axes.
        row, asymmetry = _voigt(np.asarray(value, dtype=np.float64))
        if asymmetry > _ASYMMETRY:
            asymmetric.append(index)
        # Virial W = -dE/d(strain) and stress = (1/V) dE/d(strain).
        rows[index] = row if name == "stress" else -row / volume
        labelled.append(index)
    refuse_infinite(rows[labelled], np.array(labelled, dtype=np.int64), "stress", where)
    findings = []
    if not_periodic:
        findings.append(
            Finding(
                "stress-dropped",
                f"The stress of {len(not_periodic)} frames was left out: they are not periodic "
                f"in three directions, so they have no volume.",
                "note",
                tuple(not_periodic),
            )
        )
    if asymmetric:
        findings.append(
            Finding(
                "asymmetric-stress",
                f"The stress tensor of {len(asymmetric)} frames differs from its transpose by "
                f"more than {100 * _ASYMMETRY:g} % of its largest component; the mean of both "
                f"was taken. Is it a stress tensor in Cartesian axes?",
                frames=tuple(asymmetric),
            )
        )
    return (rows if labelled else None), findings


def _voigt(value: FloatArray) -> tuple[FloatArray, float]:
    """Components xx yy zz yz xz xy, and the asymmetry relative to the largest component."""
    if value.shape == (6,):
        return value, 0.0
    full = value.reshape(3, 3)
    largest = float(np.abs(full).max())
    asymmetry = float(np.abs(full - full.T).max()) / largest if largest > 0 else 0.0
    return to_voigt(full), asymmetry
