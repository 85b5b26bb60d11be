"""Errors on the frames of another dataset, beside those on a potential's own."""

from __future__ import annotations

from dataclasses import dataclass

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.units import DIMENSIONLESS, MEV_PER_EV
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.comparison import (
    ComparedFrames,
    in_display_units,
    measure_mae,
    record_mae,
)
from ms25_suite.criteria.recorder import CheckRecorder, dataset_fields
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.tiers import Tier
from ms25_suite.metrics.comparing.error_ratio import error_ratio
from ms25_suite.metrics.conventions.offsets import level_of_theory_mismatch
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.extensivity import lowest_height
from ms25_suite.metrics.intervals import Statistic
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.training.manifest import read_manifest

__all__ = ["Transfer", "TransferErrors", "measure_transfer", "not_asked", "trained_elsewhere"]


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """A potential on test frames of its training dataset, and on those of another dataset.

    Parameters
    ----------
    potential
        The potential.
    own, own_frames
        The dataset that it was trained on, or is taken to be for, and its compared test frames.
    other, other_frames
        The dataset that it is tested on.
    """

    potential: Potential
    own: Dataset
    own_frames: ComparedFrames
    other: Dataset
    other_frames: ComparedFrames


@dataclass(frozen=True, slots=True, eq=False)
class TransferErrors:
    """Errors of one quantity on both datasets.

    Parameters
    ----------
    transfer
        The datasets and predictions.
    errors
        Errors on the other dataset.
    at_home
        Errors on the potential's own dataset; None where it has no such labels.
    ratio
        Errors on the other dataset over those on its own; None where there is no such ratio.
    of_cell_size
        Whether the datasets differ in the size of their cells.
    """

    transfer: Transfer
    errors: ErrorSummary
    at_home: ErrorSummary | None
    ratio: Statistic | None
    of_cell_size: bool

    def record(self, recorder: CheckRecorder) -> None:
        """Record the errors on both datasets, and their ratio.

        Only the errors on the other dataset are compared with a threshold.
        """
        quantity = self.errors.quantity
        record_mae(
            recorder, self.errors, self.transfer.other_frames, tuple(self._remarks(recorder))
        )
        if self.at_home is not None:
            recorder.measure(
                quantity,
                metric="mae",
                unit=recorder.unit(quantity),
                n_frames=self.at_home.n_frames,
                **in_display_units(self.at_home.mae),
                **dataset_fields(self.transfer.own),
            )
        if self.ratio is not None:
            recorder.measure(
                quantity,
                metric="ratio",
                value=self.ratio.value,
                interval=self.ratio.interval,
                n_independent=self.ratio.independent,
                doubt=self.ratio.doubt,
                unit=DIMENSIONLESS,
                n_frames=self.errors.n_frames,
            )

    def _remarks(self, recorder: CheckRecorder) -> list[Finding]:
        remarks = _origin(self.transfer)
        if not self.of_cell_size:
            return remarks
        threshold = recorder.threshold(self.errors.quantity)
        failed = False
        if threshold is not None:
            limit = threshold.against(self.transfer.other_frames.without_model(self.errors)).value
            failed = MEV_PER_EV * self.errors.mae.value > limit
        interval = None if self.ratio is None else self.ratio.interval
        # Only a ratio that is above 1 with its whole interval is a degradation.
        grew = interval is not None and interval[0] > 1
        if grew or (failed and self.ratio is None):
            remarks += _receptive_field(self.transfer)
        return remarks


def measure_transfer(
    transfer: Transfer, quantity: Quantity, *, of_cell_size: bool = False
) -> TransferErrors:
    """Errors of a quantity on both datasets, and their ratio.

    Parameters
    ----------
    transfer
        The datasets and predictions.
    quantity
        ``energy``, ``forces`` or ``stress``.
    of_cell_size
        Whether the datasets differ in the size of their cells.

    Raises
    ------
    NotApplicableError
        The other frames have no labels or predictions of it.
    """
    errors = measure_mae(transfer.other_frames, quantity)
    # The same potential on held-out frames of its own kind: the scale of the degradation.
    at_home = transfer.own_frames.errors(quantity)
    ratio = None if at_home is None else error_ratio(at_home, errors)
    return TransferErrors(transfer, errors, at_home, ratio, of_cell_size)


def not_asked(case: Case) -> NotAsked | None:
    """Left out where the dataset is not the one that the potential was trained on."""
    reason = trained_elsewhere(case.subject, case.dataset, case.tier)
    return NotAsked(reason) if reason else None


def _origin(transfer: Transfer) -> list[Finding]:
    """Findings if the training dataset of the potential is only assumed."""
    if transfer.potential.manifest is not None or transfer.potential.architecture == "reference":
        return []
    message = (
        f"{transfer.potential.name} has no manifest; {transfer.own.name} is assumed to be its "
        "training dataset"
    )
    theory = (transfer.own.card.level_of_theory, transfer.other.card.level_of_theory)
    mismatch = level_of_theory_mismatch(*theory)
    return [Finding("own-data", message, "note"), *([mismatch] if mismatch else [])]


def _receptive_field(transfer: Transfer) -> list[Finding]:
    """Finding on which periodic images an atom interacts with in the potential's own cells.

    The paper's explanation (MS25, "System Size Cross Validation"): in a cell smaller than the
    receptive field of an atom, a potential learns descriptors that do not exist in a larger one. In
    a cell smaller than twice that, an atom can interact with two images of one neighbour.
    """
    info = transfer.potential.info()
    height = lowest_height(transfer.own_frames.frames)
    if info.r_max is None or height is None:
        return []
    layers = info.n_layers or 1
    # Each layer passes messages over one cutoff.
    reach = info.r_max * layers
    plural = "" if layers == 1 else "s"
    what = (
        f"the receptive field of {transfer.potential.name} is {reach:g} Å ({layers} layer{plural} "
        f"of {info.r_max:g} Å), the cells of {transfer.own.name} are as narrow as {height:.2f} Å: "
    )
    # The first periodic image of an atom is one height of the cell away, or farther.
    if reach >= height:
        message = (
            f"{what}atoms interact with their own periodic images there; in {transfer.other.name} "
            "those images lie at other distances. That is the likely cause of a larger error"
        )
    elif 2.0 * reach > height:
        message = (
            f"{what}no atom interacts with its own periodic image there, but an atom can interact "
            "with several images of one neighbour, which always move together; in "
            f"{transfer.other.name} they may be different atoms. That can cause a larger error"
        )
    else:
        message = (
            f"{what}no atom interacts with its own periodic image there, or with two images of one "
            "neighbour, so that is not the cause"
        )
    return [Finding("receptive-field", message, "note")]


def trained_elsewhere(spec: PotentialSpec, dataset: Dataset, tier: Tier | None) -> str:
    """Reason why a dataset is not a potential's own; empty if it is, or that is not known.

    Parameters
    ----------
    spec
        The potential, as the command line names it.
    dataset
        The dataset.
    tier
        What names of datasets mean.

    Raises
    ------
    Ms25Error
        The sidecar of a model file, or the dataset that it is trained on, cannot be read.
    """
    name, sha256 = "", ""
    if spec.kind == "train" and spec.trained_on is not None:
        source = open_dataset(spec.trained_on, tier=tier)
        name, sha256 = source.name, source.sha256
    elif spec.kind == "model" and spec.path is not None:
        manifest = read_manifest(spec.path)
        if manifest is not None:
            name, sha256 = manifest.data.name or "", manifest.data.sha256 or ""
    if not name or dataset.sha256 == sha256 or dataset.name == name:
        return ""
    return (
        f"{spec.name} was trained on {name}, so that {dataset.name} is not its own data: run the "
        f"check with the dataset it was trained on: --dataset={name}"
    )
