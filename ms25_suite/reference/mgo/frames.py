"""The MgO data: Lewis and Catlow's Buckingham model in LAMMPS, and the sampling of the slabs.

`calculator` labels slabs, `bulk_calculator` the bulk; `build_2x2` and `build_4x4` make the data.
The sampling is the paper's (Maxson et al., MS25, "MgO Training Data"): MgO(100) slabs of four
layers, two of them fixed, at 300 to 1200 K. The slabs are repetitions of the primitive surface
cell, which is a/sqrt(2) wide. Only then are atoms of the paper's smaller slab within 6 Å of their
own periodic images, as the paper says they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.calculators.lammps_md import Dynamics, sample_nvt
from ms25_suite.reference.calculators.lammps_session import lammps_version
from ms25_suite.reference.jobs import Plan
from ms25_suite.reference.labels import POSITION_DECIMALS, label_trajectory
from ms25_suite.reference.mgo.interactions import (
    CHARGES,
    ELEMENTS,
    LABEL_ACCURACY,
    SAMPLING_ACCURACY,
    interactions,
    lammpslib_settings,
)
from ms25_suite.reference.mgo.slab import held_atoms, slab
from ms25_suite.reference.spread import even_values, refuse_numbers, shares

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["MgoSampling", "build_2x2", "build_4x4", "bulk_calculator", "calculator", "plan"]

_SHIPPED_FRAMES: Final = {2: 500, 4: 400}

_DYNAMICS: Final = Dynamics(
    thermostat="nose-hoover",
    damping_ps=0.1,
    timestep_ps=0.0025,
    equilibration_ps=5.0,
    spacing_ps=2.0,
)


@dataclass(frozen=True, slots=True)
class MgoSampling:
    """Settings of the sampling.

    Parameters
    ----------
    dynamics
        Thermostat (chain length 1, 100 fs) and time step are the paper's. The time between frames
        is longer than the paper's 25 fs, see ``docs/datasets/mgo.md``.
    lowest_K, highest_K
        Range of the temperatures.
    frames_per_trajectory
        Frames at one temperature.
    """

    dynamics: Dynamics = _DYNAMICS
    lowest_K: float = 300.0  # noqa: N815 - K is the unit
    highest_K: float = 1200.0  # noqa: N815
    frames_per_trajectory: int = 2


@dataclass(frozen=True, slots=True)
class _Job:
    """One trajectory at one temperature."""

    index: int
    temperature_K: float  # noqa: N815 - K is the unit
    n_frames: int
    seed: int
    sampling: MgoSampling
    repeat: int

    def frames(self) -> list[Atoms]:
        return label_trajectory(
            self._images(),
            calculator(),
            config_type=f"mgo-{self.repeat}x{self.repeat}",
            temperature_K=round(self.temperature_K, 3),
            trajectory=self.index,
        )

    def _images(self) -> Iterator[Atoms]:
        start = slab(self.repeat)
        # The run has exactly the cell of its frames, which is rounded.
        start.set_cell(np.round(start.cell.array, POSITION_DECIMALS))
        trajectory = sample_nvt(
            start,
            interactions(SAMPLING_ACCURACY),
            self.sampling.dynamics,
            self.temperature_K,
            self.n_frames,
            np.random.default_rng([self.seed, self.index]),
            held=held_atoms(len(start)),
        )
        for positions in trajectory:
            atoms = start.copy()
            atoms.positions = positions
            yield atoms


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of slabs of Mg and O.

    It has a dipole correction along the surface normal, like the paper's calculations. The stress
    is that of the whole cell, vacuum included.

    Parameters
    ----------
    potential_file
        Not used: the parameters are part of `ms25_suite.reference.mgo.interactions`.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS is not installed; later, for a frame that has no vacuum, contains another element,
        is charged, or is not periodic.
    """
    from ms25_suite.reference.mgo.slab_dipole import SlabCalculator

    commands = interactions(LABEL_ACCURACY).commands
    return SlabCalculator(commands, ELEMENTS, CHARGES, **lammpslib_settings())


def bulk_calculator() -> Any:
    """ASE calculator of the same model without the dipole correction, for cells without vacuum.

    Raises
    ------
    ReferenceCalculatorError
        LAMMPS is not installed; later, for a frame that contains another element or is not
        periodic.
    """
    from ms25_suite.reference.calculators.lammps import LammpsCalculator

    # A bulk crystal has no surface dipole that its images could couple to.
    return LammpsCalculator(interactions(LABEL_ACCURACY).commands, ELEMENTS, **lammpslib_settings())


def plan(
    repeat: int,
    run: Run,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    sampling: MgoSampling | None = None,
) -> Plan:
    """Plan the frames of one slab; the options are those of `Builder`.

    Raises
    ------
    UsageError
        ``repeat``, the number of primitive surface cells along both edges, is below 1.
    """
    refuse_numbers(repeat=repeat)
    sampling = MgoSampling() if sampling is None else sampling
    if n_frames is None:
        n_frames = _SHIPPED_FRAMES.get(repeat, 400)
    numbers = shares(n_frames, sampling.frames_per_trajectory)
    low, high = sampling.lowest_K, sampling.highest_K
    temperatures = even_values(low, high, len(numbers), np.random.default_rng([seed]))
    return Plan(
        f"MgO {repeat}x{repeat} frames",
        [
            _Job(index, float(temperature), number, seed, sampling, repeat)
            for index, (temperature, number) in enumerate(zip(temperatures, numbers, strict=True))
        ],
        settings={
            "recipe": asdict(sampling),
            "repeat": repeat,
            "sampling": interactions(SAMPLING_ACCURACY).commands,
            "labels": interactions(LABEL_ACCURACY).commands,
            "slab": slab(repeat).positions.tolist(),
            "n_frames": n_frames,
            "seed": seed,
            "lammps": lammps_version(),
        },
    )


build_2x2 = Builder(partial(plan, 2))
build_4x4 = Builder(partial(plan, 4))
