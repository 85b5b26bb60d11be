"""What lies behind a result: `CheckResult.details`, declared.

Each criterion declares its own details in a module ``details.py`` of its folder, as frozen
dataclasses with one field for each key of the JSON. A check writes them with ``to_dict``; the
report reads them with `details_of`. What several criteria have is declared here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Final, TypeAlias, TypeVar

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import ReportError
from ms25_suite.core.findings import Finding
from ms25_suite.core.records import Record
from ms25_suite.core.results import CheckResult

__all__ = [
    "NO_CONFIG_TYPE",
    "AlignmentDetails",
    "Details",
    "DistanceBinDetails",
    "DistanceDetails",
    "ErrorDetails",
    "KindError",
    "Numbers",
    "WorstFrame",
    "details_of",
    "expect_same_length",
    "with_gaps",
]

T = TypeVar("T")

Numbers: TypeAlias = tuple[float | None, ...]
"""Numbers in a row; None where there is no finite one, which JSON cannot hold."""


class Details(Record):
    """Base of the frozen dataclasses that declare details.

    A field with a default is omitted from the file if it is None. A field without a default is
    always there, as null if it is None.
    """

    __slots__ = ()

    def _nullable(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(self) if field.default is MISSING)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class WorstFrame(Details):
    """A frame with a large error.

    Parameters
    ----------
    frame
        Index of the frame in its dataset.
    value
        Its mean absolute error, in the unit of the result.
    """

    frame: int
    value: float


NO_CONFIG_TYPE: Final = "(none stated)"
"""Name of the frames without a ``config_type`` where others have one."""


@dataclass(frozen=True, slots=True)
class KindError(Details):
    """Error on the frames of one kind.

    Parameters
    ----------
    mae
        Mean absolute error, in the unit of the result.
    n_frames
        Number of frames behind it.
    """

    mae: float
    n_frames: int


@dataclass(frozen=True, slots=True)
class AlignmentDetails(Details):
    """Constants of the elements that energies were judged without.

    Parameters
    ----------
    where
        Frames that they were fitted to, in words.
    n_frames
        Number of these frames.
    n_parameters
        Number of constants that these frames determine.
    constants
        Predicted minus reference in meV for each atom, by chemical symbol.
    """

    where: str
    n_frames: int
    n_parameters: int
    constants: dict[str, float]


@dataclass(frozen=True, slots=True)
class DistanceBinDetails(Details):
    """Error of the test frames at some distance from those of the training.

    Parameters
    ----------
    low, middle, high
        Smallest, median and largest distance in Å; None for frames with an element that the
        training has not.
    mae
        Mean absolute error, in the unit of the result.
    interval
        Interval that holds together with those of the other bins at 95 %; None without one.
    n_frames
        Number of frames behind it.
    """

    low: float | None
    middle: float | None
    high: float | None
    mae: float
    interval: tuple[float, float] | None
    n_frames: int


@dataclass(frozen=True, slots=True)
class DistanceDetails(Details):
    """Error as a function of the distance to the frames of the training.

    Parameters
    ----------
    n_frames
        Number of test frames whose distance was measured.
    n_near, n_copies
        How many of them are near to a frame of the training, and how many are one in another guise.
    n_known, n_all_known
        Frames of the training that they were compared with, and all of them.
    typical
        Median distance in Å between frames of the training; None if there is none.
    bins
        The errors, the nearest frames first.
    """

    n_frames: int
    n_near: int
    n_copies: int
    n_known: int
    n_all_known: int
    typical: float | None
    bins: tuple[DistanceBinDetails, ...]


@dataclass(frozen=True, slots=True)
class ErrorDetails(Details):
    """What lies behind a mean absolute error.

    The errors are in the unit of the result: meV/atom, meV/Å or meV/Å^3.

    Parameters
    ----------
    worst_frames
        The frames with the largest errors, the largest first.
    findings
        Findings of the audits of the predictions.
    without_model
        Mean absolute error without any model, which gives the other a scale: for energies a sum
        over the elements, for forces zero, for stresses the mean of the training frames. None if
        the dataset has no training frames of these elements.
    per_element
        Mean absolute error of the forces on the atoms of each element, by chemical symbol.
    per_config_type
        Mean absolute error on the frames of each kind, by their ``config_type``. None if the files
        state none.
    alignment
        Constants that energies were judged without; None where they were judged as they are.
    by_distance
        Errors by the distance to the frames of the training; None where those are not known.
    """

    worst_frames: tuple[WorstFrame, ...]
    findings: tuple[Finding, ...]
    without_model: float | None = None
    per_element: dict[str, float] | None = None
    per_config_type: dict[str, KindError] | None = None
    alignment: AlignmentDetails | None = None
    by_distance: DistanceDetails | None = None


def details_of(result: CheckResult, key: str, kind: type[T]) -> T | None:
    """Details of a result under a key, checked against their declaration.

    Parameters
    ----------
    result
        Any result, also one from a file of another program or version.
    key
        Key in `CheckResult.details`, such as ``eos``.
    kind
        Dataclass, or another type that pydantic supports, that declares them.

    Returns
    -------
    :
        None if the result has no such details, or if they are not laid out as declared: a figure is
        left out, and the report is written all the same.
    """
    if key not in result.details:
        return None
    try:
        return read_as(kind, result.details[key], f"details of {result.criterion}", ReportError)
    except (ReportError, TypeError, ValueError):
        # The latter two: a live result may hold what is not JSON-able.
        return None


def expect_same_length(rows: Iterable[Sequence[object]]) -> None:
    """Make sure that the rows of a curve have one length, and at least two points.

    Raises
    ------
    ValueError
        They have not.
    """
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1 or lengths[0] < 2:
        msg = f"expected rows of one length, at least 2, found the lengths {lengths}"
        raise ValueError(msg)


def with_gaps(values: Iterable[float | None]) -> list[float]:
    """Numbers for a figure: NaN, which is drawn as a gap, where there is none."""
    return [math.nan if value is None else value for value in values]
