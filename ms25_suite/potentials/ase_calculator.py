"""ASE calculator on top of a potential."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ase.calculators.calculator import Calculator, all_changes

from ms25_suite.core.frames import Frames, Predictions

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["PotentialCalculator"]


class PotentialCalculator(Calculator):  # type: ignore[misc]
    """ASE calculator that evaluates a potential, one frame at a time.

    For code that needs a calculator, such as ASE's optimizers. For many frames, batches by
    `Potential.predict` are much faster.

    Parameters
    ----------
    compute
        Function that predicts frames, such as `Potential.compute`.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]

    def __init__(self, compute: Callable[[Frames], Predictions]) -> None:
        super().__init__()
        self._compute = compute

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """Changes since the last calculation, also of charge, spin and other inputs."""
        changes = list(super().check_state(atoms, tol=tol))
        if not changes and _state(atoms) != _state(self.atoms):
            changes.append("info")
        return changes

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Compute energy (eV), forces (eV/Å) and stress (eV/Å^3) at once."""
        super().calculate(atoms, properties, system_changes)
        predictions = self._compute(Frames.from_atoms([self.atoms]))
        results: dict[str, Any] = {}
        if predictions.energy is not None:
            results["energy"] = float(predictions.energy[0])
            # The energy whose derivative the forces are; some of ASE's algorithms request it.
            results["free_energy"] = results["energy"]
        if predictions.forces is not None:
            results["forces"] = predictions.forces
        has_stress = predictions.has_stress
        if predictions.stress is not None and has_stress is not None and has_stress[0]:
            results["stress"] = predictions.stress[0]
        self.results = results


def _state(atoms: Atoms) -> bytes:
    frames = Frames.from_atoms([atoms])
    return frames.inputs.prints(0, frames.atoms_of(0))
