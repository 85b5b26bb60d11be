"""Whether a potential can be compared with stand-in labels at all.

The built-in labels stand in for the paper's DFT. A potential that learned DFT differs from them by
the difference of the two methods, which may be hundreds of meV/atom, and is no error of it. So a
potential is compared with stand-in labels only if it is known to have learned that very reference.
Labels that are no stand-in are a choice of the user: there, the comparison counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from ms25_suite.core.fields import NOT_STATED
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.training.manifest import Manifest, read_manifest

__all__ = ["Learned"]

_OF_THE_LABELS = ("reference", "baseline")
"""Architectures of potentials that are made from the labels of the dataset that they are for."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known about the reference that a potential learned.

    Parameters
    ----------
    potential
        Name of the potential.
    level_of_theory
        Level of theory of its training labels; empty if nothing states it.
    sha256
        SHA-256 of the dataset that it was trained on; empty if unknown.
    doubt
        Why what its sidecar says of it is not used; empty if it is, or there is none.
    """

    potential: str
    level_of_theory: str = ""
    sha256: str = ""
    doubt: str = ""

    @classmethod
    def by(cls, potential: Potential, dataset: Dataset) -> Self:
        """What a potential learned that was opened for a dataset."""
        if potential.architecture in _OF_THE_LABELS:
            return cls._of(potential.name, dataset)
        if potential.level_of_theory:
            return cls(potential.name, potential.level_of_theory)
        return cls._stated(potential.name, potential.manifest, potential.options.head)

    @classmethod
    def as_named(
        cls, spec: PotentialSpec, dataset: Dataset, open_source: Callable[[str], Dataset]
    ) -> Self:
        """What a potential will have learned, before it is opened or trained.

        Parameters
        ----------
        spec
            The potential, as the command line names it.
        dataset
            Dataset to judge it on.
        open_source
            Opens the dataset that a ``train:`` potential names.

        Raises
        ------
        Ms25Error
            The sidecar of a model file, or that dataset, cannot be read.
        """
        if spec.kind in _OF_THE_LABELS:
            return cls._of(spec.name, dataset)
        if spec.kind == "train":
            source = dataset if spec.trained_on is None else open_source(spec.trained_on)
            return cls._of(spec.name, source)
        if spec.model is not None:
            return cls(spec.name, spec.model.level_of_theory)
        is_file = spec.kind == "model" and spec.path is not None
        manifest = read_manifest(spec.path) if is_file and spec.path else None
        return cls._stated(spec.name, manifest, spec.model_options.head)

    @classmethod
    def _of(cls, name: str, dataset: Dataset) -> Self:
        return cls(name, _known(dataset.card.level_of_theory), dataset.sha256)

    @classmethod
    def _stated(cls, name: str, manifest: Manifest | None, head: str) -> Self:
        if manifest is None:
            return cls(name)
        if not manifest.sealed:
            # Written or changed by hand. What it says of frames that were seen can only take some
            # away, while this would open the gate.
            return cls(name, doubt="its sidecar has no checksum, so that it is not believed")
        if head and head != manifest.model.head:
            # Another head learned other labels than those of the data.
            return cls(name, _known(manifest.level_of_head(head)))
        data = manifest.data
        return cls(name, _known(data.level_of_theory), data.sha256 or "")

    def mismatch(self, dataset: Dataset) -> str:
        """Why the potential cannot be compared with the labels of a dataset.

        Returns
        -------
        :
            Empty if it can: the labels are no stand-in, or it learned the same ones, or others of
            their level of theory.
        """
        if not dataset.card.stand_in or self.sha256 == dataset.sha256:
            return ""
        labels = dataset.card.level_of_theory
        if self.level_of_theory and self.level_of_theory == labels:
            return ""
        learned = (
            f"{self.potential} learned {self.level_of_theory}"
            if self.level_of_theory
            else f"nothing says that {self.potential} learned them"
        )
        if self.doubt:
            learned += f" ({self.doubt})"
        return f"two levels of theory: the labels of {dataset.name} are of {labels}; {learned}"


def _known(level: str | None) -> str:
    return "" if level in (None, "", NOT_STATED) else str(level)
