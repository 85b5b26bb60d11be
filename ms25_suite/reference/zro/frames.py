"""The Zr-O data: GFN1-xTB labels of random, explored and thermal structures.

`calculator` labels any periodic frame of Zr and O, `build` makes the data set. The recipe is the
paper's (Maxson et al., MS25, "Zr-O Training Data", after Waters and Rondinelli): random structures
over compositions and volumes, molecular dynamics, and contour exploration, of which high forces are
filtered out. GFN1-xTB stands in for its DFT. It is too dear to explore with, so that the steps
between the frames are those of an approximate MACE:

1. random structures are relaxed a little and rattled with GFN1-xTB (`SeedJob`), and a MACE is
   trained on them;
2. it explores, what it finds is labelled, and another MACE is trained on both;
3. that one explores, what it finds is labelled, and becomes the data (`ExplorationJob`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.core.cache import content_key
from ms25_suite.core.errors import UsageError
from ms25_suite.datasets.readers.files import read_images
from ms25_suite.reference.approximate import ApproximatePotential, approximate_potential
from ms25_suite.reference.builder import build_frames, refuse_numbers, shares
from ms25_suite.reference.zro.selection import REASONS, dropped
from ms25_suite.reference.zro.trajectories import CYCLE, ExplorationJob, Recipe, SeedJob

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Recipe", "build", "calculator"]

ELEMENTS: Final = ("Zr", "O")

ELECTRONIC_TEMPERATURE_K: Final = 1000.0
"""Temperature in K of the Fermi smearing, one for the whole data set.

Random structures of other compositions than ZrO2 are metals. From 300 to 3000 K it made hardly any
difference to which of them converge (``docs/datasets/zro.md``).
"""

CUTOFF_A: Final = 6.0
"""Cutoff radius in Å of Zr-O in the paper (table 1)."""

LEVEL_OF_THEORY: Final = "GFN1-xTB (tblite, gamma point, electronic temperature 1000 K)"


def calculator(potential_file: str | None = None) -> Any:
    """ASE calculator of the reference: energy, forces and stress of any frame of Zr and O.

    The charges of metal-rich frames often do not become self-consistent; such frames are refused.

    Parameters
    ----------
    potential_file
        Not used: the parameters come with tblite.

    Raises
    ------
    ReferenceCalculatorError
        tblite is not installed; later, on a frame of another element, that is not periodic, or
        for which the charges do not become self-consistent.
    """
    from ms25_suite.reference.calculators.xtb import XtbCalculator

    return XtbCalculator(ELEMENTS, electronic_temperature_K=ELECTRONIC_TEMPERATURE_K)


def build(
    out: Path,
    *,
    n_frames: int = 400,
    seed: int = 25,
    potential_file: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
    recipe: Recipe | None = None,
) -> Path:
    """Sample and label the Zr-O data; `build_frames` says what can be relied on.

    One line on the standard error stream says how many candidates were dropped, and why. The
    frames depend on the weights of the approximate potential, so that another machine or another
    torch gives other frames of the same kind.

    Parameters
    ----------
    out
        File to write, extended XYZ; compressed if its name ends with ``.xz`` or ``.gz``.
    n_frames
        Number of frames; 10,000 is the paper's full protocol.
    seed
        Seed of everything that is random.
    potential_file
        None: GFN1-xTB has no file.
    workers
        Number of processes; None for one per core that this process may use.
    progress
        Whether to show a progress bar on the standard error stream.
    recipe
        Settings of the sampling; None for those of the shipped data.

    Returns
    -------
    :
        ``out``.

    Raises
    ------
    UsageError
        There is nothing to build with these numbers, or a file of a potential is given.
    ReferenceCalculatorError
        tblite is missing, the reference failed too often, or a worker process died.
    ArchitectureNotInstalledError
        MACE is missing.
    TrainingError
        The training of the approximate potential failed.
    """
    from ms25_suite.potentials.registry import get_trainer
    from ms25_suite.reference.calculators.xtb import tblite_version

    if potential_file is not None:
        msg = f"GFN1-xTB has no file of a potential, found --potential-file {potential_file}"
        raise UsageError(msg)
    refuse_numbers(n_frames=n_frames, workers=workers)
    recipe = Recipe() if recipe is None else recipe
    tblite = tblite_version()
    get_trainer("mace").require_installed()

    stages = _Stages(
        folder=out.with_name(f"{out.name}.stages"),
        recipe=recipe,
        seed=seed,
        labels={"electronic_temperature_K": ELECTRONIC_TEMPERATURE_K, "tblite": tblite},
        reference=calculator,
        options={"workers": workers, "progress": progress},
    )
    images = stages.seeds()
    approximate = stages.train(images)
    if recipe.refinement_frames:
        images += stages.refinement(approximate)
        approximate = stages.train(images)
    stages.data(out, n_frames, approximate)
    _report(list(read_images(out)))
    shutil.rmtree(stages.folder)
    return out


@dataclass(frozen=True, slots=True)
class _Stages:
    """The steps of a build; what they find is kept in a folder until the build is finished.

    Parameters
    ----------
    folder
        Where; files are named by the settings that they depend on.
    recipe
        Settings of the sampling.
    seed
        Seed of everything that is random.
    labels
        What the labels depend on.
    reference
        Gives the ASE calculator of the reference; it can be pickled.
    options
        Further arguments of `build_frames`.
    """

    folder: Path
    recipe: Recipe
    seed: int
    labels: dict[str, Any]
    reference: Callable[[], Any]
    options: dict[str, Any]

    def seeds(self) -> list[Atoms]:
        """Frames to train the first approximate potential on."""
        structures, recipe = self.recipe.structures, self.recipe.seeds
        jobs = [
            SeedJob(index, self.seed, structures, recipe, self.reference)
            for index in range(recipe.n_structures)
        ]
        settings = {
            "structures": asdict(structures),
            "recipe": asdict(recipe),
            "seed": self.seed,
            **self.labels,
        }
        return self._kept("seeds", jobs, settings)

    def refinement(self, approximate: ApproximatePotential) -> list[Atoms]:
        """Frames to train the second approximate potential on, besides the seeds."""
        jobs, settings = self._explorations(self.recipe.refinement_frames, 1, approximate)
        return self._kept("refinement", jobs, settings)

    def data(self, out: Path, n_frames: int, approximate: ApproximatePotential) -> None:
        """Write the frames of the data set."""
        jobs, settings = self._explorations(n_frames, 2, approximate)
        build_frames(out, jobs, settings=settings, title="Zr-O frames", **self.options)

    def train(self, images: Sequence[Atoms]) -> ApproximatePotential:
        """Approximate potential of these frames, or the one in the cache of trainings."""
        return approximate_potential(
            images, name="zro", level_of_theory=LEVEL_OF_THEORY, cutoff=CUTOFF_A, seed=self.seed
        )

    def _explorations(
        self, n_frames: int, stage: int, approximate: ApproximatePotential
    ) -> tuple[list[ExplorationJob], dict[str, Any]]:
        recipe = self.recipe
        jobs = [
            ExplorationJob(index, number, self.seed, stage, recipe, approximate, self.reference)
            for index, number in enumerate(shares(n_frames, recipe.frames_per_job))
        ]
        settings = {
            "recipe": asdict(recipe),
            "cycle": CYCLE,
            "approximate": approximate.sha256,
            "n_frames": n_frames,
            "seed": self.seed,
            "stage": stage,
            **self.labels,
        }
        return jobs, settings

    def _kept(self, name: str, jobs: Sequence[Any], settings: dict[str, Any]) -> list[Atoms]:
        """Frames of the folder; made, unless they are there."""
        file = self.folder / f"{name}-{content_key(settings)[:16]}.extxyz"
        if not file.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            build_frames(file, jobs, settings=settings, title=f"Zr-O {name}", **self.options)
        return list(read_images(file))


def _report(frames: Sequence[Atoms]) -> None:
    """Say how many candidates were dropped."""
    from rich.console import Console

    counts = dropped(frames)
    n_candidates = len(frames) + sum(counts.values())
    text = ", ".join(f"{counts[key]} {why}" for key, why in REASONS.items())
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"{len(frames)} Zr-O frames of {n_candidates} candidates; dropped: {text}")
