"""Whether a managed environment works: a real prediction in a worker, for each architecture."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.environments.installation import Installation
from ms25_suite.environments.spec import EnvironmentSpec
from ms25_suite.errors import EnvironmentSetupError, Ms25Error
from ms25_suite.frames import Frames
from ms25_suite.potentials.registry import get_architecture, implementation
from ms25_suite.potentials.worker import WorkerPool

__all__ = ["check_environment"]

_STEP: Final = 1e-4
_TOLERANCE: Final = 1e-5
"""Between a force and a difference of energies over twice `_STEP`, in eV/Å: the error of the
formula is of the order of the square of the step, for a model that is smooth on a scale of 1 Å."""


def check_environment(spec: EnvironmentSpec, place: Installation) -> None:
    """Predict with a tiny untrained model of each architecture that an environment serves.

    Raises
    ------
    EnvironmentSetupError
        There is no prediction, or its forces are not the derivative of its energy.
    """
    for name in spec.architectures:
        try:
            _check(name, place)
        except Ms25Error as error:
            msg = f"the environment {spec.name} does not work for {name}: {error}"
            raise EnvironmentSetupError(msg) from error


def _check(name: str, place: Installation) -> None:
    from ase.build import molecule

    water = molecule("H2O", cell=[4.0, 4.0, 4.0], pbc=True)
    moved = [water.copy(), water.copy()]
    for atoms, sign in zip(moved, (1, -1), strict=True):
        atoms.positions[0, 2] += sign * _STEP
    job = {"kind": "untrained", "implementation": implementation(get_architecture(name))}
    pool = WorkerPool(job, python=place.python)
    try:
        (found,) = pool.predict(Frames.from_atoms([water, *moved]), [np.arange(3)])
    finally:
        pool.close()
    if found.energy is None or found.forces is None:
        msg = "the worker returned no energies or no forces"
        raise EnvironmentSetupError(msg)
    force = float(found.forces[0, 2])
    expected = float((found.energy[2] - found.energy[1]) / (2 * _STEP))
    if not abs(force - expected) < _TOLERANCE:
        msg = (
            f"the force on an atom is {force} eV/Å, and the energy's derivative {expected} eV/Å: "
            "expected the same"
        )
        raise EnvironmentSetupError(msg)
