"""Errors of a volume, a barrier and a lattice constant, with their signs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ms25_suite.campaign.paper.outcomes import Outcomes, Place
from ms25_suite.campaign.paper.readings import Reading, merged, reading_of
from ms25_suite.campaign.paper.subjects import Variant
from ms25_suite.core.details import details_of
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.eos import CRITERION as EOS
from ms25_suite.criteria.eos.details import KEY as EOS_KEY
from ms25_suite.criteria.eos.details import EosDetails
from ms25_suite.criteria.neb_barrier import CRITERION as NEB
from ms25_suite.criteria.neb_barrier.details import KEY as NEB_KEY
from ms25_suite.criteria.neb_barrier.details import NebDetails

__all__ = ["OBSERVABLES", "Observed", "observed"]

OBSERVABLES: Final = {
    "cha": Place(EOS.name, "volume", "error", "cha", "cha"),
    "reaction": Place(NEB.name, "barrier", "error", "reaction", "reaction"),
    "hea": Place(EOS.name, "lattice_constant", "error", "hea", "hea"),
}
"""Panels of the paper's Figure 5."""


@dataclass(frozen=True, slots=True)
class Observed:
    """Error of an observable with what the figure shows of it.

    Parameters
    ----------
    reading
        The error with its sign, where there is a single structure; else the mean size of the
        errors of several.
    open
        Whether it is shown as an open circle: the band did not converge, or some curves have no
        minimum.
    reference
        Observable of the reference; None if not known.
    """

    reading: Reading
    open: bool = False
    reference: float | None = None


def observed(
    outcomes: Outcomes, place: Place, variant: Variant, n: int | None, number: int
) -> Observed:
    """Error of an observable of a variant.

    Bands that are not converged have the error of their highest point.
    """
    reading = outcomes.reading(place, variant, n, number)
    singles = [_of_result(one, place.quantity) for one in reading.results]
    numbers = [one for one in singles if one.reading.value is not None]
    reference = next((one.reference for one in singles if one.reference is not None), None)
    if not numbers:
        return Observed(reading, reference=reference)
    if len(singles) == 1:
        return singles[0]
    joined = merged([one.reading for one in singles])
    joined = replace(joined, missing=max(joined.missing, reading.missing))
    return Observed(joined, any(one.open for one in numbers), reference)


def _of_result(result: CheckResult, quantity: str) -> Observed:
    """One result with the sign of its error."""
    base = Reading(
        result.value,
        result.unit,
        result.interval,
        () if result.value is None else (result.value,),
        reason=result.reason,
        stand_in=result.stand_in,
        incomparable=result.incomparable,
        results=(result,),
    )
    if quantity == "barrier":
        return _barrier(result, base)
    details = details_of(result, EOS_KEY, EosDetails)
    if details is None:
        return Observed(base if result.value is not None else _none(result))
    errors = [curve.error for curve in details.curves if curve.error is not None]
    reference = sum(curve.reference_value for curve in details.curves) / len(details.curves)
    if not errors or result.value is None:
        return Observed(_none(result), reference=reference)
    partly = len(errors) < len(details.curves)
    # A single curve keeps its sign; of several, the mean of the sizes does not cancel.
    if len(details.curves) == 1:
        base = replace(base, value=errors[0], values=(errors[0],), interval=None)
    return Observed(base, partly, reference)


def _barrier(result: CheckResult, base: Reading) -> Observed:
    details = details_of(result, NEB_KEY, NebDetails)
    if details is None or details.barrier is None:
        reference = None if details is None else details.reference.barrier
        return Observed(_none(result) if result.value is None else base, reference=reference)
    error = details.barrier - details.reference.barrier
    shown = replace(base, value=error, values=(error,), interval=None, unit=base.unit or "eV")
    return Observed(shown, not details.converged, details.reference.barrier)


def _none(result: CheckResult) -> Reading:
    return reading_of(replace(result, value=None))
