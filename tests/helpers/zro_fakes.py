"""Small Zr-O jobs with cheap calculators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.calculators.calculator import all_changes
from ase.calculators.lj import LennardJones

from ms25_suite.core.errors import PredictionError, ReferenceCalculatorError
from ms25_suite.reference.zro.exploration import ExplorationSettings
from ms25_suite.reference.zro.structures import StructureRanges
from ms25_suite.reference.zro.trajectories import ExplorationJob, SeedSampling, ZroSampling

SAMPLING = ZroSampling(
    structures=StructureRanges(fewest_atoms=3, most_atoms=6),
    seeds=SeedSampling(n_structures=2, steps=2, spacing=1, rattles_A=(0.05,)),
    exploration=ExplorationSettings(
        equilibration_steps=2,
        spacing_steps=2,
        contour_equilibration_steps=2,
        contour_spacing_steps=2,
    ),
    relaxation_steps=5,
    shortest_relaxation=1,
    longest_relaxation=5,
    closest=0.3,
    frames_per_job=8,
    refinement_frames=2,
)


def lennard_jones() -> LennardJones:
    """Cheap reference, with forces of some eV/Å where O atoms meet."""
    return LennardJones(sigma=1.9, epsilon=0.5, rc=4.0, smooth=True)


class Fussy(LennardJones):
    """Fails for every other number of O atoms, as charges may."""

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        if np.count_nonzero(atoms.numbers == 8) % 2:
            raise ReferenceCalculatorError("the charges do not converge")
        super().calculate(atoms, properties, system_changes)


def fussy() -> Fussy:
    return Fussy(sigma=1.9, epsilon=0.5, rc=4.0, smooth=True)


class Impossible(LennardJones):
    """Fails for every frame."""

    def calculate(self, *arguments: Any, **options: Any) -> None:
        raise ReferenceCalculatorError("the charges never converge")


@dataclass(frozen=True, slots=True)
class Approximate:
    """Stands for a trained potential; fails for the first frames if told so."""

    sha256: str = "ab"
    not_finite: bool = False

    @contextmanager
    def calculator(self) -> Iterator[Any]:
        yield NotFinite() if self.not_finite else lennard_jones()


class NotFinite(LennardJones):
    """Returns numbers that are not finite, as a potential outside of what it learned."""

    def calculate(self, *arguments: Any, **options: Any) -> None:
        raise PredictionError("energies that are not finite", ())


def exploration(**settings: Any) -> ExplorationJob:
    return ExplorationJob(
        **{
            "index": 3,
            "n_frames": 8,
            "seed": 25,
            "stage": 2,
            "sampling": SAMPLING,
            "approximate": Approximate(),
            "reference": lennard_jones,
            **settings,
        }
    )
