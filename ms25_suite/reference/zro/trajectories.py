"""The jobs of the Zr-O data, and those of the frames that the approximate potentials train on.

Each job draws random structures, explores from them, and labels and filters the candidates, until
it has the number of frames that it must return.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.errors import PredictionError, ReferenceCalculatorError
from ms25_suite.reference.approximate import ApproximatePotential
from ms25_suite.reference.labels import label
from ms25_suite.reference.spread import refuse_numbers
from ms25_suite.reference.zro.exploration import (
    ExplorationSettings,
    bare,
    contour,
    molecular_dynamics,
    relax,
    thermal_energy,
)
from ms25_suite.reference.zro.selection import REASONS, Selection
from ms25_suite.reference.zro.structures import StructureRanges, closeness, random_structure

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["CYCLE", "MOST_TRAJECTORIES", "ExplorationJob", "SeedJob", "SeedSampling", "ZroSampling"]

CYCLE: Final = (("random", 1), ("md", 3), ("random", 1), ("contour", 3))
"""Kinds of trajectories and their numbers of frames, repeated until all frames are assigned."""

MOST_TRAJECTORIES: Final = 20
"""Trajectories that a job starts for each planned one before it gives up."""


@dataclass(frozen=True, slots=True)
class SeedSampling:
    """Settings of the frames that the first approximate potential is trained on.

    Parameters
    ----------
    n_structures
        Random structures that are relaxed with the reference.
    steps, spacing
        Steps of a relaxation, and steps between two frames.
    rattles_A
        Standard deviations of the displacements of further frames, which are rattled copies of
        the last one.
    """

    n_structures: int = 24
    steps: int = 12
    spacing: int = 4
    rattles_A: tuple[float, ...] = (0.05, 0.1)  # noqa: N815 - Å is the unit

    def __post_init__(self) -> None:
        refuse_numbers(n_structures=self.n_structures, spacing=self.spacing)

    @property
    def frames_per_structure(self) -> int:
        """Frames of one structure."""
        return self.steps // self.spacing + 1 + len(self.rattles_A)


@dataclass(frozen=True, slots=True)
class ZroSampling:
    """Settings of the sampling.

    Parameters
    ----------
    structures
        Ranges of the random structures.
    seeds
        Settings of the frames that the first approximate potential is trained on.
    exploration
        Settings of molecular dynamics and contour exploration.
    lowest_K, highest_K
        Range of the temperatures. A contour lies above the relaxed structure by the mean potential
        energy at a temperature from this range (`ms25_suite.reference.zro.exploration`).
    largest_force_eV_A
        Force component above which no frame is kept; see `Selection`.
    relaxation_steps
        Largest number of steps of the relaxation before dynamics and contour exploration.
    shortest_relaxation, longest_relaxation
        Range of the number of relaxation steps of the random frames.
    closest
        Smallest allowed distance of a candidate relative to that of a random structure. Closer
        atoms are outside the training data of the approximate potential, and the trajectory ends.
        0.55 is 1.05 Å for Zr-O and 1.1 Å for O-O, whose bond length in O2 is 1.21 Å.
    frames_per_job
        Frames of one job, which loads the approximate potential once.
    refinement_frames
        Frames of the first approximate potential that the second one is also trained on; 0 for no
        second one.
    """

    structures: StructureRanges = field(default_factory=StructureRanges)
    seeds: SeedSampling = field(default_factory=SeedSampling)
    exploration: ExplorationSettings = field(default_factory=ExplorationSettings)
    lowest_K: float = 300.0  # noqa: N815 - K is the unit
    highest_K: float = 3000.0  # noqa: N815
    largest_force_eV_A: float = 15.0  # noqa: N815 - so are eV and Å
    relaxation_steps: int = 60
    shortest_relaxation: int = 5
    longest_relaxation: int = 40
    closest: float = 0.55
    frames_per_job: int = 16
    refinement_frames: int = 64

    def __post_init__(self) -> None:
        refuse_numbers(frames_per_job=self.frames_per_job)


@dataclass(frozen=True, slots=True)
class SeedJob:
    """One random structure, partly relaxed with the reference, and rattled."""

    index: int
    seed: int
    structures: StructureRanges
    sampling: SeedSampling
    reference: Callable[[], Any]

    @property
    def n_frames(self) -> int:
        """Number of frames of the structure."""
        return self.sampling.frames_per_structure

    def frames(self) -> list[Atoms]:
        """Relax and label; a structure for which the reference fails is replaced by another one."""
        rng = np.random.default_rng([self.seed, 0, self.index])
        reference = self.reference()
        problem = ""
        for failures in range(MOST_TRAJECTORIES):
            try:
                images = list(self._images(rng, reference))
            except ReferenceCalculatorError as error:
                problem = str(error)
                continue
            # Counted on the first frame, as `Selection` does.
            images[0].info["dropped_charges"] = failures
            return images
        msg = (
            f"none of {MOST_TRAJECTORIES} random structures could be labelled; the last one: "
            f"{problem}"
        )
        raise ReferenceCalculatorError(msg)

    def _images(self, rng: np.random.Generator, reference: Any) -> Iterator[Atoms]:
        sampling = self.sampling
        atoms = random_structure(self.structures, rng)
        for step in range(0, sampling.steps + 1, sampling.spacing):
            if step:
                # A force of zero is never reached, so exactly `spacing` steps are done.
                relax(atoms, reference, sampling.spacing, largest_force=0.0)
            yield self._labelled(atoms, reference)
        for rattle in sampling.rattles_A:
            moved = bare(atoms)
            moved.positions += rng.normal(0.0, rattle, (len(moved), 3))
            yield self._labelled(moved, reference)

    def _labelled(self, atoms: Atoms, reference: Any) -> Atoms:
        image = bare(atoms)
        label(image, reference)
        image.info["config_type"] = "seed"
        image.info["trajectory"] = self.index
        return image


@dataclass(frozen=True, slots=True)
class ExplorationJob:
    """Trajectories of all kinds with one approximate potential."""

    index: int
    n_frames: int
    seed: int
    stage: int
    sampling: ZroSampling
    approximate: ApproximatePotential
    reference: Callable[[], Any]

    def frames(self) -> list[Atoms]:
        """Explore, label and filter until there are enough frames."""
        rng = np.random.default_rng([self.seed, self.stage, self.index])
        selection = Selection(self.reference(), self.sampling.largest_force_eV_A, rng)
        kept: list[Atoms] = []
        trajectory = 0
        with self.approximate.calculator() as potential:
            for kind, wanted in _plan(self.n_frames):
                full = len(kept) + wanted
                for _ in range(MOST_TRAJECTORIES):
                    missing = full - len(kept)
                    if not missing:
                        break
                    for atoms in self._trajectory(kind, missing, potential, selection, rng):
                        # Unique in the file: no job starts a thousand trajectories.
                        atoms.info["trajectory"] = 1000 * self.index + trajectory
                        kept.append(atoms)
                    trajectory += 1
                if len(kept) < full:
                    raise ReferenceCalculatorError(_exhausted(kind, selection))
        return kept

    def _trajectory(
        self,
        kind: str,
        wanted: int,
        potential: Any,
        selection: Selection,
        rng: np.random.Generator,
    ) -> Iterator[Atoms]:
        """Up to ``wanted`` frames of one trajectory, out of up to twice as many candidates."""
        found = 0
        try:
            # Then another structure: a trajectory that keeps being filtered is not worth
            # following.
            for atoms in islice(self._candidates(kind, potential, rng), 2 * wanted):
                if closeness(atoms) < self.sampling.closest:
                    selection.drop("dropped_approximate")
                    return
                if selection.keeps(atoms):
                    atoms.info["config_type"] = kind
                    found += 1
                    yield atoms
                    if found == wanted:
                        return
        except PredictionError:  # energies or forces that are not finite
            selection.drop("dropped_approximate")

    def _candidates(self, kind: str, potential: Any, rng: np.random.Generator) -> Iterator[Atoms]:
        sampling = self.sampling
        atoms = random_structure(sampling.structures, rng)
        if kind == "random":
            steps = int(rng.integers(sampling.shortest_relaxation, sampling.longest_relaxation + 1))
            relax(atoms, potential, steps)
            image = bare(atoms)
            image.info["relaxation_steps"] = steps
            yield image
            return
        # The zero of the contour is the relaxed energy of the same approximate potential.
        energy = relax(atoms, potential, sampling.relaxation_steps)
        temperature = float(rng.uniform(sampling.lowest_K, sampling.highest_K))
        if kind == "md":
            images = molecular_dynamics(atoms, potential, sampling.exploration, temperature, rng)
            condition = {"temperature_K": round(temperature, 3)}
        else:
            excess = thermal_energy(len(atoms), temperature)
            images = contour(atoms, potential, sampling.exploration, energy + excess, rng)
            condition = {"excess_eV_atom": round(excess / len(atoms), 6)}
        for image in images:
            image.info.update(condition)
            yield image


def _plan(n_frames: int) -> Iterator[tuple[str, int]]:
    """Kinds of trajectories, each with its number of frames; their sum is ``n_frames``."""
    left = n_frames
    for kind, number in cycle(CYCLE):
        if left <= 0:
            return
        yield kind, min(number, left)
        left -= number


def _exhausted(kind: str, selection: Selection) -> str:
    counts = ", ".join(f"{selection.counts[key]} {why}" for key, why in REASONS.items())
    msg = (
        f"{MOST_TRAJECTORIES} trajectories ({kind}) gave too few frames; candidates dropped since "
        f"the last frame: {counts}. Improve the approximate potential, or relax the settings"
    )
    return f"{msg}. The last failure: {selection.last_problem}" if selection.last_problem else msg
