"""Plan of a run in LAMMPS, and its result."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, get_args

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import FloatArray, Frames, IntArray

__all__ = ["Coupling", "LammpsEnsemble", "LammpsRun", "MdPlan", "Thermo"]

LammpsEnsemble = Literal["nve", "nvt", "npt", "minimize"]
"""Constant energy, constant temperature, constant temperature and pressure, or a minimisation of
the energy at a constant cell."""

Coupling = Literal["iso", "aniso", "tri"]
"""What a barostat changes: the volume, the three box lengths, or the box lengths and tilts."""

_MAX_SEED: Final = 900_000_000
"""Largest seed that LAMMPS accepts (https://docs.lammps.org/velocity.html)."""

_MAX_STEPS: Final = 2**31 - 1
"""Largest number of steps of one ``run`` command of LAMMPS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MdPlan:
    """Plan of a run in LAMMPS.

    The start frame is evaluated first. Then come `warmup_steps`, and then `n_blocks` blocks of
    `n_steps` each, every block continuing from the one before. Only the blocks are timed.

    Parameters
    ----------
    ensemble
        ``nve``, ``nvt`` or ``npt`` (Nose-Hoover chains), or ``minimize`` (conjugate gradients).
    n_steps
        Steps of each block; for ``minimize``, the maximum number of iterations.
    n_blocks
        Number of blocks; 1 for ``minimize``.
    warmup_steps
        Steps before the blocks; neither timed nor part of the thermodynamic output.
    timestep_fs
        Time step in fs.
    temperature_K
        Temperature of the initial velocities and of the thermostat in K. None: the atoms start
        at rest, which is allowed for ``nve`` and ``minimize`` only.
    pressure_bar
        Pressure of the barostat in bar; used by ``npt`` only.
    seed
        Seed of the initial velocities, 1 or larger.
    skin_A
        Distance that LAMMPS adds to the cutoff of its neighbour lists, in Å. A larger one means
        longer lists that are rebuilt less often. The results do not depend on it.
    thermo_every
        Steps between two rows of the thermodynamic output.
    coupling
        What the barostat changes.
    thermostat_fs, barostat_fs
        Damping times in fs. None: 100 and 1000 time steps, "a good choice for many models"
        according to https://docs.lammps.org/fix_nh.html.
    force_tolerance
        ``minimize`` ends when the largest force on an atom is below this, in eV/Å.

    Raises
    ------
    UsageError
        A value is out of its range, or does not fit the ensemble.
    """

    ensemble: LammpsEnsemble
    n_steps: int
    n_blocks: int = 1
    warmup_steps: int = 0
    timestep_fs: float = 1.0
    temperature_K: float | None = None  # noqa: N815 - K is the unit
    pressure_bar: float = 0.0
    seed: int = 1
    skin_A: float = 1.0  # noqa: N815 - Å is the unit
    thermo_every: int = 10
    coupling: Coupling = "iso"
    thermostat_fs: float | None = None
    barostat_fs: float | None = None
    force_tolerance: float = 1e-3

    def __post_init__(self) -> None:
        _require_one_of("ensemble", self.ensemble, get_args(LammpsEnsemble))
        _require_one_of("coupling", self.coupling, get_args(Coupling))
        _require_whole("n_steps", self.n_steps, 1, _MAX_STEPS)
        _require_whole("n_blocks", self.n_blocks, 1, _MAX_STEPS)
        _require_whole("warmup_steps", self.warmup_steps, 0, _MAX_STEPS)
        _require_whole("thermo_every", self.thermo_every, 1, _MAX_STEPS)
        _require_whole("seed", self.seed, 1, _MAX_SEED)
        for name in ("timestep_fs", "skin_A", "force_tolerance"):
            _require_positive(name, getattr(self, name))
        for name in ("temperature_K", "thermostat_fs", "barostat_fs"):
            if getattr(self, name) is not None:
                _require_positive(name, getattr(self, name))
        if not math.isfinite(self.pressure_bar):
            msg = f"pressure_bar of a run in LAMMPS must be finite, found {self.pressure_bar!r}"
            raise UsageError(msg)
        if self.ensemble in ("nvt", "npt") and self.temperature_K is None:
            msg = (
                f"the ensemble {self.ensemble!r} needs a temperature, found none: set "
                "temperature_K, or choose the ensemble 'nve'"
            )
            raise UsageError(msg)
        if self.ensemble == "minimize" and (self.n_blocks > 1 or self.warmup_steps > 0):
            msg = (
                "a minimisation is one block without a warm-up, found "
                f"n_blocks={self.n_blocks} and warmup_steps={self.warmup_steps}: leave both out"
            )
            raise UsageError(msg)

    @property
    def n_evaluations(self) -> int | None:
        """Evaluations of the potential; None for a minimisation, which ends when it converges."""
        if self.ensemble == "minimize":
            return None
        return 1 + self.warmup_steps + self.n_blocks * self.n_steps

    def to_dict(self) -> dict[str, Any]:
        """Plain types only, to be sent to a worker."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Self:
        """Inverse of `to_dict`."""
        return cls(**record)


@dataclass(frozen=True, slots=True, eq=False)
class Thermo:
    """Thermodynamic output of the timed blocks, one row every `MdPlan.thermo_every` steps.

    The first row is the state before the first block, the last row that after the last block;
    each block ends with a row. A minimisation has these two rows only.

    Parameters
    ----------
    steps
        Steps since the end of the warm-up, or iterations of a minimisation, shape ``(n_rows,)``.
    temperature_K
        Temperature in K, shape ``(n_rows,)``.
    potential_eV, total_eV
        Potential energy, and potential plus kinetic energy, of all atoms in eV, shape
        ``(n_rows,)``.
    pressure_bar
        Pressure, kinetic part included, in bar, shape ``(n_rows,)``; NaN for a potential without
        stress and a frame that is not periodic in all three directions.
    """

    steps: IntArray
    temperature_K: FloatArray  # noqa: N815 - K is the unit
    potential_eV: FloatArray  # noqa: N815
    total_eV: FloatArray  # noqa: N815
    pressure_bar: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LammpsRun:
    """Result of a run in LAMMPS.

    Parameters
    ----------
    route
        How LAMMPS called the potential: ``fix external``, or the name of a pair style.
    lammps_version
        Version of LAMMPS as a date, for instance 20250722.
    n_atoms
        Number of atoms.
    energy
        Potential energy of the start frame in eV, as LAMMPS reports it.
    forces
        Forces of the start frame in eV/Å, in the frame's own axes and order of atoms, as LAMMPS
        reports them, shape ``(n_atoms, 3)``.
    stress
        Stress of the start frame in eV/Å^3, without the kinetic part, tension positive, Voigt
        order, in the frame's own axes, shape ``(6,)``; NaN for a potential without stress and a
        frame that is not periodic in all three directions.
    thermo
        Thermodynamic output.
    wall_s, cpu_s
        Wall and CPU time of each block in seconds, shape ``(n_blocks,)``. On a machine that is
        busy with other work only the CPU time is meaningful.
    model_s
        Wall time spent inside the model in each block, in seconds, shape ``(n_blocks,)``.
    neighbour_s
        Wall time spent in each block on reading LAMMPS' neighbour list and turning it into edges,
        in seconds, shape ``(n_blocks,)``; zero for a potential that builds its own list. The rest
        of `wall_s` is LAMMPS itself and the remainder of the callback.
    neighbour_builds
        How often LAMMPS rebuilt its neighbour list in all blocks.
    peak_memory_bytes
        Peak resident memory of the process during the run, including the framework.
    threads
        Threads of the numerical libraries.
    final
        The frame at the end, in its own axes and order of atoms, not wrapped into the cell.
    """

    route: str
    lammps_version: int
    n_atoms: int
    energy: float
    forces: FloatArray
    stress: FloatArray
    thermo: Thermo
    wall_s: FloatArray
    cpu_s: FloatArray
    model_s: FloatArray
    neighbour_s: FloatArray
    neighbour_builds: int
    peak_memory_bytes: int
    threads: int
    final: Frames


def _require_one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        msg = f"{name} of a run in LAMMPS must be one of {', '.join(known)}, found {value!r}"
        raise UsageError(msg)


def _require_whole(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        msg = f"{name} of a run in LAMMPS must be an integer from {low} to {high}, found {value!r}"
        raise UsageError(msg)


def _require_positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        msg = f"{name} of a run in LAMMPS must be a positive finite number, found {value!r}"
        raise UsageError(msg)
