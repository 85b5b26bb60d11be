"""Potentials in LAMMPS by ``fix external``: LAMMPS calls Python for the forces in each step."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np

from ms25_suite.core.errors import LostAtomsError, NotFiniteError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.lammps.box import Box, current_matrix
from ms25_suite.lammps.images import ImageList, Images
from ms25_suite.lammps.instance import SILENT, gathered
from ms25_suite.lammps.neighbours import NeighbourList

__all__ = [
    "EdgeFunction",
    "ExternalEdges",
    "ExternalFrames",
    "ExternalImages",
    "FrameFunction",
    "ImageFunction",
]

FIX: Final = "ms25"
"""Identifier of the fix in LAMMPS."""


class EdgeFunction(Protocol):
    """Energy, forces and virial of edges."""

    cutoff: float
    """Cutoff in Å; all edges are shorter."""

    model_s: float
    """Wall time in seconds spent inside the model so far."""

    def __call__(
        self, numbers: IntArray, senders: IntArray, receivers: IntArray, vectors: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Energy in eV, forces in eV/Å ``(n_atoms, 3)`` and virial in eV ``(3, 3)``.

        The second half of the edges is the first half reversed, in the same order. The virial is
        the derivative of the energy with respect to strain: stress times volume, tension positive.
        """
        ...


class ImageFunction(Protocol):
    """Energy, forces and virial of atoms and their images, for a device that finds edges itself."""

    cutoff: float
    """Cutoff in Å."""

    model_s: float
    """Wall time in seconds spent on the device so far, with the copies to it and back."""

    def on_images(self, numbers: IntArray, images: Images) -> tuple[float, FloatArray, FloatArray]:
        """Same results as `EdgeFunction`."""
        ...


class FrameFunction(Protocol):
    """Energy, forces and virial of a frame."""

    model_s: float
    """Wall time in seconds spent inside the model so far."""

    def __call__(self, frame: Frames) -> tuple[float, FloatArray, FloatArray | None]:
        """Same results as `EdgeFunction`; None instead of the virial if there is no stress."""
        ...


class External(ABC):
    """One ``fix external`` and its state.

    Parameters
    ----------
    on_step
        Called after each evaluation, so that a long run can report that it is alive.

    Attributes
    ----------
    neighbour_s
        Wall time in seconds spent on neighbour lists so far.
    failure
        Exception raised in the callback, or None. An exception cannot pass through LAMMPS: the
        callback keeps it and makes LAMMPS stop, and `ms25_suite.lammps.run.run_lammps` raises it
        afterwards.
    has_stress
        Whether the potential has a stress; valid after the first evaluation.
    """

    name: str = "fix external"
    arguments: Sequence[str] = SILENT
    newton: Final = True

    def __init__(self, on_step: Callable[[], None] = lambda: None) -> None:
        self.neighbour_s = 0.0
        self.failure: BaseException | None = None
        self.has_stress = True
        self._on_step = on_step
        self._lammps: Any = None
        self._box: Any = None

    @property
    @abstractmethod
    def model_s(self) -> float:
        """Wall time in seconds spent inside the model so far."""

    @abstractmethod
    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        """Energy, forces and virial of the present configuration, in LAMMPS' axes and order."""

    @abstractmethod
    def _prepare(self, lammps: Any, skin: float) -> None:
        """Commands before the fix; they must define a pair style."""

    def attach(self, lammps: Any, box: Box, skin: float) -> None:
        """Define the interactions of a LAMMPS instance that already has its atoms."""
        self._lammps, self._box = lammps, box
        self._prepare(lammps, skin)
        # Call Python at each step, and add its forces at each step.
        lammps.command(f"fix {FIX} all external pf/callback 1 1")
        # Count the energy in `pe` and the virial in the pressure, which a barostat controls.
        lammps.command(f"fix_modify {FIX} energy yes virial yes")
        lammps.set_fix_external_callback(FIX, self._callback)

    @abstractmethod
    def before_setup(self) -> None:
        """Must be called before each command with which LAMMPS sets up a run."""

    def _callback(
        self,
        _caller: object,
        step: int,
        n_own: int,
        tags: IntArray,
        _positions: FloatArray,
        forces: FloatArray,
    ) -> None:
        # LAMMPS may call once more before it stops.
        if self.failure is not None:
            forces[:] = 0.0
            return
        try:
            n_atoms = len(self._box.numbers)
            # The forces array would have another length than the model's result.
            if n_own != n_atoms:
                msg = (
                    f"LAMMPS lost {n_atoms - n_own} of {n_atoms} atoms at step {step}: they moved "
                    "further than the box within a few steps, so the structure came apart. Try a "
                    "shorter time step, a lower temperature or a relaxed start frame"
                )
                raise LostAtomsError(msg)
            energy, found, virial = self._evaluate(tags)
            _require_finite(energy, found, virial, step)
            forces[:] = found
            self._lammps.fix_external_set_energy_global(FIX, energy)
            self.has_stress = virial is not None and self._box.has_stress
            if virial is not None:
                # LAMMPS' virial, sum r (x) F, is minus the strain derivative of the energy, and its
                # order is xx yy zz xy xz yz.
                six = (-0.5 * (virial + virial.T))[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
                self._lammps.fix_external_set_virial_global(FIX, six.tolist())
            self._on_step()
        except BaseException as error:  # an exception that reached LAMMPS' C++ would be lost
            self.failure = error
            forces[:] = 0.0
            # LAMMPS ends the run at the next step, as if its time limit had been reached.
            self._lammps.force_timeout()


class _ExternalList(External):
    """A potential that needs neighbours of LAMMPS' own atoms, in LAMMPS' order."""

    def __init__(
        self, function: EdgeFunction | ImageFunction, on_step: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(on_step)
        self._cutoff = float(function.cutoff)
        self._list: NeighbourList | ImageList | None = None

    def before_setup(self) -> None:
        """Read the list again: a set-up resets LAMMPS' counter of rebuilds."""
        if self._list is not None:
            self._list.forget()

    def _numbers(self, tags: IntArray) -> IntArray:
        """Atomic numbers in the order of LAMMPS' atoms."""
        # Identifiers count from 1 in the order of the frame; LAMMPS may hold atoms in another one.
        numbers: IntArray = self._box.numbers[tags - 1]
        return numbers


class ExternalEdges(_ExternalList):
    """A potential that is a function of edges, on LAMMPS' own neighbour list."""

    def __init__(self, function: EdgeFunction, on_step: Callable[[], None] = lambda: None) -> None:
        super().__init__(function, on_step)
        self._function = function

    @property
    def model_s(self) -> float:
        """Wall time in seconds spent inside the model so far."""
        return self._function.model_s

    def _prepare(self, lammps: Any, skin: float) -> None:
        lammps.command(f"pair_style zero {self._cutoff!r}")
        lammps.command("pair_coeff * *")
        self._list = NeighbourList(lammps, self._cutoff)

    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        assert isinstance(self._list, NeighbourList)
        start = time.perf_counter()
        edges = self._list.edges()
        self.neighbour_s += time.perf_counter() - start
        return self._function(self._numbers(tags), *edges)


class ExternalImages(_ExternalList):
    """A potential on a device, which gets the positions in each step and finds neighbours there."""

    def __init__(self, function: ImageFunction, on_step: Callable[[], None] = lambda: None) -> None:
        super().__init__(function, on_step)
        self._function = function

    @property
    def model_s(self) -> float:
        """Wall time in seconds spent on the device so far."""
        return self._function.model_s

    def _prepare(self, lammps: Any, skin: float) -> None:
        self._list = ImageList(lammps, self._cutoff, skin)

    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        assert isinstance(self._list, ImageList)
        start = time.perf_counter()
        images = self._list.images()
        self.neighbour_s += time.perf_counter() - start
        return self._function.on_images(self._numbers(tags), images)


class ExternalFrames(External):
    """Any other potential: it gets the whole frame in the frame's own axes."""

    def __init__(self, function: FrameFunction, on_step: Callable[[], None] = lambda: None) -> None:
        super().__init__(on_step)
        self._function = function

    @property
    def model_s(self) -> float:
        """Wall time in seconds spent inside the model so far."""
        return self._function.model_s

    def before_setup(self) -> None:
        """No state to reset."""

    def _prepare(self, lammps: Any, skin: float) -> None:
        # LAMMPS needs a pair style to wrap and exchange atoms, but its list is not used: with a
        # cutoff below any interatomic distance the list stays short.
        lammps.command("pair_style zero 0.1")
        lammps.command("pair_coeff * *")

    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        lammps, box = self._lammps, self._box
        # The box as it is now: a barostat changes it at each step.
        matrix = current_matrix(lammps)
        frame = box.frame(gathered(lammps, matrix), matrix)
        energy, forces, virial = self._function(frame)
        # The potential gets the frame in its own axes, so that a model that is not exactly
        # invariant under rotation gives what it gives outside LAMMPS. Forces are turned back.
        rotated = np.asarray(forces @ box.rotation.T)[tags - 1]
        return energy, rotated, None if virial is None else box.lammps_tensor(virial)


def _require_finite(
    energy: float, forces: FloatArray, virial: FloatArray | None, step: int
) -> None:
    bad = {
        "energy": not np.isfinite(energy),
        "forces": not np.isfinite(forces).all(),
        "stress": virial is not None and not np.isfinite(virial).all(),
    }
    if any(bad.values()):
        which = " and ".join(name for name, is_bad in bad.items() if is_bad)
        atoms = int((~np.isfinite(forces).all(axis=1)).sum())
        msg = (
            f"the potential returned {which} that are not finite (NaN or infinity) at step {step} "
            f"of a run in LAMMPS, forces of {atoms} of {len(forces)} atoms. If the structure came "
            "apart before, try a shorter time step, a lower temperature or another start frame"
        )
        raise NotFiniteError(msg)
