"""Predictions for frames and for the same frames doubled, and how much they may differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import IntArray
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.held_out import test_frames
from ms25_suite.criteria.precision import dtype_of, is_foreign
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.size_extensivity import CRITERION
from ms25_suite.criteria.transfer import not_asked as trained_elsewhere
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.extensivity import (
    MOST_ATOMS,
    SupercellErrors,
    doubled,
    lowest_height,
    small_frames,
    supercell_errors,
    supercell_tolerances,
)
from ms25_suite.potentials.potential import Potential

__all__ = [
    "SUPERCELL_QUANTITIES",
    "SupercellError",
    "Supercells",
    "measure_supercell",
    "not_asked",
    "predict_supercells",
]

SUPERCELL_QUANTITIES: Final = ("supercell_energy", "supercell_forces")
"""Quantities of a doubled cell that must be those of the cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Supercells:
    """Differences between some frames and their doubles.

    Parameters
    ----------
    indices
        Where the frames are in the dataset, shape ``(n_frames,)``.
    errors
        The largest differences.
    marks
        Each of `SUPERCELL_QUANTITIES` to the difference that is rounding.
    remark
        What may be behind a larger one.
    """

    indices: IntArray
    errors: SupercellErrors
    marks: dict[str, Threshold]
    remark: Finding


@dataclass(frozen=True, slots=True, eq=False)
class SupercellError:
    """Largest difference of one quantity between frames and their doubles.

    Parameters
    ----------
    quantity
        One of `SUPERCELL_QUANTITIES`.
    value
        The difference in meV/atom or meV/Å.
    mark
        Difference that is rounding, for the numbers of bits of the potential.
    where
        Frame and axis of the difference.
    n_frames
        Number of frames.
    remark
        What may be behind a larger difference.
    """

    quantity: str
    value: float
    mark: Threshold
    where: str
    n_frames: int
    remark: Finding

    def record(self, recorder: CheckRecorder) -> None:
        """Record the difference against the user's threshold, or else against rounding."""
        mark = recorder.threshold(self.quantity) or self.mark
        differs = self.value > mark.value
        recorder.judge(
            self.quantity,
            value=self.value,
            mark=mark,
            n_frames=self.n_frames,
            reason=self.where if differs else "",
            findings=[self.remark] if differs else [],
        )


def measure_supercell(supercells: Supercells, quantity: str) -> SupercellError:
    """Largest difference of a quantity between frames and their doubles.

    Parameters
    ----------
    supercells
        Predictions for both.
    quantity
        One of `SUPERCELL_QUANTITIES`.
    """
    errors = supercells.errors
    value, frame, axis = (
        (errors.energy, errors.energy_frame, errors.energy_axis)
        if quantity == SUPERCELL_QUANTITIES[0]
        else (errors.forces, errors.forces_frame, errors.forces_axis)
    )
    return SupercellError(
        quantity,
        MEV_PER_EV * value,
        supercells.marks[quantity],
        f"largest for frame {supercells.indices[frame]}, doubled along {'abc'[axis]}",
        len(supercells.indices),
        supercells.remark,
    )


def not_asked(case: Case) -> NotAsked | None:
    """Left out where no cell can be doubled, or the other cell is not the potential's own."""
    if case.parameters.get("quantity") not in SUPERCELL_QUANTITIES:
        return trained_elsewhere(case)
    dataset, partners = case.dataset, case.dataset.card.partners
    if not dataset.frames.pbc.any():
        return NotAsked(f"no frame of {dataset.name} is periodic: there is no cell to double")
    if case.subject.kind == "reference" and partners.not_extensive:
        return NotAsked(
            f"the reference of {dataset.name} is not extensive: {partners.not_extensive}"
        )
    return None if partners.extensivity else NotAsked()


def predict_supercells(potential: Potential, dataset: Dataset) -> Supercells:
    """Predict a few test frames and their doubles.

    Raises
    ------
    DatasetError
        No test frame is periodic and small enough.
    PotentialError
        The potential cannot predict them.
    """
    test = test_frames(potential, dataset)
    # Few and small: rounding and missing images show on any frame.
    indices = test[small_frames(dataset.frames.select(test))]
    if len(indices) == 0:
        msg = (
            f"no test frame of {dataset.name} is periodic and has at most {MOST_ATOMS // 2} atoms: "
            "so the check cannot be made"
        )
        raise DatasetError(msg)
    frames = dataset.frames.select(indices)
    twice, source, axis = doubled(frames)
    # A repeated cell is the same infinite crystal: the energy must double, and each copy of an
    # atom must have the force of the original, whatever the cutoff.
    of_frames, of_doubled = potential.predict(frames), potential.predict(twice)
    # Rounding is relative to the size of a number: total energies of DFT lose more digits.
    per_atom = np.abs(np.asarray(of_frames.energy) / frames.n_atoms).max()
    dtype = dtype_of(potential)
    tolerances = supercell_tolerances(dtype, float(per_atom))
    unknown = " (the precision of a calculator is not known)" if is_foreign(potential) else ""
    measures = CRITERION.measures
    marks = {
        name: Threshold(
            MEV_PER_EV * tolerance.value,
            measures[name].unit,
            measures[name].metric,
            tolerance.reason + unknown,
        )
        for name, tolerance in zip(SUPERCELL_QUANTITIES, tolerances, strict=True)
    }
    errors = supercell_errors(frames, of_frames, source, axis, of_doubled)
    height = lowest_height(frames)
    remark = Finding("not-extensive", _causes(potential, dataset, height), "note")
    return Supercells(indices, errors, marks, remark)


def _causes(potential: Potential, dataset: Dataset, height: float | None) -> str:
    info = potential.info()
    cell = f"the cells are as narrow as {height:.2f} Å" if height else "the cells have no height"
    if info.r_max is None:
        reach = f"{potential.name} does not state its cutoff, {cell}"
    else:
        # Each message-passing layer adds one cutoff to the distance over which an atom depends on
        # others.
        layers = info.n_layers or 1
        reach = f"the cutoff of {potential.name} is {info.r_max:g} Å"
        if layers > 1:
            reach += f", its receptive field {layers} x {info.r_max:g} = {layers * info.r_max:g} Å"
        reach += f", {cell}"
    return (
        f"a repeated cell of {dataset.name} is the same crystal, so something depends on the cell "
        f"itself: {reach}. Neighbours beyond the nearest image that are left out (where a cell is "
        "narrower than twice the cutoff), a descriptor of the whole cell, or a sum that did not "
        "converge would do so"
    )
