"""Reference curves of an equation of state that belong to a dataset.

Fitted parameters are read from the frames; nothing is fitted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.core.fields import MIN_EOS_POINTS, REF_ENERGY
from ms25_suite.core.findings import frame_list
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Labels
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.inputs import input_keys
from ms25_suite.datasets.cards.observables import CURVE_KEY, EosConfig
from ms25_suite.datasets.labelling.reading import read_labels, to_angstrom
from ms25_suite.datasets.observables.files import frames_of, lender, read_files, where_of

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "FIT_KEYS",
    "RELAXED_KEY",
    "VOLUME_RATIO_KEY",
    "CurveFit",
    "EosCurve",
    "EosReference",
    "eos_reference",
]

FIT_KEYS: Final = ("v0_A3", "e0_eV", "b0_eV_A3", "b0_prime")
"""Info keys of the equation of state that was fitted to the curve of a frame."""

RELAXED_KEY: Final = "relaxed"
"""Info key: whether the positions of the atoms were relaxed at the volume of the frame."""

VOLUME_RATIO_KEY: Final = "volume_ratio"
"""Info key: volume relative to that of the reference's minimum; the suite does not read it."""


@dataclass(frozen=True, slots=True)
class CurveFit:
    """Equation of state of the reference, as stated in the file.

    Parameters
    ----------
    v0
        Volume of the minimum in Å^3.
    e0
        Energy of the minimum in eV.
    b0
        Bulk modulus at the minimum in eV/Å^3.
    b0_prime
        Derivative of the bulk modulus with respect to the pressure.
    """

    v0: float
    e0: float
    b0: float
    b0_prime: float


@dataclass(frozen=True, slots=True, eq=False)
class EosCurve:
    """One cell at several volumes.

    Parameters
    ----------
    name
        Name that is unique among the curves of the dataset.
    indices
        Its frames among those of the `EosReference`, by ascending volume, shape ``(n_points,)``.
    frames
        The same frames.
    volumes
        Volumes in Å^3, ascending, shape ``(n_points,)``.
    energies
        Energies of the reference in eV, shape ``(n_points,)``.
    relaxed
        Whether the positions of the atoms were relaxed at each volume.
    fit
        The reference's equation of state; None if the file has none.
    """

    name: str
    indices: IntArray
    frames: Frames
    volumes: FloatArray
    energies: FloatArray
    relaxed: bool
    fit: CurveFit | None

    @property
    def n_atoms(self) -> int:
        """Number of atoms of the cell."""
        return int(self.frames.n_atoms[0])


@dataclass(frozen=True, slots=True, eq=False)
class EosReference:
    """Curves of a dataset.

    Parameters
    ----------
    curves
        The curves, in the order of the file.
    frames, labels
        Frames of all curves, curve by curve, and their labels: one batch for a potential.
    config
        The table ``[eos]`` of the card: observable and equation of state.
    sha256
        SHA-256 of each file.
    """

    curves: tuple[EosCurve, ...]
    frames: Frames
    labels: Labels
    config: EosConfig
    sha256: tuple[str, ...]


def eos_reference(card: DatasetCard) -> EosReference | None:
    """Curves of the equation of state that belong to a dataset; None if its card names none.

    Raises
    ------
    CardError
        A file is missing or another one, or the card names curves that are not its own.
    LabelError
        Energies are missing, on some frames only, or not finite; or the frames of a curve
        state different properties of it.
    DatasetError
        The files cannot be read, or a curve has fewer than five volumes, one volume twice, frames
        of several compositions, or frames that are not periodic.
    """
    elements, where = card.elements, where_of(card, "eos")
    card = lender(card, "eos")
    config = card.eos
    if config is None:
        return None
    images, sha256 = read_files(config.files, where)
    to_angstrom(images, card.labels.units)
    frames = frames_of(images, elements, input_keys(card.inputs), where)
    # E(V) needs a volume, which only full periodicity defines.
    flat = np.flatnonzero(~frames.pbc.all(axis=1))
    if len(flat):
        msg = f"{where}: {frame_list(flat.tolist())} must be periodic in x, y and z to have volumes"
        raise DatasetError(msg)
    labels = read_labels(images, card.labels, where, partial=False).labels
    energies = labels.energy
    if energies is None:
        msg = f"{where}: the frames have no energies ({card.labels.energy or REF_ENERGY})"
        raise LabelError(msg)
    volumes = frames.volumes
    groups = {
        # Ascending volumes: neighbours on the curve are neighbours in the arrays.
        name: np.array(sorted(indices, key=lambda index: volumes[index]), dtype=np.int64)
        for name, indices in _groups(images, config.curve_key, card.name, where).items()
    }
    order = np.concatenate(list(groups.values()))
    labels = labels.select(order, frames.offsets)
    frames, energies = frames.select(order), energies[order]
    images = [images[index] for index in order]
    curves = []
    first = 0
    for name, group in groups.items():
        indices = np.arange(first, first + len(group))
        first += len(group)
        curves.append(_curve(name, indices, images, frames, energies, f"{where}: curve {name}"))
    return EosReference(tuple(curves), frames, labels, config, sha256)


def _groups(
    images: Sequence[Atoms], key: str | None, default: str, where: str
) -> dict[str, list[int]]:
    """Frames of each curve; all are of one curve if the card names no key and no frame has one."""
    used = key or CURVE_KEY
    missing = [index for index, atoms in enumerate(images) if used not in atoms.info]
    if key is None and len(missing) == len(images):
        return {default: list(range(len(images)))}
    if missing:
        msg = (
            f"{where}: expected the name of its curve on each frame (info key `{used}`), found "
            f"none on {frame_list(missing)}"
        )
        raise LabelError(msg)
    groups: dict[str, list[int]] = {}
    for index, atoms in enumerate(images):
        groups.setdefault(str(atoms.info[used]), []).append(index)
    return groups


def _curve(
    name: str,
    indices: IntArray,
    images: Sequence[Atoms],
    frames: Frames,
    energies: FloatArray,
    where: str,
) -> EosCurve:
    own = frames.select(indices)
    # Energies of different compositions do not lie on one curve E(V).
    formulas = {images[index].get_chemical_formula() for index in indices}
    if len(formulas) > 1:
        msg = (
            f"{where}: expected frames of one composition, found {', '.join(sorted(formulas)[:3])}"
            "; give each curve a name of its own"
        )
        raise DatasetError(msg)
    volumes = own.volumes
    # Volumes come from cells that files round: 1e-6 is above that and below any real step.
    same = np.flatnonzero(np.diff(volumes) < 1e-6 * volumes[:-1])
    if len(same):
        msg = (
            f"{where}: found two frames of {volumes[same[0]]:.6g} Å^3, expected each volume once; "
            "give each curve a name of its own"
        )
        raise DatasetError(msg)
    if len(indices) < MIN_EOS_POINTS:
        msg = (
            f"{where}: expected at least {MIN_EOS_POINTS} volumes, found {len(indices)}: an "
            "equation of state has four parameters"
        )
        raise DatasetError(msg)
    info = [images[index].info for index in indices]
    relaxed = _common([entry.get(RELAXED_KEY, False) for entry in info], RELAXED_KEY, where)
    if not isinstance(relaxed, bool | np.bool_):
        msg = f"{where}: `{RELAXED_KEY}` must be true or false (T or F), found {relaxed!r}"
        raise LabelError(msg)
    return EosCurve(
        name=name,
        indices=indices,
        frames=own,
        volumes=volumes,
        energies=energies[indices],
        relaxed=bool(relaxed),
        fit=_fit(info, where),
    )


def _fit(info: Sequence[dict[str, Any]], where: str) -> CurveFit | None:
    present = [key for key in FIT_KEYS if any(key in entry for entry in info)]
    if not present:
        return None
    if len(present) < len(FIT_KEYS):
        absent = [key for key in FIT_KEYS if key not in present]
        msg = (
            f"{where}: expected all of {', '.join(FIT_KEYS)} or none of them, found no "
            f"{', '.join(absent)}"
        )
        raise LabelError(msg)
    values = [_common([entry.get(key) for entry in info], key, where) for key in FIT_KEYS]
    try:
        fit = CurveFit(*(float(value) for value in values))
    except (TypeError, ValueError) as error:
        msg = f"{where}: expected numbers for {', '.join(FIT_KEYS)}, found {values}"
        raise LabelError(msg) from error
    # A minimum of E(V) has a positive curvature, B0 = V0 E''(V0) > 0.
    if not np.isfinite([fit.v0, fit.e0, fit.b0, fit.b0_prime]).all() or min(fit.v0, fit.b0) <= 0:
        msg = f"{where}: expected a volume and a bulk modulus above zero, found {fit}"
        raise LabelError(msg)
    return fit


def _common(values: Sequence[Any], key: str, where: str) -> Any:
    """The value that all frames of a curve have."""
    different = list(dict.fromkeys(map(str, values)))
    if len(different) > 1:
        msg = (
            f"{where}: expected one `{key}` on all of its frames, found {', '.join(different[:3])}"
        )
        raise LabelError(msg)
    return values[0]
