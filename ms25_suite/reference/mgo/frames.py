"""The MgO data: Lewis and Catlow's Buckingham model in LAMMPS, and the sampling of the slabs.

`calculator` labels slabs, `bulk_calculator` the bulk; `build_2x2`, `build_4x4` and
`build_2x2_small` make the data. The sampling is the paper's (Maxson et al., MS25, "MgO Training
Data"): MgO(100) slabs of four layers, two of them fixed, at 300 to 1200 K. The slabs of 64 and 256
atoms are the paper's, 2 x 2 and 4 x 4 whole faces of the cubic cell. The one of 32 atoms is 2 x 2
primitive surface cells: so narrow that an atom is within 6 Å of its own periodic images.
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
from ms25_suite.reference.spread import even_values, shares

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "SLABS",
    "MgoSampling",
    "build_2x2",
    "build_2x2_small",
    "build_4x4",
    "bulk_calculator",
    "calculator",
    "plan",
]


@dataclass(frozen=True, slots=True)
class Slab:
    """A slab that a dataset is sampled from.

    Parameters
    ----------
    repeat, primitive
        Size and surface cell, see `ms25_suite.reference.mgo.slab.slab`.
    shipped_frames
        Number of frames of the built-in dataset.
    """

    repeat: int
    primitive: bool
    shipped_frames: int

    def atoms(self) -> Atoms:
        """The slab as cut from the bulk."""
        return slab(self.repeat, primitive=self.primitive)


SLABS: Final = {
    "mgo-2x2": Slab(2, primitive=False, shipped_frames=500),
    "mgo-4x4": Slab(4, primitive=False, shipped_frames=400),
    "mgo-2x2-small": Slab(2, primitive=True, shipped_frames=500),
}
"""Slabs by the names of their datasets."""

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
    name: str

    def frames(self) -> list[Atoms]:
        return label_trajectory(
            self._images(),
            calculator(),
            config_type=self.name,
            temperature_K=round(self.temperature_K, 3),
            trajectory=self.index,
        )

    def _images(self) -> Iterator[Atoms]:
        start = SLABS[self.name].atoms()
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
    name: str,
    run: Run,
    *,
    n_frames: int | None = None,
    seed: int = 25,
    sampling: MgoSampling | None = None,
) -> Plan:
    """Plan the frames of one of the `SLABS`; the options are those of `Builder`."""
    start = SLABS[name]
    sampling = MgoSampling() if sampling is None else sampling
    if n_frames is None:
        n_frames = start.shipped_frames
    numbers = shares(n_frames, sampling.frames_per_trajectory)
    low, high = sampling.lowest_K, sampling.highest_K
    temperatures = even_values(low, high, len(numbers), np.random.default_rng([seed]))
    return Plan(
        f"{name} frames",
        [
            _Job(index, float(temperature), number, seed, sampling, name)
            for index, (temperature, number) in enumerate(zip(temperatures, numbers, strict=True))
        ],
        settings={
            "recipe": asdict(sampling),
            "name": name,
            "sampling": interactions(SAMPLING_ACCURACY).commands,
            "labels": interactions(LABEL_ACCURACY).commands,
            "slab": start.atoms().positions.tolist(),
            "n_frames": n_frames,
            "seed": seed,
            "lammps": lammps_version(),
        },
    )


build_2x2 = Builder(partial(plan, "mgo-2x2"))
build_4x4 = Builder(partial(plan, "mgo-4x4"))
build_2x2_small = Builder(partial(plan, "mgo-2x2-small"))
