"""The callback of fix external, with a LAMMPS that records what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import LostAtomsError, NotFiniteError
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.lammps.box import Box
from ms25_suite.lammps.fix_external import FIX, ExternalFrames

ATOMS = bulk("Cu", a=3.6, cubic=True)
BOX = Box.from_frame(Frames.from_atoms([ATOMS]))


class Recorder:
    """A LAMMPS with the atoms of `BOX`, in another order than that of the frame."""

    order = (2, 0, 3, 1)

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.energy = float("nan")
        self.virial: list[float] = []
        self.callback: Any = None
        self.stopped = False

    def command(self, text: str) -> None:
        self.commands.append(text)

    def set_fix_external_callback(self, name: str, callback: Any) -> None:
        assert name == FIX
        self.callback = callback

    def fix_external_set_energy_global(self, _name: str, energy: float) -> None:
        self.energy = energy

    def fix_external_set_virial_global(self, _name: str, virial: list[float]) -> None:
        self.virial = virial

    def force_timeout(self) -> None:
        self.stopped = True

    def gather_atoms(self, name: str, _type: int, _count: int) -> FloatArray:
        return BOX.positions.ravel() if name == "x" else np.zeros(BOX.positions.size)

    def extract_box(self) -> tuple[Any, ...]:
        return BOX.origin, BOX.origin + BOX.matrix.diagonal(), 0.0, 0.0, 0.0, None, None

    def step(self, n_own: int = 4) -> FloatArray:
        """One evaluation; returns the forces in LAMMPS' order."""
        tags, forces = np.array(self.order) + 1, np.full((4, 3), np.nan)
        self.callback(None, 7, n_own, tags, BOX.positions, forces)
        return forces


class Potential:
    """Forces that name their atom, and a virial that names its components."""

    model_s = 0.0

    def __init__(self, virial: FloatArray | None, forces: FloatArray | None = None) -> None:
        self.calls = 0
        self._virial = virial
        self._forces = np.arange(12.0).reshape(4, 3) if forces is None else forces

    def __call__(self, frame: Frames) -> tuple[float, FloatArray, FloatArray | None]:
        self.calls += 1
        np.testing.assert_allclose(frame.positions, ATOMS.positions)
        return -1.5, self._forces, self._virial


def attached(potential: Potential) -> tuple[ExternalFrames, Recorder]:
    route, lammps = ExternalFrames(potential), Recorder()
    route.attach(lammps, BOX, 1.0)
    return route, lammps


VIRIAL = np.array([[1.0, 4.0, 5.0], [4.0, 2.0, 6.0], [5.0, 6.0, 3.0]])


def test_forces_energy_and_virial_go_back_in_the_conventions_of_lammps() -> None:
    route, lammps = attached(Potential(VIRIAL))
    forces = lammps.step()
    np.testing.assert_array_equal(forces, np.arange(12.0).reshape(4, 3)[list(lammps.order)])
    assert lammps.energy == -1.5
    # Minus the strain derivative, in the order xx yy zz xy xz yz.
    assert lammps.virial == [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]
    assert route.has_stress
    assert route.failure is None


def test_without_a_virial_there_is_no_stress() -> None:
    route, lammps = attached(Potential(None))
    lammps.step()
    assert not route.has_stress
    assert lammps.virial == []


def test_a_failure_is_kept_and_the_potential_is_not_called_again() -> None:
    broken = np.zeros((4, 3))
    broken[1, 2] = np.nan
    potential = Potential(VIRIAL, broken)
    route, lammps = attached(potential)
    np.testing.assert_array_equal(lammps.step(), 0.0)
    assert lammps.stopped
    assert isinstance(route.failure, NotFiniteError)
    with pytest.raises(NotFiniteError, match=r"forces that are not finite .* at step 7.* 1 of 4"):
        raise route.failure
    lammps.step()
    assert potential.calls == 1


def test_lost_atoms_are_noticed_before_the_potential_is_called() -> None:
    potential = Potential(VIRIAL)
    route, lammps = attached(potential)
    lammps.step(n_own=3)
    assert isinstance(route.failure, LostAtomsError)
    assert "lost 1 of 4 atoms at step 7" in str(route.failure)
    assert potential.calls == 0


def test_every_evaluation_is_reported_as_a_sign_of_life() -> None:
    signs: list[None] = []
    route, lammps = ExternalFrames(Potential(VIRIAL), lambda: signs.append(None)), Recorder()
    route.attach(lammps, BOX, 1.0)
    lammps.step()
    lammps.step()
    assert len(signs) == 2
    assert lammps.commands[-2:] == [
        f"fix {FIX} all external pf/callback 1 1",
        f"fix_modify {FIX} energy yes virial yes",
    ]
