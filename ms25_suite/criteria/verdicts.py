"""The verdict on a number: its threshold, how well it is known, and what it is worth."""

from __future__ import annotations

from typing import Final

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.thresholds import MIN_FRAMES, SAMPLED, Threshold, judge

__all__ = ["is_failure", "verdict_on"]

NEGLIGIBLE: Final = 1e-3
"""Part of a threshold that is nothing of what the threshold is about.

Labels that vary by less count as equal, and who has most of such an error does not matter.
"""


def is_failure(result: CheckResult, *, strict: bool) -> bool:
    """Whether a result lets its check fail; an undecided one does in a strict run only."""
    bad = {Verdict.FAIL, Verdict.ERROR} | ({Verdict.UNDECIDED} if strict else set())
    return result.verdict in bad


def verdict_on(
    value: float,
    interval: tuple[float, float] | None,
    mark: Threshold,
    n_independent: float = 0,
    without_model: float | None = None,
    doubt: str = "",
) -> tuple[Verdict, str]:
    """Verdict on a number, and why it is another one than the threshold alone would give.

    Within its threshold, a number passes only if it is known well enough and says something about
    the potential. A statistic of too few frames, or of hardly more than one, is ``undecided``; one
    that predictions without a look at the structure reach too is ``fail``. Above its threshold, a
    number fails with few frames too: these frames are counterexamples, and what is doubtful must
    not open a gate.

    Parameters
    ----------
    value, interval
        The number and its 95 % interval.
    mark
        Its threshold.
    n_independent
        Effective number of independent frames or trajectories behind it; 0 if unknown.
    without_model
        The number that predictions without a look at the structure have; None if unknown.
    doubt
        Why the interval cannot be trusted; empty if it can.

    Raises
    ------
    ValueError
        The value or the interval is not finite.
    """
    # Where the labels vary by less than the smallest threshold, none of their parts means anything.
    negligible = NEGLIGIBLE * mark.value if mark.share is None else mark.value
    mark = mark.against(without_model)
    verdict = judge(value, interval, mark)
    if verdict is Verdict.FAIL or mark.metric not in SAMPLED:
        return verdict, ""
    if interval is None or 0 < n_independent < MIN_FRAMES:
        frames = "no interval"
        if n_independent:
            plural = "" if n_independent == 1 else "s"
            frames = f"{n_independent:.3g} independent frame{plural}"
        why = f"{frames}: a pass needs a 95 % interval, of at least {MIN_FRAMES} independent frames"
        return Verdict.UNDECIDED, why
    # Rounding is not spread evenly: one frame may have most of an error of 1e-12 meV/atom.
    is_doubtful = doubt and value > NEGLIGIBLE * mark.value
    undecided = (Verdict.UNDECIDED, f"{doubt}: a pass needs more frames") if is_doubtful else None
    if without_model is None or value < without_model:
        return undecided or (verdict, "")
    if without_model <= negligible:
        why = (
            f"the labels hardly vary: a constant describes them to {without_model:.3g} "
            f"{mark.unit}, so that they do not tell a potential from no model"
        )
        return Verdict.UNDECIDED, why
    return Verdict.FAIL, (
        f"no better than no model: the error is {without_model:.4g} {mark.unit} without looking at "
        "the structure at all (energies of the elements, zero forces, a constant stress)"
    )
