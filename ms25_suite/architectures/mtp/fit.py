"""Least squares of a moment tensor potential: residuals, their derivatives, and two minimisers.

motep's compiled function gives the derivatives of energies, forces and stresses with respect to all
parameters. So the loss is a sum of squares with known residuals, and Gauss-Newton steps are
possible; BFGS, which MLIP-2 and motep use, needs the gradient only.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from ms25_suite.architectures.mtp.model import neighbour_table
from ms25_suite.core.frames import FloatArray, Frames, Labels, Predictions, to_voigt
from ms25_suite.potentials.batching.graphs import build_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Bfgs", "LeastSquares", "LevenbergMarquardt", "Point", "Weights", "loss_of"]

_SHEAR: Final = np.sqrt([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
"""Square root of the number of matrix elements that each Voigt component stands for."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the loss, in the form of motep and of MLIP-2's rule ``structures``.

    The loss is the mean over frames of ``energy (dE/N)^2 + forces sum|dF|^2 / N + stress (V/N)^2
    |dS|^2``, in eV and Å, with the squares of all nine elements of the stress.
    """

    energy: float
    forces: float
    stress: float


def loss_of(frames: Frames, labels: Labels, predictions: Predictions, weights: Weights) -> float:
    """Mean loss of frames; see `Weights`.

    Raises
    ------
    ValueError
        There are no energies.
    """
    n_atoms = frames.n_atoms
    if labels.energy is None or predictions.energy is None:
        msg = "expected labels and predictions with energies"
        raise ValueError(msg)
    total = weights.energy * ((predictions.energy - labels.energy) / n_atoms) ** 2
    # |dF|^2 of each atom: the sum over components, not the mean.
    squares = ((np.asarray(predictions.forces) - np.asarray(labels.forces)) ** 2).sum(axis=1)
    by_frame = np.bincount(frames.frame_of_atom, weights=squares, minlength=len(frames))
    total += weights.forces * by_frame / n_atoms
    if labels.stress is not None and predictions.stress is not None:
        difference = (predictions.stress - labels.stress) * _SHEAR
        # Stress times volume per atom is an energy per atom (a virial): it compares cells of any
        # density, as motep and MLIP-2 do.
        difference *= (frames.volumes / n_atoms)[:, None]
        # A frame without a stress has NaN here, and adds nothing.
        total += weights.stress * np.nan_to_num((difference**2).sum(axis=1))
    return float(total.mean())


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Parameters, with the loss and its derivatives there.

    Parameters
    ----------
    parameters
        Shape ``(n,)``.
    loss
        Loss.
    gradient
        Its derivative, shape ``(n,)``.
    curvature
        Second derivative in the Gauss-Newton approximation (without the second derivatives of the
        residuals), shape ``(n, n)``; None if it was not requested.
    """

    parameters: FloatArray
    loss: float
    gradient: FloatArray
    curvature: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Neighbours and labels of one frame."""

    neighbours: NDArray[np.int32]
    vectors: FloatArray
    types: NDArray[np.int32]
    energy: float
    forces: FloatArray
    virial: FloatArray | None


class LeastSquares:
    """Loss of training frames as a function of the parameters.

    Parameters
    ----------
    data
        ``motep.potentials.mtp.data.MTPData`` with species; its parameters are changed.
    frames, labels
        Frames with energies and forces; a stress is used where a frame has one.
    weights
        Weights of the loss.
    curvature
        Whether to compute second derivatives.
    """

    def __init__(
        self, data: Any, frames: Frames, labels: Labels, weights: Weights, *, curvature: bool
    ) -> None:
        self._data = data
        self._weights = weights
        self._curvature = curvature
        self._workspaces: dict[int, tuple[Any, Any]] = {}
        index = np.full(max(data.species) + 1, -1, dtype=np.int32)
        index[data.species] = np.arange(len(data.species))
        # The neighbours do not depend on the parameters: they are found once.
        self._frames = [
            _frame(frames.select([k]), labels.select([k], frames.offsets), index, data)
            for k in range(len(frames))
        ]

    @property
    def n_linear(self) -> int:
        """Number of linear parameters, which come first: coefficients of moments and elements."""
        return int(self._data.alpha_scalar_moments + self._data.species_count)

    def __call__(self, parameters: FloatArray) -> Point:
        """Loss and derivatives."""
        self._data.parameters = np.array(parameters)
        n = len(parameters)
        loss, gradient = 0.0, np.zeros(n)
        curvature = np.zeros((n, n)) if self._curvature else None
        for frame in self._frames:
            residuals, slopes = self._residuals(frame)
            # L = r.r, so dL/dp = 2 r.J and, without the second derivatives of r, H = 2 J^T J.
            loss += float(residuals @ residuals)
            gradient += 2.0 * (residuals @ slopes)
            if curvature is not None:
                curvature += 2.0 * (slopes.T @ slopes)
        count = len(self._frames)
        if curvature is not None:
            curvature /= count
        return Point(np.array(parameters), loss / count, gradient / count, curvature)

    def _residuals(self, frame: _Frame) -> tuple[FloatArray, FloatArray]:
        """Weighted residuals of a frame and their derivatives, shape ``(n_residuals, n)``."""
        from motep.potentials.mtp.cext import _mtp_cext

        data, types = self._data, frame.types
        n_atoms = len(types)
        # One call gives the basis functions B_a, their derivatives by positions and strain, and the
        # derivatives of energy, forces and virial by the radial coefficients.
        radial, moments = self._workspace(n_atoms)
        by_atom = _mtp_cext.calc_train(
            frame.neighbours, frame.vectors, types, types[frame.neighbours], data, radial, moments
        )
        n_moments, n_species = data.alpha_scalar_moments, data.species_count
        # Slope of the energy for the coefficient of an element: the number of its atoms.
        counts = np.bincount(types, minlength=n_species)
        n_forces = 3 * n_atoms
        coefficients = data.moment_coeffs
        # E = sum_a xi_a B_a + energies of the elements, so F = -sum_a xi_a dB_a/dr.
        forces = -(coefficients @ moments.dbdris.reshape(n_moments, n_forces))
        # Columns in motep's order of parameters: moments xi, elements, radial coefficients. The
        # first two are linear, so their columns hold basis functions and not xi.
        energy_slope = np.concatenate(
            [moments.vatoms.sum(axis=-1), counts, moments.dvdcs.sum(axis=-1).ravel()]
        )
        forces_slope = -np.vstack(
            [
                moments.dbdris.reshape(n_moments, n_forces),
                np.zeros((n_species, n_forces)),
                moments.dgdcs.reshape(-1, n_forces),
            ]
        )
        # The loss is the sum of squared residuals: each carries the square root of its weight.
        scale_energy = np.sqrt(self._weights.energy) / n_atoms
        scale_forces = np.sqrt(self._weights.forces / n_atoms)
        residuals = [[scale_energy * (by_atom.sum() - frame.energy)]]
        residuals.append(scale_forces * (forces - frame.forces.ravel()))
        slopes = [scale_energy * energy_slope[None], scale_forces * forces_slope.T]
        if frame.virial is not None:
            # Energies of the elements do not depend on the strain, hence the zeros.
            scale = np.sqrt(self._weights.stress) / n_atoms * _SHEAR
            by_moment = to_voigt(moments.dbdeps.reshape(-1, 3, 3))
            by_radial = to_voigt(moments.dsdcs.reshape(-1, 3, 3))
            residuals.append(scale * (coefficients @ by_moment - frame.virial))
            rest = np.zeros((n_species, 6))
            slopes.append(scale[:, None] * np.vstack([by_moment, rest, by_radial]).T)
        return np.concatenate(residuals), np.concatenate(slopes)

    def _workspace(self, n_atoms: int) -> tuple[Any, Any]:
        from motep.potentials.mtp.base import MomentBasisData, RadialBasisData

        # The arrays have the number of atoms in their shape: one set for each size of frame.
        if n_atoms not in self._workspaces:
            made = RadialBasisData(mode="train"), MomentBasisData(mode="train")
            for workspace in made:
                workspace.initialize(n_atoms, self._data)
            self._workspaces[n_atoms] = made
        # The compiled function adds to what is there.
        for workspace in self._workspaces[n_atoms]:
            workspace.clean()
        return self._workspaces[n_atoms]


def _frame(frames: Frames, labels: Labels, index: NDArray[np.int32], data: Any) -> _Frame:
    r_max = float(data.radial_basis.max)
    neighbours, vectors, _ = neighbour_table(build_graph(frames, r_max), r_max)
    has_stress = labels.has_stress
    virial = None
    if labels.stress is not None and has_stress is not None and has_stress[0]:
        # The derivatives by strain of the compiled function are not divided by the volume.
        virial = labels.stress[0] * frames.volumes[0]
    if labels.energy is None or labels.forces is None:
        msg = "expected labels with energies and forces"
        raise ValueError(msg)
    types = index[frames.numbers]
    return _Frame(neighbours, vectors, types, float(labels.energy[0]), labels.forces, virial)


class Descent(ABC):
    """A minimiser that can be stopped and continued after every step.

    Parameters
    ----------
    function
        The function to minimise.
    parameters
        Start.
    """

    curvature: ClassVar[bool]
    """Whether second derivatives are needed."""

    def __init__(self, function: LeastSquares, parameters: FloatArray) -> None:
        self._function = function
        self.point = function(parameters)

    @abstractmethod
    def step(self) -> bool:
        """Try a step; returns whether the loss fell."""

    @property
    @abstractmethod
    def state(self) -> dict[str, FloatArray]:
        """Everything besides the parameters that is needed to continue."""

    @abstractmethod
    def restore(self, state: Mapping[str, FloatArray]) -> None:
        """Continue from a state."""


class LevenbergMarquardt(Descent):
    """Gauss-Newton steps, damped until the loss falls.

    D. W. Marquardt, J. Soc. Indust. Appl. Math. 11, 431 (1963), with his scaling by the diagonal.
    Each step costs one evaluation, also a step that is taken back.
    """

    curvature = True

    # Damping at the start, and its factors after a step that succeeded and one that failed.
    DAMPING: ClassVar[float] = 1e-2
    EASE: ClassVar[float] = 0.3
    TIGHTEN: ClassVar[float] = 4.0
    FLOOR: ClassVar[float] = 1e-10
    """Smallest diagonal element relative to the largest: the loss may not depend on a parameter."""

    def __init__(self, function: LeastSquares, parameters: FloatArray) -> None:
        super().__init__(function, parameters)
        self._damping = self.DAMPING

    def step(self) -> bool:
        """Try a step; it is taken back unless the loss falls."""
        from scipy.linalg import solve

        point = self.point
        if point.curvature is None:
            msg = "the second derivative is needed"
            raise ValueError(msg)
        # (H + damping diag(H)) step = -gradient: a Gauss-Newton step for small damping, a short
        # step down the scaled gradient for large damping.
        diagonal = np.diag(point.curvature)
        # Scaling by the diagonal makes the step independent of the units of the parameters.
        damped = point.curvature + self._damping * np.diag(
            np.maximum(diagonal, self.FLOOR * diagonal.max())
        )
        # Positive definite by the damping, so Cholesky's factorisation applies.
        trial = self._function(point.parameters - solve(damped, point.gradient, assume_a="pos"))
        # Written so that a loss that is not a number counts as not lower.
        if not trial.loss < point.loss:
            self._damping *= self.TIGHTEN
            return False
        self._damping *= self.EASE
        self.point = trial
        return True

    @property
    def state(self) -> dict[str, FloatArray]:
        """The damping."""
        return {"damping": np.array(self._damping)}

    def restore(self, state: Mapping[str, FloatArray]) -> None:
        """Take the damping."""
        self._damping = float(state["damping"])


class Bfgs(Descent):
    """BFGS with SciPy's line search.

    J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed., algorithm 6.1. SciPy's own BFGS
    cannot be stopped and continued.
    """

    curvature = False

    def __init__(self, function: LeastSquares, parameters: FloatArray) -> None:
        super().__init__(function, parameters)
        self._inverse = self._fresh_inverse()

    def step(self) -> bool:
        """A step with its line search; if that fails, the inverse of the Hessian is reset."""
        from scipy.optimize import line_search

        start = self.point
        known = start

        # The line search requests value and gradient separately; both come from one evaluation.
        def at(parameters: FloatArray) -> Point:
            nonlocal known
            if not np.array_equal(parameters, known.parameters):
                known = self._function(parameters)
            return known

        direction = -(self._inverse @ start.gradient)
        with warnings.catch_warnings():
            # A line search that fails warns, and returns None as its length.
            warnings.simplefilter("ignore")
            # Strong Wolfe conditions: besides a lower loss they ensure step . change > 0, which
            # keeps the update of the inverse positive definite.
            length, *_ = line_search(
                lambda x: at(x).loss,
                lambda x: at(x).gradient,
                start.parameters,
                direction,
                gfk=start.gradient,
                old_fval=start.loss,
            )
        # No acceptable step along this direction: forget the curvature, and go down the gradient
        # at the next call.
        if length is None:
            self._inverse = self._fresh_inverse()
            return False
        self.point = at(start.parameters + length * direction)
        self._learn(self.point.parameters - start.parameters, self.point.gradient - start.gradient)
        return self.point.loss < start.loss

    def _learn(self, step: FloatArray, change: FloatArray) -> None:
        """Update the inverse of the second derivative, equation 6.17."""
        product = float(step @ change)
        # The update keeps the inverse positive definite only for a positive curvature.
        if product <= 0.0:
            return
        # 6.17 multiplied out: n^2 operations instead of the n^3 of its matrix products.
        moved = self._inverse @ change
        both = np.outer(moved, step) / product
        self._inverse = (
            self._inverse
            - both
            - both.T
            + (1.0 + float(change @ moved) / product) / product * np.outer(step, step)
        )

    def _fresh_inverse(self) -> FloatArray:
        """Scaled unit matrix, for a first step of length 1 at most whatever the units are."""
        scale = 1.0 / max(1.0, float(np.linalg.norm(self.point.gradient)))
        return np.asarray(scale * np.eye(len(self.point.parameters)))

    @property
    def state(self) -> dict[str, FloatArray]:
        """The present approximation of the inverse of the second derivative."""
        return {"inverse": self._inverse}

    def restore(self, state: Mapping[str, FloatArray]) -> None:
        """Take the inverse of the second derivative."""
        self._inverse = np.array(state["inverse"])
