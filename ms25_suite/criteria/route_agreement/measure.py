"""The largest difference between the numbers of two routes, and whether it is rounding."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError, PredictionError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import Frames, IntArray, Predictions
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.criteria.held_out import unseen_set
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.route_agreement.details import KEY, RouteDetails
from ms25_suite.criteria.route_agreement.evaluation import (
    EVALUATIONS,
    Evaluated,
    Subject,
    batch_room,
)
from ms25_suite.criteria.route_agreement.selection import route_of
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.agreement import Agreement, compare_predictions
from ms25_suite.potentials.potential import Potential

__all__ = ["RouteComparison", "RouteDifference", "chosen_frames"]

MOST_FRAMES: Final = 4
"""Frames that are evaluated: what two routes do differently shows on any of them."""


@dataclass(frozen=True, slots=True, eq=False)
class RouteDifference:
    """Largest difference of one quantity between two routes.

    Parameters
    ----------
    quantity
        Quantity of the criterion, such as ``batch_forces``.
    value
        The difference in meV/atom, meV/Å or meV/Å^3; None: one route has no number.
    mark
        Difference that is rounding.
    reason
        What was compared, and where the difference is.
    details
        The same for programs, with the difference in each frame.
    duration_s
        Time of the other route in seconds.
    """

    quantity: str
    value: float | None
    mark: Threshold
    reason: str
    details: RouteDetails | None
    n_frames: int
    duration_s: float

    def record(self, recorder: CheckRecorder) -> None:
        """Record the difference against the user's threshold, or else against rounding."""
        fields: dict[str, Any] = {"n_frames": self.n_frames, "duration_s": self.duration_s}
        if self.details is not None:
            fields["details"] = {KEY: self.details.to_dict()}
        if self.value is None:
            recorder.fail(self.quantity, self.reason, **fields)
            return
        recorder.judge(
            self.quantity, value=self.value, mark=self.mark, reason=self.reason, **fields
        )


class RouteComparison:
    """A potential by all its routes, each of which is evaluated once.

    Parameters
    ----------
    potential
        The potential.
    dataset
        Dataset whose test frames are evaluated.
    same_as
        Opens the potential that it ought to be; None if the run names none.
    """

    def __init__(
        self,
        potential: Potential,
        dataset: Dataset,
        same_as: Callable[[], Potential] | None = None,
    ) -> None:
        self._potential = potential
        self._dataset = dataset
        self._same_as = same_as
        self._subject: Subject | None = None
        self._indices: IntArray = np.zeros(0, dtype=np.int64)
        self._known: dict[str, tuple[Evaluated, float] | Exception] = {}

    def measure(self, quantity: str) -> RouteDifference:
        """Difference of one of the criterion's quantities.

        Parameters
        ----------
        quantity
            Route and quantity, such as ``lammps_forces``.

        Raises
        ------
        NotApplicableError
            There is no such route for this potential, or no such quantity.
        Ms25Error
            The potential cannot predict the frames, or its route is broken.
        """
        route = route_of(quantity)
        if route not in self._known:
            self._known[route] = self._evaluate(route)
        found = self._known[route]
        if isinstance(found, PredictionError):
            return self._failed(quantity, found)
        if isinstance(found, Exception):
            raise found
        return self._difference(quantity, *found)

    def _evaluate(self, route: str) -> tuple[Evaluated, float] | Exception:
        """Evaluate both; errors are kept, for the other quantities of the route."""
        subject = self._predicted()
        start = time.perf_counter()
        try:
            return EVALUATIONS[route](subject), time.perf_counter() - start
        except PredictionError as error:
            self._number(error)
            return error
        except Exception as error:  # each quantity of the route has the same reason
            return error

    def _predicted(self) -> Subject:
        """The potential and its own predictions for some test frames.

        Raises
        ------
        PotentialError
            It cannot predict them.
        """
        if self._subject is None:
            potential, dataset = self._potential, self._dataset
            test = dataset.splits.test(set=unseen_set(potential, dataset))
            self._indices = test[chosen_frames(dataset.frames.select(test), batch_room(potential))]
            frames = dataset.frames.select(self._indices)
            try:
                predictions = potential.compute(frames)
            except PredictionError as error:
                self._number(error)
                raise
            self._subject = Subject(potential, frames, predictions, self._same_as)
        return self._subject

    def _number(self, error: PredictionError) -> None:
        """From positions among the chosen frames to numbers in the dataset, where a user looks."""
        error.frames = tuple(int(self._indices[frame]) for frame in error.frames)

    def _difference(self, name: str, found: Evaluated, duration_s: float) -> RouteDifference:
        subject, quantity = self._predicted(), _last(name)
        frames = subject.frames.select(found.chosen)
        if quantity == "stress":
            _expect_stress(found, self._potential.name)
        agreement = compare_predictions(frames, found.ours, found.theirs, found.dtype)
        value, where = _largest(agreement, quantity)
        indices = self._indices[found.chosen]
        unit = QUANTITY_UNITS[quantity]
        reason = f"{found.one}, against {found.other}"
        if value is None:
            reason += f": one of the two has no {quantity}"
        elif value > 0:
            frame, text = where
            reason += f"; largest in frame {indices[frame]}{f', {text}' if text else ''}"
        tolerance = agreement.tolerances[quantity]
        rows = agreement.by_frame.get(quantity, np.full(len(frames), np.inf))
        return RouteDifference(
            name,
            value,
            Threshold(MEV_PER_EV * tolerance.value, unit, "error", tolerance.reason),
            reason,
            RouteDetails(
                route=route_of(name),
                one=found.one,
                other=found.other,
                dtype=found.dtype,
                frames=tuple(indices.tolist()),
                n_atoms=tuple(frames.n_atoms.tolist()),
                differences=tuple(
                    MEV_PER_EV * one if np.isfinite(one) else None for one in rows.tolist()
                ),
            ),
            len(frames),
            duration_s,
        )

    def _failed(self, name: str, error: PredictionError) -> RouteDifference:
        """The potential predicts the frames, and the other side does not."""
        side = (
            "what it ought to be does not" if route_of(name) == "same_as" else "not by this route"
        )
        quantity = _last(name)
        subject = self._predicted()
        if quantity == "stress" and not _has_stress(subject.predictions):
            raise NotApplicableError(_NO_STRESS.format(name=self._potential.name))
        return RouteDifference(
            name,
            None,
            Threshold(0.0, QUANTITY_UNITS[quantity], "error", ""),
            f"{self._potential.name} predicts these frames, but {side}: {error}",
            None,
            len(subject.frames),
            0.0,
        )


_NO_STRESS: Final = "the potential {name} predicts no stress for these frames"


def _last(name: str) -> Quantity:
    """Energy, forces or stress, out of the name of a quantity of the criterion."""
    found: Quantity = name.rpartition("_")[2]  # type: ignore[assignment]
    return found


def _has_stress(predictions: Predictions) -> bool:
    return predictions.stress is not None and bool(np.isfinite(predictions.stress).any())


def _expect_stress(found: Evaluated, name: str) -> None:
    """Make sure that there are stresses to compare.

    Raises
    ------
    NotApplicableError
        Neither route has one, or the other one need not have any.
    """
    ours, theirs = _has_stress(found.ours), _has_stress(found.theirs)
    if not ours and not theirs:
        raise NotApplicableError(_NO_STRESS.format(name=name))
    if found.may_lack_stress and not (ours and theirs):
        msg = f"only one of the two has a stress: {found.one}, {found.other}"
        raise NotApplicableError(msg)


def _largest(agreement: Agreement, quantity: Quantity) -> tuple[float | None, tuple[int, str]]:
    """Largest difference in the unit that is shown, and its frame and place; None: infinite."""
    found = agreement.differences.get(quantity)
    if found is None or not np.isfinite(found.value):
        return None, (0, "")
    return MEV_PER_EV * found.value, (found.frame, found.where)


def chosen_frames(frames: Frames, room: int) -> IntArray:
    """Indices of a few frames that fit into one batch, spread over all that do.

    Parameters
    ----------
    frames
        Frames to choose from.
    room
        Most atoms in the batch.

    Returns
    -------
    :
        At most four indices, ascending; the smallest frame if no two of them fit.
    """
    sizes = frames.n_atoms
    # No force acts on a lone atom.
    several = sizes > 1 if (sizes > 1).any() else sizes > 0
    for n_frames in range(MOST_FRAMES, 1, -1):
        fit = np.flatnonzero(several & (n_frames * sizes <= room))
        if len(fit) >= n_frames:
            places = np.linspace(0, len(fit) - 1, n_frames).round().astype(np.int64)
            return np.asarray(fit[places], dtype=np.int64)
    smallest = np.argsort(np.where(several, sizes, sizes.max() + 1), kind="stable")[:1]
    return np.asarray(smallest, dtype=np.int64)
