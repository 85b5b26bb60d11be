"""Groups of parts of the test frames, each judged by its worst part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from ms25_suite.core.results import Verdict
from ms25_suite.core.thresholds import MIN_FRAMES, Threshold
from ms25_suite.criteria.error_thresholds.details import KEY, PartDetails, PartsDetails
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.verdicts import verdict_on
from ms25_suite.metrics.decomposition.parts import Part
from ms25_suite.metrics.intervals import Statistic

__all__ = ["MOST_SHOWN", "PartGroup", "folded", "record_group"]

_ORDER = (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS, None)
"""The worst first."""

MOST_SHOWN: Final = 40
"""Parts that are kept in a file: a dataset may have thousands of trajectories."""


@dataclass(frozen=True, slots=True)
class PartGroup:
    """Parts of one kind, in the unit that people read.

    Parameters
    ----------
    quantity
        Name in the catalogue, such as ``forces_by_element``.
    what
        What the parts are, in words: ``element``.
    parts
        The parts.
    metric
        Metric of the quantity.
    single
        Whether each part is one structure, whose number is no sample and has no interval.
    """

    quantity: str
    what: str
    parts: tuple[Part, ...]
    metric: str = "part"
    single: bool = False


def record_group(recorder: CheckRecorder, group: PartGroup) -> None:
    """Record the error of the worst part, with the verdict on it.

    Parts of too few frames for an interval are shown and not judged, since with many parts some of
    them are bad by chance.
    """
    mark = recorder.threshold(group.quantity)
    judged = sorted(
        (_judged(part, mark, single=group.single) for part in group.parts), key=_badness
    )
    few = group.single and len(judged) < MIN_FRAMES
    if few and judged and judged[0][0].verdict is Verdict.PASS:
        # The worst of a few frames decides nothing, unless it is bad.
        judged = [
            (replace(detail, threshold=None, verdict=None), None, error)
            for detail, _, error in judged
        ]
    if not judged:
        return
    worst, limit, error = judged[0]
    n_parts = len(judged)
    others = n_parts - 1
    reason = f"{group.what} {worst.name}" + (f", the worst of {n_parts}" if others else "")
    shown = tuple(detail for detail, *_ in judged[:MOST_SHOWN])
    fields: dict[str, Any] = {
        "value": worst.value,
        "interval": worst.interval,
        "n_frames": worst.n_frames,
        "n_independent": error.independent,
        "doubt": error.doubt,
        "reason": reason,
        "details": {KEY: PartsDetails(group.what, shown).to_dict()},
    }
    if limit is None:
        unit = recorder.unit(group.quantity)
        recorder.measure(group.quantity, metric=group.metric, unit=unit, **fields)
    else:
        recorder.judge_by(limit, group.quantity, **fields)


def folded(statistic: Statistic) -> Statistic:
    """Size of a number that may be negative, with the interval of the size.

    Examples
    --------
    >>> folded(Statistic(-2.0, (-3.0, 1.0))).interval
    (0.0, 3.0)
    """
    if statistic.interval is None:
        return replace(statistic, value=abs(statistic.value))
    low, high = statistic.interval
    sizes = sorted((abs(low), abs(high)))
    ends = (0.0 if low < 0 < high else sizes[0], sizes[1])
    return replace(statistic, value=abs(statistic.value), interval=ends)


def _judged(
    part: Part, mark: Threshold | None, *, single: bool
) -> tuple[PartDetails, Threshold | None, Statistic]:
    known = part.n_frames if part.error.independent is None else part.error.independent
    enough = single or (known >= MIN_FRAMES and part.error.interval is not None)
    limit = mark.against(part.without_model) if mark is not None and enough else None
    verdict = None
    if limit is not None:
        metric = "error" if single else limit.metric
        verdict, _ = verdict_on(
            part.error.value,
            part.error.interval,
            replace(limit, metric=metric),
            known,
            doubt=part.error.doubt,
        )
    detail = PartDetails(
        part.name,
        part.error.value,
        part.error.interval,
        part.n_frames,
        None if limit is None else limit.value,
        verdict,
    )
    return detail, limit, part.error


def _badness(judged: tuple[PartDetails, Threshold | None, Statistic]) -> tuple[int, float]:
    detail, limit, _ = judged
    scale = 1.0 if limit is None else limit.value
    return _ORDER.index(detail.verdict), -detail.value / scale
