"""What was measured together with a speed in LAMMPS, and the cost over the number of atoms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ms25_suite.core.details import Details, expect_same_length

__all__ = ["SIZES_KEY", "SPEED_KEY", "SizeCostDetails", "ThroughputDetails"]

SPEED_KEY: Final = "throughput"
SIZES_KEY: Final = "size_cost"


@dataclass(frozen=True, slots=True)
class ThroughputDetails(Details):
    """One timed run of LAMMPS.

    Parameters
    ----------
    frame
        Index of the frame in its dataset.
    repeats
        How many times its cell was repeated along each axis, shape ``(3,)``.
    n_atoms
        Number of atoms.
    route
        How LAMMPS evaluated the potential, such as ``fix external``.
    device
        ``cpu``, ``cuda:0``, …; empty if the potential chooses.
    threads
        Number of threads.
    lammps_version
        Version as a date, such as 20250722.
    cpu, n_cpu, gpu
        Name of the processor, number of its cores, and name of the graphics cards, None if there is
        none.
    load
        Load of the machine at the time, in cores.
    timestep_fs
        Timestep in fs.
    warmup_steps, block_steps
        Steps before the timing, and of each timed block.
    blocks
        Speed of each block in kAtoms/s, shape ``(n_blocks,)``.
    median, interval, quartiles
        Their median, its 95 % interval (None if there is none), and their quartiles, in kAtoms/s.
    ms_per_step
        Time of a step in ms.
    shares
        Shares of the wall time: ``model``, ``neighbour list`` and ``LAMMPS``.
    cpu_s, wall_s
        Processor time and wall time of each block in s, shape ``(n_blocks,)``.
    neighbour_builds
        How many times a neighbour list was built in the timed blocks.
    peak_memory_bytes
        Most memory that the process had, in bytes.

    Raises
    ------
    ValueError
        A quartile is not positive.
    """

    frame: int
    repeats: tuple[int, int, int]
    n_atoms: int
    route: str
    device: str
    threads: int
    lammps_version: int
    cpu: str
    n_cpu: int
    gpu: str | None
    load: float
    timestep_fs: float
    warmup_steps: int
    block_steps: int
    blocks: tuple[float, ...]
    median: float
    interval: tuple[float, float] | None
    quartiles: tuple[float, float]
    ms_per_step: float
    shares: dict[str, float]
    cpu_s: tuple[float, ...]
    wall_s: tuple[float, ...]
    neighbour_builds: int
    peak_memory_bytes: int

    def __post_init__(self) -> None:
        if not min(self.quartiles) > 0:
            msg = f"expected positive speeds, found the quartiles {self.quartiles}"
            raise ValueError(msg)

    @property
    def hardware(self) -> str:
        """Processor or graphics card, and the number of threads."""
        chip = self.gpu if self.device.startswith("cuda") else self.cpu
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{chip or 'unknown hardware'}, {threads}"


@dataclass(frozen=True, slots=True)
class SizeCostDetails(Details):
    """Cost of supercells of one frame, and the lines through it.

    Parameters
    ----------
    n_atoms
        Numbers of atoms, shape ``(n_sizes,)``.
    ms_per_step
        Times of a step in ms, same shape.
    quartiles
        Quartiles of the speeds in kAtoms/s, shape ``(n_sizes, 2)``.
    katoms_per_s
        Speeds in kAtoms/s, shape ``(n_sizes,)``.
    memory_mib
        Most memory that the process had in MiB, same shape.
    exponent, prefactor_ms
        ``time per step = prefactor_ms * n_atoms ** exponent``, in ms.
    memory_line_mib
        Memory without atoms, and memory of each atom, in MiB; None if there is no line.
    too_large
        Number of atoms of the first supercell that could not be run; None if all could.

    Raises
    ------
    ValueError
        There are fewer than two sizes, the rows are not of one length, or a number is not positive.
    """

    n_atoms: tuple[int, ...]
    ms_per_step: tuple[float, ...]
    quartiles: tuple[tuple[float, float], ...]
    katoms_per_s: tuple[float, ...]
    memory_mib: tuple[float, ...]
    exponent: float
    prefactor_ms: float
    memory_line_mib: tuple[float, float] | None
    too_large: int | None

    def __post_init__(self) -> None:
        rows = (
            self.n_atoms,
            self.ms_per_step,
            self.quartiles,
            self.katoms_per_s,
            self.memory_mib,
        )
        expect_same_length(rows)
        if not min(*self.n_atoms, *self.ms_per_step, self.prefactor_ms) > 0:
            msg = "expected positive sizes and times, which have a logarithm"
            raise ValueError(msg)
