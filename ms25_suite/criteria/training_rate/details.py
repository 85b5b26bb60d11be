"""Learning curve behind a data training rate, and the line through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, expect_same_length

__all__ = ["CURVE_KEY", "FIT_KEY", "LearningCurveDetails", "RateFitDetails"]

CURVE_KEY: Final = "learning_curve"
FIT_KEY: Final = "fit"


@dataclass(frozen=True, slots=True)
class LearningCurveDetails(Details):
    """Errors of a series of potentials over the number of training frames.

    Parameters
    ----------
    sizes
        Numbers of training frames, ascending, shape ``(n_sizes,)``.
    mae
        Mean absolute errors in ``unit``, all positive, same shape.
    intervals
        Their 95 % intervals, same length; None where there is none.
    unit
        Unit of the errors.
    potentials
        Names of the potentials, same length.
    threshold
        Largest error that passes, in ``unit``; None if there is no threshold.

    Raises
    ------
    ValueError
        There are fewer than two sizes, the rows are not of one length, or a number is not positive.
    """

    sizes: tuple[int, ...]
    mae: tuple[float, ...]
    intervals: tuple[tuple[float, float] | None, ...]
    unit: str
    potentials: tuple[str, ...]
    threshold: float | None

    def __post_init__(self) -> None:
        rows = (self.sizes, self.mae, self.intervals, self.potentials)
        expect_same_length(rows)
        if not min(*self.sizes, *self.mae) > 0:
            msg = "expected positive sizes and errors, which have a logarithm"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class RateFitDetails(Details):
    """Line through the logarithms of the errors, see `ms25_suite.metrics.training_rate.RateFit`.

    Parameters
    ----------
    intercept
        ``ln`` of the error at one training frame, in the unit of the learning curve.
    r2
        Share of the variance of the logarithms of the errors that the line explains.
    scatter_half_width, frames_half_width
        Half widths of the 95 % interval of the rate, from the scatter around the line alone and
        from the finite number of test frames alone.
    """

    intercept: float
    r2: float
    scatter_half_width: float
    frames_half_width: float
