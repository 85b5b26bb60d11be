"""Test frames with reference and predicted values, and the errors that are recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from ase.data import chemical_symbols

from ms25_suite.baseline.samples import FrameSample, frames_digest, labels_digest
from ms25_suite.core.details import (
    NO_CONFIG_TYPE,
    AlignmentDetails,
    ErrorDetails,
    KindError,
    WorstFrame,
)
from ms25_suite.core.errors import NotApplicableError, NotJudgedError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray, Labels, Predictions
from ms25_suite.core.frames.structures import structures_text
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.gaps import LabelGaps
from ms25_suite.criteria.novelty import describe_distances, distance_remarks
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.siblings import siblings_remark
from ms25_suite.criteria.without_model import error_without_model
from ms25_suite.metrics.conventions.offsets import energy_offset
from ms25_suite.metrics.conventions.scales import energy_scale, scale_mismatch
from ms25_suite.metrics.decomposition.alignment import Alignment
from ms25_suite.metrics.errors import (
    ErrorSummary,
    per_element_force_mae,
    summarise_errors,
)
from ms25_suite.metrics.intervals import Statistic
from ms25_suite.metrics.novelty.frames import FrameDistances

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ComparedFrames", "frame_sample", "in_display_units", "measure_mae", "record_mae"]

_STRUCTURES = {"energy": 1, "forces": 3, "stress": 1}
"""So many of the worst frames are kept for the report."""

_MOST_ATOMS = 500
"""Of larger frames than this only the worst one is kept for the report, whose file would grow."""

_COMPONENT_UNITS = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}


@dataclass(frozen=True, slots=True, eq=False)
class ComparedFrames:
    """Test frames of a dataset, their labels, and the predictions of a potential.

    Parameters
    ----------
    indices
        Indices of the frames in the dataset, shape ``(n_frames,)``.
    frames, labels, predictions
        The frames and both sides of the comparison.
    duration_s
        Time that the predictions took in seconds (little if they came from the cache).
    remarks
        Signs that potential and labels do not belong together, for all quantities.
    baseline
        Predictions of the baseline without a model; None if the dataset has none.
    config_types
        Kind of each frame as its file states it, shape ``(n_frames,)``; None if not known.
    gaps
        What is known about labels that the test frames lack.
    trajectories
        Number of the trajectory of each frame, shape ``(n_frames,)``; None if all frames are taken
        to be independent.
    siblings
        Whether the training of the potential had frames of the trajectory of each frame, shape
        ``(n_frames,)``; None if not known.
    alignment
        Constants of the elements that `predictions` are without; None for energies as they are.
    raw_energy
        Predicted total energies in eV with these constants, shape ``(n_frames,)``; None without
        energies.
    not_aligned
        Why energies that were to be aligned are not judged; empty if they are.
    temperatures
        Temperature in K at which each frame was sampled, NaN where the file has none, shape
        ``(n_frames,)``; None if not known.
    distances
        Measures the distances of the frames to those of the training, when they are asked for.
    """

    indices: IntArray
    frames: Frames
    labels: Labels
    predictions: Predictions
    duration_s: float
    remarks: tuple[Finding, ...] = ()
    baseline: Predictions | None = None
    config_types: npt.NDArray[np.str_] | None = None
    gaps: LabelGaps = field(default_factory=LabelGaps)
    temperatures: FloatArray | None = None
    alignment: Alignment | None = None
    raw_energy: FloatArray | None = None
    not_aligned: str = ""
    trajectories: IntArray | None = None
    siblings: BoolArray | None = None
    distances: Callable[[], FrameDistances | None] = lambda: None

    def errors(self, quantity: Quantity) -> ErrorSummary | None:
        """Errors of one quantity; None if labels or predictions have none of it."""
        found = summarise_errors(
            quantity, self.frames, self.labels, self.predictions, groups=self.trajectories
        )
        if found is None or quantity != "energy" or self.alignment is None:
            return found
        return replace(found, mae=self.alignment.mae(found, self.frames))

    def as_predicted(self) -> ComparedFrames:
        """The comparison with the energies that the potential predicts."""
        if self.alignment is None and not self.not_aligned:
            return self
        predictions = replace(self.predictions, energy=self.raw_energy)
        return replace(self, predictions=predictions, alignment=None, not_aligned="")

    def without_energies(self, reason: str) -> ComparedFrames:
        """The comparison of forces and stresses, where energies cannot be aligned."""
        plain = self.as_predicted()
        predictions = replace(plain.predictions, energy=None)
        raw = plain.predictions.energy
        return replace(plain, predictions=predictions, raw_energy=raw, not_aligned=reason)

    def aligned(self, alignment: Alignment) -> ComparedFrames:
        """The comparison without constants of the elements.

        Raises
        ------
        NotJudgedError
            Frames hold an element whose constant is not known.
        """
        plain = self.as_predicted()
        if plain.predictions.energy is None:
            return plain
        energy = alignment.removed(np.asarray(plain.predictions.energy), plain.frames)
        return replace(
            plain,
            predictions=replace(plain.predictions, energy=energy),
            alignment=alignment,
            raw_energy=plain.predictions.energy,
        )

    def only(self, indices: IntArray) -> ComparedFrames:
        """The comparison on those frames whose indices are among the given ones."""
        kept = np.flatnonzero(np.isin(self.indices, indices))
        offsets = self.frames.offsets
        return replace(
            self,
            indices=self.indices[kept],
            frames=self.frames.select(kept),
            labels=self.labels.select(kept, offsets),
            predictions=self.predictions.select(kept, offsets),
            baseline=None if self.baseline is None else self.baseline.select(kept, offsets),
            config_types=None if self.config_types is None else self.config_types[kept],
            trajectories=None if self.trajectories is None else self.trajectories[kept],
            siblings=None if self.siblings is None else self.siblings[kept],
            temperatures=None if self.temperatures is None else self.temperatures[kept],
            raw_energy=None if self.raw_energy is None else self.raw_energy[kept],
            distances=lambda: None,
        )

    def without_model(self, errors: ErrorSummary) -> float | None:
        """Error of predictions that do not look at the structure, in meV; None if unknown."""
        scale = error_without_model(errors, self.frames, self.labels, self.baseline)
        return None if scale is None else MEV_PER_EV * scale

    def missing(self, quantity: Quantity) -> NotApplicableError:
        """Why there are no errors of a quantity, and whether they could be expected."""
        if getattr(self.labels, quantity) is None:
            return self.gaps.no_labels(quantity)
        if quantity == "energy" and self.not_aligned:
            return NotJudgedError(self.not_aligned)
        if getattr(self.predictions, quantity) is None:
            return self.gaps.not_predicted(quantity)
        return self.gaps.no_common_frame(quantity)


def measure_mae(compared: ComparedFrames, quantity: Quantity) -> ErrorSummary:
    """Errors of a quantity.

    Raises
    ------
    NotApplicableError
        Labels or predictions have none of it; a `NotJudgedError` if it could be expected.
    """
    errors = compared.errors(quantity)
    if errors is None:
        raise compared.missing(quantity)
    return errors


def record_mae(
    recorder: CheckRecorder,
    errors: ErrorSummary,
    compared: ComparedFrames,
    remarks: tuple[Finding, ...] = (),
) -> ErrorDetails:
    """Record the mean absolute error, with what is behind it.

    Parameters
    ----------
    recorder
        Of the check.
    errors, compared
        Errors of one quantity, and the frames that they are of.
    remarks
        Further findings.

    Returns
    -------
    :
        What is behind it.
    """
    details = _describe(errors, compared, remarks)
    recorder.judge(
        errors.quantity,
        **in_display_units(errors.mae),
        without_model=details.without_model,
        n_frames=errors.n_frames,
        duration_s=compared.duration_s,
        details=details.to_dict(),
        artifact=_keep_components(recorder, errors, compared),
        sample=frame_sample(errors, compared),
    )
    return details


def frame_sample(
    errors: ErrorSummary, compared: ComparedFrames, *, squared: bool = False
) -> FrameSample:
    """Errors of the single frames, for a comparison with those of another potential.

    Parameters
    ----------
    errors, compared
        Errors of one quantity, and the frames that they are of.
    squared
        Whether they are those of the root mean square error.
    """
    own = np.sqrt(errors.frame_squares) if squared else errors.frame_errors
    return FrameSample(
        frames_digest(compared.frames.select(errors.frames).fingerprints()),
        MEV_PER_EV * own,
        errors.frame_counts,
        errors.groups,
        squared,
        labels_digest(errors.reference),
    )


def in_display_units(statistic: Statistic) -> dict[str, Any]:
    """Value, interval and what it rests on, in meV/atom, meV/Å or meV/Å^3 as in the report."""
    shown = statistic.times(MEV_PER_EV)
    return {
        "value": shown.value,
        "interval": shown.interval,
        "n_independent": shown.independent,
        "doubt": shown.doubt,
    }


def _describe(
    errors: ErrorSummary, compared: ComparedFrames, further: tuple[Finding, ...]
) -> ErrorDetails:
    """Worst frames, errors by element, and signs that two conventions are being compared."""
    remarks: list[Finding | None] = list(compared.remarks)
    frame = np.repeat(errors.frames, errors.frame_counts)
    frames = compared.frames.select(errors.frames)
    if errors.quantity == "energy":
        both = frames, errors.reference, errors.predicted
        # Two methods differ by one constant for each element, two units by a factor: these are
        # conventions, not errors. A factor makes an offset too.
        remarks.append(energy_scale(*both) or energy_offset(*both))
    else:
        volumes = compared.frames.volumes[frame] if errors.quantity == "stress" else None
        remarks.append(
            scale_mismatch(errors.quantity, errors.reference, errors.predicted, frame, volumes)
        )
    remarks.append(siblings_remark(errors, compared.siblings))
    distances = compared.distances()
    remarks += distance_remarks(errors, distances, compared.indices)
    if errors.n_frames < len(compared.frames):
        what = f"{errors.n_frames} of {len(compared.frames)} test frames have a label"
        remarks.append(Finding("some-frames", f"{what}: the error is that of those", "note"))
    per_element = None
    if errors.quantity == "forces":
        by_element = per_element_force_mae(frames.numbers, errors.reference, errors.predicted)
        per_element = {chemical_symbols[z]: MEV_PER_EV * mae for z, mae in by_element.items()}
    return ErrorDetails(
        worst_frames=tuple(
            WorstFrame(int(compared.indices[frame]), MEV_PER_EV * value)
            for frame, value in errors.worst_frames()
        ),
        findings=(*(remark for remark in remarks if remark is not None), *further),
        without_model=compared.without_model(errors),
        alignment=_describe_alignment(errors, compared),
        per_element=per_element,
        per_config_type=_by_config_type(errors, compared.config_types),
        by_distance=describe_distances(errors, distances),
    )


def _describe_alignment(errors: ErrorSummary, compared: ComparedFrames) -> AlignmentDetails | None:
    """The constants that aligned energies are without; None for any other quantity."""
    found = compared.alignment
    if found is None or errors.quantity != "energy":
        return None
    return AlignmentDetails(
        where=found.where,
        n_frames=found.n_frames,
        n_parameters=found.n_parameters,
        constants={
            chemical_symbols[z]: MEV_PER_EV * constant
            for z, constant in zip(found.elements, found.constants.tolist(), strict=True)
        },
    )


def _by_config_type(
    errors: ErrorSummary, kinds: npt.NDArray[np.str_] | None
) -> dict[str, KindError] | None:
    """Errors of each kind of frame; None where the files state no kinds."""
    if kinds is None or not (kinds != "").any():
        return None
    return {
        kind or NO_CONFIG_TYPE: KindError(MEV_PER_EV * mae, n_frames)
        for kind, (mae, n_frames) in errors.mae_by(kinds).items()
    }


def _keep_components(
    recorder: CheckRecorder, errors: ErrorSummary, compared: ComparedFrames
) -> str:
    """Write the compared components for the parity plot; returns the artifact's path."""
    frames = compared.frames.select(errors.frames)
    return recorder.keep_arrays(
        errors.quantity,
        errors.reference,
        errors.predicted,
        _COMPONENT_UNITS[errors.quantity],
        # Components are flattened, x y z of each atom (the paper's equations 1 and 2).
        element=np.repeat(frames.numbers, 3) if errors.quantity == "forces" else None,
        frame=np.repeat(compared.indices[errors.frames], errors.frame_counts),
        structures=structures_text(_worst_images(errors, compared)),
    )


def _worst_images(errors: ErrorSummary, compared: ComparedFrames) -> list[Atoms]:
    """The frames with the largest errors, with both sides of the comparison in eV and Å."""
    starts = {
        int(frame): slice(end - count, end)
        for frame, count, end in zip(
            errors.frames, errors.frame_counts, np.cumsum(errors.frame_counts), strict=True
        )
    }
    images: list[Atoms] = []
    for frame, value in errors.worst_frames()[: _STRUCTURES[errors.quantity]]:
        atoms = compared.frames.atoms(frame)
        if images and len(atoms) > _MOST_ATOMS:
            break
        reference, predicted = errors.reference[starts[frame]], errors.predicted[starts[frame]]
        atoms.info |= {
            "frame": int(compared.indices[frame]),
            f"{errors.quantity}_mae": MEV_PER_EV * value,
        }
        place, shape = (
            (atoms.arrays, (-1, 3)) if errors.quantity == "forces" else (atoms.info, (-1,))
        )
        # Energies are compared for each atom.
        name = f"{errors.quantity}_per_atom" if errors.quantity == "energy" else errors.quantity
        place[f"reference_{name}"] = reference.reshape(shape)
        place[f"predicted_{name}"] = predicted.reshape(shape)
        images.append(atoms)
    return images
