"""Approximate potentials: small MACE models of an expensive reference, for sampling only.

The paper samples water with a potential that was trained on a few frames, and labels the sampled
structures with the reference. The approximate potential only decides which structures are
sampled; its own energies and forces are never stored::

    approximate = approximate_potential(images, name="water", level_of_theory="GFN1-xTB", ...)
    with approximate.calculator() as calculator:
        atoms.calc = calculator
        ...

An `ApproximatePotential` is a path and a hash, so that a job can take it to another process. Its
``sha256`` is part of the settings of a build, since the frames depend on the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ms25_suite.core.cache import content_key
from ms25_suite.core.errors import LabelError, ReferenceCalculatorError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.core.frames import Frames, Labels

if TYPE_CHECKING:
    from ase import Atoms

    from ms25_suite.training import TrainingProgress
    from ms25_suite.training.request import Part

__all__ = ["ApproximatePotential", "approximate_potential"]

BUDGET: Final = "approximate"
"""Budget in ``architectures/mace/mace.toml``; it is not offered to users."""

VALIDATION_EVERY: Final = 10
"""Every tenth frame is a validation frame."""

DTYPE: Final = "float32"
"""For speed; positions are rounded to 1e-6 Å before they are labelled."""


@dataclass(frozen=True, slots=True)
class ApproximatePotential:
    """A trained approximate potential, as a file.

    It can be pickled; a job opens the file in its own process.

    Parameters
    ----------
    path
        The model file.
    sha256
        Its SHA-256, as 64 hexadecimal digits.
    validation_errors
        Errors on the validation frames: ``energy_rmse`` (eV/atom), ``forces_rmse``
        (eV/Å), ``stress_rmse`` (eV/Å^3), …, as in the training manifest.
    """

    path: Path
    sha256: str
    validation_errors: Mapping[str, float] = field(default_factory=dict, compare=False)

    @contextmanager
    def calculator(self) -> Iterator[Any]:
        """ASE calculator of the potential, in a worker process that ends with the block.

        Raises
        ------
        ReferenceCalculatorError
            The file is not the one that was trained.
        PotentialError
            The model cannot be loaded; later, its predictions are not finite.
        """
        from ms25_suite.potentials.opening import from_model_file
        from ms25_suite.potentials.potential import PotentialOptions

        options = PotentialOptions(dtype=DTYPE, use_cache=False)
        potential = from_model_file(self.path, "mace", "the approximate potential", options)
        if potential.sha256 != self.sha256:
            msg = (
                f"{self.path} changed since it was trained: expected SHA-256 {self.sha256}, found "
                f"{potential.sha256}; start the build again"
            )
            raise ReferenceCalculatorError(msg)
        try:
            yield potential.calculator()
        finally:
            potential.close()


def approximate_potential(
    images: Sequence[Atoms],
    *,
    name: str,
    level_of_theory: str,
    cutoff: float,
    seed: int,
    progress: TrainingProgress | None = None,
) -> ApproximatePotential:
    """Train an approximate MACE on labelled frames, or take it from the cache of trainings.

    The same frames, seed and versions give the same model on the same kind of machine. An
    interrupted training starts again, since a resumed one ends with other weights.

    Parameters
    ----------
    images
        Frames with ``REF_energy``, ``REF_forces`` and ``REF_stress``, as
        `ms25_suite.reference.labels.label` attaches them. Each element must be in a training frame.
    name
        Name of the system, for the names of files.
    level_of_theory
        Method of the labels.
    cutoff
        Cutoff radius in Å; the training recipe may use a shorter one.
    seed
        Seed of the initial weights and of the order of the frames.
    progress
        Receives the progress of the training.

    Raises
    ------
    LabelError
        A frame has no labels, or labels that are not finite.
    ReferenceCalculatorError
        There are fewer than two frames.
    ArchitectureNotInstalledError
        MACE is not installed.
    TrainingError
        The training failed; the message contains the end of its log.
    """
    from ms25_suite.potentials.registry import get_trainer
    from ms25_suite.training import TrainingData, TrainingRequest, train

    if len(images) < 2:
        msg = (
            "an approximate potential needs a frame to train on and one to validate on, found "
            f"{len(images)} labelled frames"
        )
        raise ReferenceCalculatorError(msg)
    # Evenly spread over the frames, which come trajectory by trajectory.
    validation = list(range(VALIDATION_EVERY - 1, len(images), VALIDATION_EVERY))
    validation = validation or [len(images) - 1]
    train_part = _part([atoms for i, atoms in enumerate(images) if i not in set(validation)])
    data = TrainingData(
        name=f"{BUDGET}-{name}",
        sha256=content_key({"made for": name}),  # not of a file: the frames are hashed as well
        level_of_theory=level_of_theory,
        tier="mini",
        cutoff=cutoff,
        train=train_part,
        validation=_part([images[i] for i in validation]),
    )
    request = TrainingRequest("mace", len(train_part[0]), seed=seed, budget=BUDGET)
    # One thread: the order of floating-point sums, and with it the weights, would depend on their
    # number.
    trained = train(
        get_trainer(request.architecture), request, data, threads=1, resume=False, progress=progress
    )
    return ApproximatePotential(
        trained.model_path,
        trained.manifest.model.sha256,
        trained.manifest.validation_errors,
    )


def _part(images: Sequence[Atoms]) -> Part:
    """Convert labelled frames to arrays."""
    for index, atoms in enumerate(images):
        missing = [key for key in (REF_ENERGY, REF_STRESS) if key not in atoms.info]
        missing += [key for key in (REF_FORCES,) if key not in atoms.arrays]
        if missing:
            msg = (
                f"expected labelled frames to train an approximate potential; frame {index} "
                f"({atoms.get_chemical_formula()}) has no {', '.join(missing)}"
            )
            raise LabelError(msg)
    labels = Labels(
        energy=np.array([atoms.info[REF_ENERGY] for atoms in images], dtype=np.float64),
        forces=np.concatenate([atoms.arrays[REF_FORCES] for atoms in images]),
        stress=np.array([atoms.info[REF_STRESS] for atoms in images]),
    )
    return Frames.from_atoms(images), labels
