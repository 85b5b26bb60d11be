"""A potential on the reference's curves of an equation of state: fit compared with fit."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import (
    DatasetError,
    EosFailure,
    EosFitError,
    NotApplicableError,
    NotJudgedError,
)
from ms25_suite.core.frames import FloatArray
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import DIMENSIONLESS, GPA_PER_EV_PER_A3
from ms25_suite.criteria.eos import CRITERION
from ms25_suite.criteria.eos.details import KEY, EosCurveDetails, EosDetails
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.observables.eos import EosCurve, EosReference
from ms25_suite.metrics.eos import EosFit, fit_eos
from ms25_suite.metrics.errors import mean_absolute
from ms25_suite.metrics.finite import predict_finite
from ms25_suite.metrics.intervals import Statistic
from ms25_suite.metrics.relaxation import relax
from ms25_suite.potentials.potential import Potential

__all__ = ["FAILURE_WORDS", "ComparedCurve", "EosFits", "measure_eos"]

FAILURE_WORDS: Final[dict[EosFailure, str]] = {
    "points": "too few points",
    "not-finite": "energies that are not finite",
    "rising": "collapsed (the energy only rises with the volume)",
    "falling": "exploded (the energy only falls with the volume)",
    "outside": "a minimum outside the sampled volumes",
    "no-minimum": "no minimum",
    "not-converged": "no smooth curve",
}
"""Kind of failure, and its meaning for the cell in words."""

MIN_CURVES: Final = 6
"""Curves from which on the mean of their errors has an interval of its own. The range of fewer
errors covers their median with less than 95 % (Hahn and Meeker, Statistical Intervals, 1991,
section 5.2), so that nothing can be said beyond each of them."""

NO_UNFIT: Final = Threshold(
    0.0,
    DIMENSIONLESS,
    "measurement",
    "ms25-suite: a curve without a minimum has no equilibrium volume, so its error is undefined; "
    "the paper counts cells that collapse or explode in the same way (Maxson et al., JCIM 2025, "
    "MS25)",
)

RELAXED_FMAX: Final = 0.01
"""Largest force in eV/Å of relaxed atoms: on a spring of 1 eV/Å^2 an atom is then 0.05 meV above
its minimum, a tenth of what the fit of a relaxed curve misses (docs/datasets/zeolites.md)."""

RELAXED_STEPS: Final = 200
"""Most steps of a relaxation. The reference's relaxed frames, where it starts, are close."""


@dataclass(frozen=True, slots=True, eq=False)
class ComparedCurve:
    """Energies of one cell at several volumes, and both fits.

    Parameters
    ----------
    curve
        The reference's.
    reference
        Equation of state that was fitted to the reference's energies.
    energies
        Predicted energies in eV, NaN where there is none, shape ``(n_points,)``.
    fit
        The same for the potential; None if nothing can be fitted.
    failure, message
        Reason why the fit failed; None and empty on success.
    """

    curve: EosCurve
    reference: EosFit
    energies: FloatArray
    fit: EosFit | None
    failure: EosFailure | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EosFits:
    """Equations of state of a potential and of the reference, for the curves of a dataset.

    Parameters
    ----------
    reference
        All curves of the reference.
    curves
        Those that were evaluated, rigid or relaxed.
    relaxed
        Whether the atoms were relaxed by the potential.
    remark
        Whether the relaxation was cut off, for the reader; empty if it converged.
    duration_s
        Wall time in seconds.
    """

    reference: EosReference
    curves: tuple[ComparedCurve, ...]
    relaxed: bool
    remark: str
    duration_s: float

    def record(self, recorder: CheckRecorder) -> None:
        """Record the observable, the bulk modulus, and how many curves cannot be fitted."""
        prefix = "relaxed_" if self.relaxed else ""
        observable = self.reference.config.observable
        fitted = [curve for curve in self.curves if curve.fit is not None]
        unfit = [curve for curve in self.curves if curve.fit is None]
        n_frames = sum(len(curve.energies) for curve in self.curves)
        shared: dict[str, Any] = {"n_frames": n_frames, "duration_s": self.duration_s}
        for quantity in (observable, "bulk_modulus"):
            fields = dict(shared)
            if quantity == observable:
                fields["details"] = self._details()
            if not fitted:
                if quantity == observable:
                    recorder.fail(quantity, self._why_unfit(), prefix=prefix, **fields)
                continue
            errors = np.array([self._error(quantity, curve) for curve in fitted])
            statistic = _mean_error(errors)
            recorder.judge(
                quantity,
                prefix=prefix,
                value=statistic.value,
                interval=statistic.interval,
                reason=self._remark(errors, recorder.unit(quantity), fitted, unfit),
                **fields,
            )
        # Curves without a minimum are missing from the mean error above. Without this number a
        # potential whose bad cells collapse would look better than one that is wrong everywhere.
        recorder.judge_by(
            NO_UNFIT,
            f"{prefix}unfit_curves",
            value=float(len(unfit)),
            reason=self._why_unfit() if unfit else "",
            **shared,
        )

    def _error(self, quantity: str, curve: ComparedCurve) -> float:
        """Predicted minus reference, in the unit that people read; NaN without a fit."""
        if curve.fit is None:
            return float("nan")
        one, other = curve.fit, curve.reference
        if quantity == "lattice_constant":
            observed = self.reference.config.observed
            n_atoms = curve.curve.n_atoms
            # In Å, as in the paper's Figure 5c; a = (4 V0 / N)^(1/3) for fcc.
            return observed(one.v0, n_atoms) - observed(other.v0, n_atoms)
        if quantity == "volume":
            # In per cent, as in the paper's Figure 5a.
            return 100.0 * (one.v0 / other.v0 - 1.0)
        return 100.0 * (one.b0 / other.b0 - 1.0)

    def _remark(
        self, errors: FloatArray, unit: str, fitted: list[ComparedCurve], unfit: list[ComparedCurve]
    ) -> str:
        parts = [f"{errors.mean():+.3g} {unit}" + (" on average" if len(errors) > 1 else "")]
        if len(errors) > 1:
            worst = int(np.argmax(np.abs(errors)))
            parts.append(f"largest {errors[worst]:+.3g} {unit} for {fitted[worst].curve.name}")
        if unfit:
            parts.append(f"over the {len(fitted)} of {len(self.curves)} curves with a minimum")
        if self.remark:
            parts.append(self.remark)
        return ", ".join(parts)

    def _why_unfit(self) -> str:
        unfit = [curve for curve in self.curves if curve.failure is not None]
        counts = Counter(FAILURE_WORDS[curve.failure] for curve in unfit if curve.failure)
        kinds = ", ".join(f"{count} with {words}" for words, count in counts.most_common())
        what = f"{len(unfit)} of {len(self.curves)} curves cannot be fitted: {kinds}"
        first = unfit[0]
        return f"{what}; {first.curve.name}: {first.message}"

    def _details(self) -> dict[str, Any]:
        """The curves behind the numbers, for the report's figure."""
        observable = self.reference.config.observable
        curves = tuple(self._describe(curve, observable) for curve in self.curves)
        unit = CRITERION.measures[observable].unit
        return {KEY: EosDetails(observable, unit, curves).to_dict()}

    def _describe(self, curve: ComparedCurve, observable: str) -> EosCurveDetails:
        n_atoms, fit = curve.curve.n_atoms, curve.fit
        observed = self.reference.config.observed
        described = EosCurveDetails(
            name=curve.curve.name,
            volumes=tuple((curve.curve.volumes / n_atoms).tolist()),
            reference=tuple((curve.curve.energies / n_atoms).tolist()),
            predicted=tuple(
                float(energy) if np.isfinite(energy) else None
                for energy in curve.energies / n_atoms
            ),
            reference_value=observed(curve.reference.v0, n_atoms),
            reference_bulk_modulus_GPa=GPA_PER_EV_PER_A3 * curve.reference.b0,
            failure=curve.failure or "",
        )
        if fit is None:
            return described
        return replace(
            described,
            value=observed(fit.v0, n_atoms),
            bulk_modulus_GPa=GPA_PER_EV_PER_A3 * fit.b0,
            b0_prime=fit.b0_prime,
            residual_meV_per_atom=1000.0 * fit.residual / n_atoms,
            error=self._error(observable, curve),
        )


def _mean_error(errors: FloatArray) -> Statistic:
    """Mean absolute error over the curves, with its interval.

    A single curve is one structure with one number, and no sample: it has no interval. A few
    curves are too few for an interval of their mean, and the range of their errors takes its place:
    they pass if each of them would pass, and fail if each would fail.
    """
    if not 1 < len(errors) < MIN_CURVES:
        return mean_absolute(errors)
    sizes = np.abs(errors)
    return Statistic(float(sizes.mean()), (float(sizes.min()), float(sizes.max())))


def measure_eos(potential: Potential, dataset: Dataset, *, relaxed: bool) -> EosFits:
    """Fit equations of state to a potential's energies of all strained frames, in one batch.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset; its card names curves.
    relaxed
        Which curves: those on which the reference relaxed the atoms at each volume, where the
        potential does the same from the same frames, or those of rigid cells, where no atom is
        moved.

    Raises
    ------
    NotApplicableError
        The dataset has no such curves; a `NotJudgedError` if it has relaxed ones in place of rigid.
    DatasetError
        The reference's own curves cannot be read or fitted.
    PotentialError
        The potential cannot predict them. Numbers that are not finite are not an error but a
        failure of the curve.
    """
    start = time.perf_counter()
    reference = dataset.eos()
    chosen = () if reference is None else tuple(c for c in reference.curves if c.relaxed == relaxed)
    if reference is None or not chosen:
        if reference is not None and not relaxed:
            msg = f"{dataset.name} has curves with relaxed atoms only: add --eos-relax"
            raise NotJudgedError(msg)
        msg = f"{dataset.name} has no curves with {'relaxed' if relaxed else 'rigid'} atoms"
        raise NotApplicableError(msg)
    fits = [_reference_fit(curve, reference, dataset) for curve in chosen]
    frames = reference.frames.select(np.concatenate([curve.indices for curve in chosen]))
    remark = ""
    # Rigid cells keep the fractional coordinates, so that nothing but the volume differs and no
    # optimiser is involved. Relaxed cells are closer to an experiment: a framework bends its
    # Si-O-Si angles instead of stretching bonds, which makes it softer.
    if relaxed:
        done = relax(frames, potential.predict, fmax=RELAXED_FMAX, steps=RELAXED_STEPS)
        energies = done.energies
        if not done.converged:
            remark = (
                f"the relaxation was not converged after {done.steps} steps (largest force "
                f"{done.fmax:.3g} eV/Å, the goal is {RELAXED_FMAX:g})"
            )
    else:
        # NaN in one cell must not end the check: other curves may be sound.
        predictions, _ = predict_finite(potential.predict, frames)
        energies = np.asarray(predictions.energy)
    compared, first = [], 0
    for curve, fit in zip(chosen, fits, strict=True):
        own = energies[first : first + len(curve.volumes)]
        first += len(curve.volumes)
        compared.append(_compare(curve, fit, own, reference))
    return EosFits(reference, tuple(compared), relaxed, remark, time.perf_counter() - start)


def _reference_fit(curve: EosCurve, reference: EosReference, dataset: Dataset) -> EosFit:
    # The fit that may be in the file is not taken: both sides are fitted in the same way.
    try:
        return fit_eos(curve.volumes, curve.energies, equation=reference.config.equation)
    except EosFitError as error:
        msg = (
            f"the reference curve {curve.name} of {dataset.name} cannot be fitted: {error}. "
            "Sample other volumes, or leave the curve out"
        )
        raise DatasetError(msg) from error


def _compare(
    curve: EosCurve, fit: EosFit, energies: FloatArray, reference: EosReference
) -> ComparedCurve:
    try:
        own = fit_eos(curve.volumes, energies, equation=reference.config.equation)
    except EosFitError as error:
        return ComparedCurve(curve, fit, energies, None, error.reason, str(error))
    return ComparedCurve(curve, fit, energies, own)
