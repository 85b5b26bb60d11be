"""Errors on the frames of another dataset, beside those on a potential's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.results import CheckResult
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import DIMENSIONLESS, MEV_PER_EV
from ms25_suite.criteria.comparison import JudgedFrames, describe_errors, keep_components, shown
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.consistency import level_of_theory_mismatch
from ms25_suite.metrics.error_ratio import degradation
from ms25_suite.metrics.extensivity import lowest_height
from ms25_suite.potentials.potential import Potential

__all__ = ["Transfer", "dataset_fields"]


def dataset_fields(dataset: Dataset) -> dict[str, Any]:
    """Fields of a result that say whose frames were predicted."""
    return {
        "test_dataset": dataset.name,
        "tier": dataset.tier,
        "level_of_theory": dataset.card.level_of_theory,
        "stand_in": dataset.card.stand_in,
    }


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """A potential on the frames that it is for, and on those of another dataset.

    Parameters
    ----------
    potential
        What is judged.
    own, own_frames
        The dataset that it was trained on, or is taken to be for, and its judged test frames.
    other, other_frames
        The dataset that it is tested on.
    """

    potential: Potential
    own: Dataset
    own_frames: JudgedFrames
    other: Dataset
    other_frames: JudgedFrames

    def record(
        self,
        recorder: CheckRecorder,
        threshold: Threshold | None,
        quantity: Quantity,
        *,
        seed: int,
        of_cell_size: bool = False,
    ) -> CheckResult | None:
        """Judge the errors on the other frames; measure those on the own ones, and the ratio.

        Parameters
        ----------
        recorder
            Of the check, whose results are about the other dataset.
        threshold
            Pass mark of the errors on the other frames.
        quantity
            ``energy``, ``forces`` or ``stress``.
        seed
            Seed of the bootstraps.
        of_cell_size
            Whether the datasets differ in the size of their cells.

        Returns
        -------
        :
            The judged result; None if the other frames have no labels or predictions of it.
        """
        errors = self.other_frames.errors(quantity, seed=seed)
        if errors is None:
            return None
        at_home = self.own_frames.errors(quantity, seed=seed)
        ratio = None if at_home is None else degradation(at_home, errors, seed=seed)
        grew = ratio is not None and ratio.interval is not None and ratio.interval[0] > 1
        failed = threshold is not None and MEV_PER_EV * errors.mae.value > threshold.value
        remarks = self._origin()
        if of_cell_size and (grew or (failed and ratio is None)):
            remarks += self._receptive_field()
        details = describe_errors(errors, self.other_frames)
        details["findings"] += [remark.to_dict() for remark in remarks]
        result = recorder.judge(
            threshold,
            metric="mae",
            **shown(errors, errors.mae),
            duration_s=self.other_frames.duration_s,
            details=details,
            artifact=keep_components(recorder, errors, self.other_frames.frames),
        )
        if at_home is not None:
            own = shown(at_home, at_home.mae)
            recorder.measure(metric="mae", **own, **dataset_fields(self.own))
        if ratio is not None:
            recorder.measure(
                metric="ratio",
                value=ratio.value,
                interval=ratio.interval,
                unit=DIMENSIONLESS,
                n_frames=errors.n_frames,
            )
        return result

    def _origin(self) -> list[Finding]:
        """What is not known of the potential's own data."""
        if self.potential.manifest is not None or self.potential.architecture == "reference":
            return []
        message = (
            f"what {self.potential.name} was trained on is not known: {self.own.name}, which the "
            "run names, is taken to be its own data"
        )
        theory = (self.own.card.level_of_theory, self.other.card.level_of_theory)
        mismatch = level_of_theory_mismatch(*theory)
        return [Finding("own-data", message, "note"), *([mismatch] if mismatch else [])]

    def _receptive_field(self) -> list[Finding]:
        """Whether atoms saw their own periodic images in the potential's own cells.

        The paper's explanation (MS25, "System Size Cross Validation"): in a cell smaller than
        what an atom sees, a potential learns descriptors that do not exist in a larger one.
        """
        info = self.potential.info()
        height = lowest_height(self.own_frames.frames)
        if info.r_max is None or height is None:
            return []
        layers = info.n_layers or 1
        reach = info.r_max * layers
        plural = "" if layers == 1 else "s"
        what = (
            f"the receptive field of {self.potential.name} is {reach:g} Å ({layers} layer{plural} "
            f"of {info.r_max:g} Å), the cells of {self.own.name} are as narrow as {height:.2f} Å: "
        )
        if reach >= height:
            message = (
                f"{what}atoms see their own periodic images there, which the cells of "
                f"{self.other.name} have elsewhere. That is the likely cause of a larger error"
            )
        else:
            message = f"{what}no atom sees its own periodic image, which is thus not the cause"
        return [Finding("receptive-field", message, "note")]
