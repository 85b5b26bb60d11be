"""Potentials in LAMMPS through ``fix external``: LAMMPS asks Python for forces in each step."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np

from ms25_suite.core.errors import LostAtomsError, NotFiniteError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.lammps.box import Box, current_matrix
from ms25_suite.lammps.instance import SILENT, gathered
from ms25_suite.lammps.neighbours import NeighbourList

__all__ = ["EdgeFunction", "ExternalEdges", "ExternalFrames", "FrameFunction"]

FIX: Final = "ms25"
"""Identifier of the fix in LAMMPS."""


class EdgeFunction(Protocol):
    """Energy, forces and virial of edges."""

    cutoff: float
    """Longest edge in Å."""

    model_s: float
    """Wall time in seconds that was spent inside the model until now."""

    def __call__(
        self, numbers: IntArray, senders: IntArray, receivers: IntArray, vectors: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Energy in eV, forces in eV/Å ``(n_atoms, 3)`` and virial in eV ``(3, 3)``.

        The second half of the edges is the first half reversed, in the same order. The virial is
        the derivative of the energy with respect to a strain: stress times volume.
        """
        ...


class FrameFunction(Protocol):
    """Energy, forces and virial of a frame."""

    model_s: float
    """Wall time in seconds that was spent inside the model until now."""

    def __call__(self, frame: Frames) -> tuple[float, FloatArray, FloatArray | None]:
        """As `EdgeFunction`; None instead of the virial if there is no stress."""
        ...


class External(ABC):
    """One ``fix external``, and what happened in it.

    Parameters
    ----------
    on_step
        Called after each evaluation, as a sign of life.

    Attributes
    ----------
    neighbour_s
        Wall time in seconds that was spent on neighbour lists until now.
    failure
        What went wrong in the callback. An exception cannot pass through LAMMPS: the callback keeps
        it and asks LAMMPS to stop, and `ms25_suite.lammps.run.run_lammps` raises it afterwards.
    has_stress
        Whether the potential has a stress; known after the first evaluation.
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
        """Wall time in seconds that was spent inside the model until now."""

    @abstractmethod
    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        """Energy, forces and virial at this moment, in LAMMPS' axes and order of atoms."""

    @abstractmethod
    def _prepare(self, lammps: Any) -> None:
        """Commands before the fix, which must define a pair style."""

    def attach(self, lammps: Any, box: Box) -> None:
        """Define the interactions of a LAMMPS that has its atoms."""
        self._lammps, self._box = lammps, box
        self._prepare(lammps)
        lammps.command(f"fix {FIX} all external pf/callback 1 1")
        lammps.command(f"fix_modify {FIX} energy yes virial yes")
        lammps.set_fix_external_callback(FIX, self._callback)

    @abstractmethod
    def before_setup(self) -> None:
        """To be called before each command that makes LAMMPS set up a run."""

    def _callback(
        self,
        _caller: object,
        step: int,
        n_own: int,
        tags: IntArray,
        _positions: FloatArray,
        forces: FloatArray,
    ) -> None:
        if self.failure is not None:
            forces[:] = 0.0
            return
        try:
            n_atoms = len(self._box.numbers)
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
                # LAMMPS' virial has the other sign, and its order is xx yy zz xy xz yz.
                six = (-0.5 * (virial + virial.T))[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
                self._lammps.fix_external_set_virial_global(FIX, six.tolist())
            self._on_step()
        except BaseException as error:  # whatever passes from here into LAMMPS is lost
            self.failure = error
            forces[:] = 0.0
            self._lammps.force_timeout()


class ExternalEdges(External):
    """Potentials that are functions of edges, on LAMMPS' own neighbour list."""

    def __init__(self, function: EdgeFunction, on_step: Callable[[], None] = lambda: None) -> None:
        super().__init__(on_step)
        self._function = function
        self._list: NeighbourList | None = None

    @property
    def model_s(self) -> float:
        """Wall time in seconds that was spent inside the model until now."""
        return self._function.model_s

    def before_setup(self) -> None:
        """LAMMPS counts from zero again how often it made its list."""
        if self._list is not None:
            self._list.forget()

    def _prepare(self, lammps: Any) -> None:
        cutoff = float(self._function.cutoff)
        lammps.command(f"pair_style zero {cutoff!r}")
        lammps.command("pair_coeff * *")
        self._list = NeighbourList(lammps, cutoff)

    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        assert self._list is not None
        start = time.perf_counter()
        edges = self._list.edges()
        self.neighbour_s += time.perf_counter() - start
        return self._function(self._box.numbers[tags - 1], *edges)


class ExternalFrames(External):
    """Any other potential: it gets the whole frame in its own axes, and makes its own edges."""

    def __init__(self, function: FrameFunction, on_step: Callable[[], None] = lambda: None) -> None:
        super().__init__(on_step)
        self._function = function

    @property
    def model_s(self) -> float:
        """Wall time in seconds that was spent inside the model until now."""
        return self._function.model_s

    def before_setup(self) -> None:
        """Nothing is kept."""

    def _prepare(self, lammps: Any) -> None:
        # Shorter than any distance of atoms: the list stays short, and LAMMPS still wraps atoms.
        lammps.command("pair_style zero 0.1")
        lammps.command("pair_coeff * *")

    def _evaluate(self, tags: IntArray) -> tuple[float, FloatArray, FloatArray | None]:
        lammps, box = self._lammps, self._box
        matrix = current_matrix(lammps)
        frame = box.frame(gathered(lammps, matrix), matrix)
        energy, forces, virial = self._function(frame)
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
