"""A potential that needs neither a worker nor LAMMPS, whose runs take as long as one says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ms25_suite.core.errors import OutOfMemoryError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.lammps.plan import LammpsRun, MdPlan, Thermo
from ms25_suite.metrics.throughput import N_BLOCKS
from ms25_suite.potentials.potential import PotentialOptions


class FakePotential:
    """Energy -3 eV/atom and no forces; 10 µs per atom and step, 6 of them in the model.

    Parameters
    ----------
    energy_off
        What LAMMPS finds more, in eV/atom.
    drift
        Drift of the total energy in meV/atom/ps.
    factors
        Wall time of each block in units of what it should be.
    short
        Blocks of at most so many steps have these factors; others take as long as they should.
    exponent
        Of the time with the number of atoms, from 100 atoms on.
    cpu
        Share of the wall time for which there was a core.
    most_atoms
        Larger systems do not fit into the memory.
    has_stress
        Whether LAMMPS reports a stress.
    """

    def __init__(
        self,
        *,
        energy_off: float = 0.0,
        drift: float = 0.0,
        factors: Sequence[float] = (1.0,) * N_BLOCKS,
        short: float = float("inf"),
        exponent: float = 1.0,
        cpu: float = 1.0,
        most_atoms: int = 10**9,
        has_stress: bool = True,
        architecture: str = "mace",
    ) -> None:
        self.name, self.architecture, self.sha256 = "fake", architecture, "ab" * 32
        self.manifest = None
        self.path = None
        self.options = PotentialOptions()
        self.asked: list[tuple[int, MdPlan]] = []
        self._has_stress = has_stress
        self._energy_off, self._drift, self._exponent = energy_off, drift, exponent
        self._factors, self._cpu, self._most_atoms = np.array(factors), cpu, most_atoms
        self._short = short

    def compute(self, frames: Frames) -> Predictions:
        return Predictions(
            -3.0 * frames.n_atoms,
            np.zeros_like(frames.positions),
            np.zeros((len(frames), 6)),
        )

    def run_lammps(self, frame: Frames, plan: MdPlan) -> LammpsRun:
        n_atoms = len(frame.numbers)
        if n_atoms > self._most_atoms:
            raise OutOfMemoryError(f"a frame of {n_atoms} atoms does not fit\nand more")
        self.asked.append((n_atoms, plan))
        steps = np.arange(0, plan.n_steps * plan.n_blocks + 1, plan.thermo_every)
        energy = n_atoms * (-3.0 + 1e-6 * self._drift * steps * plan.timestep_fs)
        noisy = plan.n_steps <= self._short
        scatter = self._factors[: plan.n_blocks] if noisy else np.ones(plan.n_blocks)
        wall = 1e-3 * (n_atoms / 100) ** self._exponent * plan.n_steps * scatter
        return LammpsRun(
            route="fix external",
            lammps_version=20250722,
            n_atoms=n_atoms,
            energy=n_atoms * (self._energy_off - 3.0),
            forces=np.zeros((n_atoms, 3)),
            stress=np.full(6, 0.0 if self._has_stress else np.nan),
            thermo=Thermo(steps, 0.0 * steps, energy, energy, 0.0 * steps),
            wall_s=wall,
            cpu_s=self._cpu * wall,
            model_s=0.6 * wall,
            neighbour_s=0.1 * wall,
            neighbour_builds=1,
            peak_memory_bytes=(300 * 1024 + 10 * n_atoms) * 1024,
            threads=1,
            final=frame,
        )
