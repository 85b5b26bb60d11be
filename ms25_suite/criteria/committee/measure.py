"""The spread of a committee against its error, and what is reported of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import NotJudgedError, listed
from ms25_suite.core.fields import Quantity
from ms25_suite.core.findings import Finding
from ms25_suite.core.thresholds import MIN_FRAMES, Threshold
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.committee.details import KEY, CommitteeDetails
from ms25_suite.criteria.committee.predictions import CommitteePredictions
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.metrics.committee.calibration import (
    LEVELS,
    bins,
    coverage,
    likelihood_gain,
    overconfidence,
    reliability,
)
from ms25_suite.metrics.committee.spread import Spread, averaging, committee_spread
from ms25_suite.metrics.committee.warning import (
    errors_differ,
    foretold_rate,
    rank_correlation,
    warning_rate,
)
from ms25_suite.metrics.errors import components
from ms25_suite.metrics.intervals import Statistic

__all__ = [
    "COMMITTEE_QUANTITIES",
    "CommitteeSpread",
    "measure_committee",
]

COMMITTEE_QUANTITIES: Final = (
    "energy_warning",
    "energy_overconfidence",
    "forces_warning",
    "forces_overconfidence",
)
"""What is judged, each by a check of its own."""

_ITEMS: Final = {"energy": "frames", "forces": "atoms"}

_CHANCE: Final = 0.5
"""Warning rate of a spread that has nothing to do with the error."""

_LITTLE: Final = 0.6
"""Warning rate among the members below which even a committee that is right hardly warns."""

_LEVEL: Final = 0.95

_UNDERCONFIDENT: Final = 0.5
"""Ratio of error and spread below which the spread is more than twice as large as it should be."""


@dataclass(frozen=True, slots=True, eq=False)
class CommitteeSpread:
    """Error and spread of a committee, of which one number is judged.

    Parameters
    ----------
    predictions
        The committee.
    judged
        One of `COMMITTEE_QUANTITIES`.
    spread
        Errors of the mean, and deviations of the members, in eV/atom or eV/Å.
    n_frames
        Number of frames.
    """

    predictions: CommitteePredictions
    judged: str
    spread: Spread
    n_frames: int

    @property
    def quantity(self) -> Quantity:
        """``energy`` or ``forces``."""
        return _quantity(self.judged)

    def record(self, recorder: CheckRecorder) -> None:
        """Record whether the committee warns, or whether it is over-confident, with more on it."""
        names = list(self.predictions.members)
        pairs = [f"{names[i]} and {names[j]}" for i, j in self.spread.twins()]
        if pairs:
            reason = (
                f"{pairs[0]} predict exactly the same {self.quantity}: they are one potential, "
                "whose agreement says nothing. Expected members that differ in seed or data"
            )
            recorder.fail(self.judged, reason, n_frames=self.n_frames)
        elif self.judged.endswith("warning"):
            self._record_warning(recorder)
        else:
            self._record_calibration(recorder)

    def _record_warning(self, recorder: CheckRecorder) -> None:
        found, foretold = warning_rate(self.spread), foretold_rate(self.spread)
        mark = recorder.threshold(self.judged)
        items, n = _ITEMS[self.quantity], self.spread.n_members
        about = (
            f"how often the {n} members spread more for {items} of the worst tenth than for "
            f"others; by chance {_CHANCE}, for errors like the members' own deviations "
            f"{foretold.value:.2f}"
        )
        fields: dict[str, Any] = {
            **self._fields(found),
            "reason": about,
            "duration_s": sum(m.duration_s for m in self.predictions.members.values()),
            "details": {KEY: self._details(foretold.value).to_dict()},
            "findings": self._remarks(),
        }
        if mark is None:
            recorder.judge(self.judged, **fields)
            return
        mark = _at_least_half(mark, foretold)
        if nothing := self._nothing_to_warn_of(found, foretold, mark):
            fields |= {"reason": f"{nothing}; {about}"}
            fields.pop("doubt")
            recorder.undecided(
                self.judged,
                **fields,
                threshold=mark.value,
                threshold_source=mark.source,
                at_least=True,
            )
            return
        recorder.judge_by(mark, self.judged, **fields)

    def _nothing_to_warn_of(self, found: Statistic, foretold: Statistic, mark: Threshold) -> str:
        """Why a rate below the threshold is not held against the committee; empty if it is."""
        if found.interval is None or found.interval[1] >= mark.value:
            return ""
        low, high = found.interval
        # The members agree on what nobody can foretell, and the errors differ all the same.
        blind = low <= _CHANCE and errors_differ(self.spread)
        promised = _least(foretold)
        if promised >= _LITTLE or high < promised or blind:
            return ""
        return (
            "there is little to warn of: the members foretell each other no better, as far as "
            f"these {_ITEMS[self.quantity]} show"
        )

    def _record_calibration(self, recorder: CheckRecorder) -> None:
        spread = self.spread
        ratio = overconfidence(spread)
        error = np.sqrt(np.mean(spread.size**2))
        expected = np.sqrt(np.mean(spread.expected**2))
        unit, n = QUANTITY_UNITS[self.quantity], spread.n_members
        about = (
            f"rms error of the mean {MEV_PER_EV * error:.3g} {unit}, expected from the spread "
            f"{MEV_PER_EV * expected:.3g} {unit} (rms spread times the root of 1 + 1/{n})"
        )
        careful = ratio.interval is not None and ratio.interval[1] < _UNDERCONFIDENT
        if careful:
            about += "; under-confident: the spread is more than twice as large as the error"
        recorder.judge(self.judged, **self._fields(ratio), reason=about)
        further: dict[str, tuple[Callable[[], Statistic], float, str]] = {
            "coverage": (
                lambda: coverage(spread, _LEVEL),
                100.0,
                "errors within the 95 % interval of the committee (Student's t)",
            ),
            "likelihood": (
                lambda: likelihood_gain(spread),
                1.0,
                "log likelihood of the errors beyond that by the best constant, nats per component",
            ),
            "correlation": (
                lambda: rank_correlation(spread),
                1.0,
                f"rank correlation of spread and error over all {_ITEMS[self.quantity]}",
            ),
            "averaging": (
                lambda: averaging(spread),
                1.0,
                "rms error of the mean over that of a single member",
            ),
        }
        for name, (measured, factor, words) in further.items():
            found = measured().times(factor)
            recorder.judge(f"{self.quantity}_{name}", **self._fields(found), reason=words)

    def _fields(self, statistic: Statistic) -> dict[str, Any]:
        return {
            "value": statistic.value,
            "interval": statistic.interval,
            "n_frames": self.n_frames,
            "n_independent": statistic.independent,
            "doubt": statistic.doubt,
        }

    def _details(self, foretold: float) -> CommitteeDetails:
        expected, found = bins(self.spread)
        return CommitteeDetails(
            members=tuple(self.predictions.members),
            unit=QUANTITY_UNITS[self.quantity],
            expected=tuple((MEV_PER_EV * expected).tolist()),
            found=tuple((MEV_PER_EV * found).tolist()),
            levels=LEVELS,
            within=tuple(reliability(self.spread).tolist()),
            foretold=foretold,
        )

    def _remarks(self) -> list[Finding]:
        members = self.predictions.members.values()
        own = dict.fromkeys(remark for member in members for remark in member.remarks)
        return [*self.predictions.remarks, *own]


def measure_committee(predictions: CommitteePredictions, judged: str) -> CommitteeSpread:
    """Compare the spread of a committee with its error.

    Parameters
    ----------
    predictions
        The committee.
    judged
        One of `COMMITTEE_QUANTITIES`.

    Raises
    ------
    NotApplicableError
        Labels or predictions have none of the quantity; a `NotJudgedError` if it could be expected,
        or if there are too few frames.
    """
    quantity, compared = _quantity(judged), []
    for member in predictions.members.values():
        found = components(quantity, member.frames, member.labels, member.predictions)
        if found is None:
            raise member.missing(quantity)
        compared.append(found)
    first = next(iter(predictions.members.values()))
    # The frames and labels of all members are the same.
    reference, _, frame = compared[0]
    width = 3 if quantity == "forces" else 1
    spread = committee_spread(
        np.reshape([predicted for _, predicted, _ in compared], (len(compared), -1, width)),
        reference.reshape(-1, width),
        frame[::width],
        first.trajectories,
    )
    n_frames = len(np.unique(spread.frame))
    if n_frames < MIN_FRAMES:
        members = listed(list(predictions.members))
        msg = (
            f"{n_frames} test frames in which {members} or the labels differ are too few to "
            f"compare spread and error: expected {MIN_FRAMES} or more"
        )
        raise NotJudgedError(msg)
    return CommitteeSpread(predictions, judged, spread, n_frames)


def _quantity(judged: str) -> Quantity:
    return "energy" if judged.startswith("energy") else "forces"


def _least(foretold: Statistic) -> float:
    """What the members foretell of each other for sure."""
    return _CHANCE if foretold.interval is None else foretold.interval[0]


def _at_least_half(mark: Threshold, foretold: Statistic) -> Threshold:
    """The threshold, or half of what the members have for each other beyond chance."""
    promised = _least(foretold)
    # Three digits, which people read.
    half = float(f"{_CHANCE + 0.5 * (promised - _CHANCE):.3g}")
    if half <= mark.value:
        return mark
    why = f"half of what the members foretell of each other beyond chance ({promised:.2f} or more)"
    return replace(mark, value=half, source=f"{why}; {mark.source}")
