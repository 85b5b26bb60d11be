"""The Zr-O data: GFN1-xTB labels of random, explored and thermal structures.

`calculator` labels any periodic frame of Zr and O; `build` makes the dataset. The sampling is the
paper's (Maxson et al., MS25, "Zr-O Training Data", after Waters and Rondinelli): random structures
over compositions and volumes, molecular dynamics, and contour exploration, without frames with
high forces. GFN1-xTB stands in for the paper's DFT. It is too expensive to drive the exploration,
which therefore uses an approximate MACE potential:

1. random structures are partly relaxed and rattled with GFN1-xTB (`SeedJob`), and a MACE is
   trained on them;
2. the MACE explores, its frames are labelled, and a second MACE is trained on all frames so far;
3. the second MACE explores, and its frames, labelled, are the dataset (`ExplorationJob`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.cache import content_key
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.reference.approximate import ApproximatePotential, approximate_potential
from ms25_suite.reference.builder import Builder, Run
from ms25_suite.reference.jobs import Job, Plan
from ms25_suite.reference.spread import shares
from ms25_suite.reference.zro.selection import REASONS, dropped
from ms25_suite.reference.zro.trajectories import CYCLE, ExplorationJob, SeedJob, ZroSampling

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["build", "calculator"]

ELEMENTS: Final = ("Zr", "O")

ELECTRONIC_TEMPERATURE_K: Final = 1000.0
"""Temperature in K of the Fermi smearing, the same for the whole dataset.

Random structures of compositions other than ZrO2 are metals. Between 300 and 3000 K the temperature
hardly changes which of them converge (``docs/datasets/zro.md``).
"""

CUTOFF_A: Final = 6.0
"""Cutoff radius in Å of Zr-O in the paper (table 1)."""

LEVEL_OF_THEORY: Final = "GFN1-xTB (tblite, gamma point, electronic temperature 1000 K)"


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any frame of Zr and O.

    The charges of metal-rich frames often do not become self-consistent; these frames are refused.

    Parameters
    ----------
    potential_file
        Not used: the parameters come with tblite.

    Raises
    ------
    ReferenceCalculatorError
        tblite is not installed; later, for a frame that contains another element, is not periodic,
        or whose charges do not become self-consistent.
    """
    from ms25_suite.reference.calculators.xtb import XtbCalculator

    return XtbCalculator(ELEMENTS, electronic_temperature_K=ELECTRONIC_TEMPERATURE_K)


def plan(
    run: Run, *, n_frames: int = 400, seed: int = 25, sampling: ZroSampling | None = None
) -> Plan:
    """Plan the Zr-O frames, after training their approximate potentials.

    At the end, one line on the standard error stream states how many candidates were dropped, and
    why. The frames depend on the weights of the approximate potential: another machine or another
    version of torch gives other frames of the same kind.

    Parameters
    ----------
    run
        The call of the builder.
    n_frames, seed, sampling
        Options; those of `Builder`.

    Raises
    ------
    ReferenceCalculatorError
        tblite is missing, or the reference failed too often.
    ArchitectureNotInstalledError
        MACE is not installed.
    TrainingError
        The training of an approximate potential failed.
    """
    from ms25_suite.potentials.registry import get_trainer
    from ms25_suite.reference.calculators.xtb import tblite_version

    tblite = tblite_version()
    get_trainer("mace").require_installed()
    stages = _Stages(
        run=run,
        folder=run.out.with_name(f"{run.out.name}.stages"),
        sampling=ZroSampling() if sampling is None else sampling,
        seed=seed,
        labels={"electronic_temperature_K": ELECTRONIC_TEMPERATURE_K, "tblite": tblite},
        reference=calculator,
    )
    images = stages.seeds()
    # The first potential is trained on random structures only. Its own trajectories, labelled
    # with the reference, add the regions where it was wrong.
    approximate = stages.train(images)
    if stages.sampling.refinement_frames:
        images += stages.refinement(approximate)
        approximate = stages.train(images)
    return stages.data(n_frames, approximate)


build = Builder(plan)


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages of a build; their frames are kept in a folder until the build is finished.

    Parameters
    ----------
    run
        The call of the builder.
    folder
        Folder of the frames; files are named by a hash of the settings that they depend on.
    sampling
        Settings of the sampling.
    seed
        Seed of everything random.
    labels
        Settings that the labels depend on.
    reference
        Function that returns the ASE calculator of the reference; it can be pickled.
    """

    run: Run
    folder: Path
    sampling: ZroSampling
    seed: int
    labels: dict[str, Any]
    reference: Callable[[], Any]

    def seeds(self) -> list[Atoms]:
        """Frames to train the first approximate potential on."""
        ranges, sampling = self.sampling.structures, self.sampling.seeds
        jobs = [
            SeedJob(index, self.seed, ranges, sampling, self.reference)
            for index in range(sampling.n_structures)
        ]
        settings = {
            "structures": asdict(ranges),
            "recipe": asdict(sampling),
            "seed": self.seed,
            **self.labels,
        }
        return self._frames("seeds", jobs, settings)

    def refinement(self, approximate: ApproximatePotential) -> list[Atoms]:
        """Frames to train the second approximate potential on, besides the seeds."""
        jobs, settings = self._explorations(self.sampling.refinement_frames, 1, approximate)
        return self._frames("refinement", jobs, settings)

    def data(self, n_frames: int, approximate: ApproximatePotential) -> Plan:
        """Plan the frames of the dataset; in the end the folder is removed."""
        jobs, settings = self._explorations(n_frames, 2, approximate)
        return Plan("Zr-O frames", jobs, settings, finish=partial(_finish, self.run, self.folder))

    def train(self, images: Sequence[Atoms]) -> ApproximatePotential:
        """Train an approximate potential on these frames, or take it from the cache."""
        return approximate_potential(
            images, name="zro", level_of_theory=LEVEL_OF_THEORY, cutoff=CUTOFF_A, seed=self.seed
        )

    def _explorations(
        self, n_frames: int, stage: int, approximate: ApproximatePotential
    ) -> tuple[list[ExplorationJob], dict[str, Any]]:
        sampling = self.sampling
        jobs = [
            ExplorationJob(index, number, self.seed, stage, sampling, approximate, self.reference)
            for index, number in enumerate(shares(n_frames, sampling.frames_per_job))
        ]
        settings = {
            "recipe": asdict(sampling),
            "cycle": CYCLE,
            "approximate": approximate.sha256,
            "n_frames": n_frames,
            "seed": self.seed,
            "stage": stage,
            **self.labels,
        }
        return jobs, settings

    def _frames(self, name: str, jobs: Sequence[Job], settings: dict[str, Any]) -> list[Atoms]:
        """Frames of a stage, built unless they are in the folder already."""
        # Other settings, another file: an interrupted build never mixes frames of two recipes.
        file = self.folder / f"{name}-{content_key(settings)[:16]}.extxyz"
        self.run.stage(file, lambda: Plan(f"Zr-O {name}", jobs, settings))
        return list(read_images(file))


def _finish(run: Run, folder: Path) -> None:
    """Print how many candidates were dropped, and remove the frames of the stages."""
    from rich.console import Console

    frames = list(read_images(run.out))
    counts = dropped(frames)
    n_candidates = len(frames) + sum(counts.values())
    text = ", ".join(f"{counts[key]} {why}" for key, why in REASONS.items())
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"{len(frames)} Zr-O frames of {n_candidates} candidates; dropped: {text}")
    shutil.rmtree(folder)
