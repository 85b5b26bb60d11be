"""The manifest of a trained model: what it is, and what it was trained on.

It is the sidecar of the model file, ``NAME.json`` beside ``NAME``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.files import MISSING, file_problem, refuse_irregular
from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.sealed import CHECKSUM_KEY, DamagedError, sealed_json, unseal_json
from ms25_suite.training.parent import Parent, ParentRecord
from ms25_suite.training.request import TrainingData, TrainingRequest, part_hash

__all__ = [
    "SCHEMA",
    "UNITS",
    "Manifest",
    "ModelRecord",
    "TrainingDataRecord",
    "parent_record",
    "read_manifest",
    "sidecar_path",
    "write_manifest",
]

SCHEMA: Final = 1

_DIGEST: Final = re.compile(r"(?:[0-9a-fA-F]{2})+")

UNITS: Final = {
    "energy": "eV",
    "forces": "eV/Å",
    "stress": "eV/Å^3",
    "energy_rmse": "eV/atom",
    "energy_mae": "eV/atom",
    "forces_rmse": "eV/Å",
    "forces_mae": "eV/Å",
    "stress_rmse": "eV/Å^3",
    "stress_mae": "eV/Å^3",
    "r_max": "Å",
    "wall_time": "s",
}
"""Units of the numbers in a manifest."""


@dataclass(frozen=True, slots=True)
class TrainingDataRecord:
    """Data that a model was trained on.

    Parameters
    ----------
    name, sha256, level_of_theory, tier, system
        The dataset; see `TrainingData`.
    n_train, n_validation
        Number of frames.
    n_train_with_stress
        Number of training frames with a stress.
    set
        Set of splits that the frames are from, counted from 1.
    split
        What the frames were drawn by, if it was asked for: ``frame`` or ``trajectory``.
    train_sha256, validation_sha256
        SHA-256 of frames and labels.
    """

    name: str | None = None
    sha256: str | None = None
    level_of_theory: str | None = None
    tier: str | None = None
    system: str | None = None
    n_train: int | None = None
    n_validation: int | None = None
    n_train_with_stress: int | None = None
    set: int | None = None
    split: str | None = None
    train_sha256: str | None = None
    validation_sha256: str | None = None

    @classmethod
    def of(cls, request: TrainingRequest, data: TrainingData) -> TrainingDataRecord:
        """Record of the data of a training."""
        has_stress = data.train[1].has_stress
        return cls(
            name=data.name,
            sha256=data.sha256,
            level_of_theory=data.level_of_theory,
            tier=data.tier,
            system=data.system,
            n_train=len(data.train[0]),
            n_validation=len(data.validation[0]),
            n_train_with_stress=0 if has_stress is None else int(has_stress.sum()),
            set=request.set,
            split=request.split,
            train_sha256=part_hash(data.train),
            validation_sha256=part_hash(data.validation),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON; ``system`` is there even if it is None."""
        return {**_without_none(asdict(self)), "system": self.system}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """The model file.

    Parameters
    ----------
    file
        Its name.
    sha256
        SHA-256 of its content.
    epoch
        Epoch whose weights it holds, counted from 1.
    chosen_by
        How that epoch was chosen.
    weights
        Which weights they are.
    ended_by
        What ended the training.
    head
        The head that learned the data, if the model has several.
    """

    file: str | None = None
    sha256: str
    epoch: int | None = None
    chosen_by: str | None = None
    weights: str | None = None
    ended_by: str | None = None
    head: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Manifest of a trained model: its training data, recipe and properties.

    Parameters
    ----------
    schema
        Version of this format, `SCHEMA`.
    architecture, budget, seed
        What was trained; see `TrainingRequest`.
    data
        What it was trained on.
    parent
        The model that the training started from; None if it started from random weights.
    heads
        Level of theory of each head, as far as it is known, if the model has several.
    recipe
        All settings of the training.
    versions
        Versions of the packages that the model depends on.
    device
        Kind of device, ``cpu`` or ``cuda``.
    r_max
        Cutoff radius in Å.
    dtype
        Floating-point type.
    species
        Chemical symbols, in the order of their numbers in the model.
    seen_frames
        Fingerprints of the training and validation frames, in hexadecimal digits.
    model
        The model file.
    validation_errors
        Errors of the chosen epoch; see `EpochReport`.
    threads
        Number of threads of the training.
    wall_time
        Time of the training in seconds, over all runs that it took.
    continued
        Whether it was stopped and continued.
    units
        Units of the numbers.
    curve
        Training curve: ``epoch``, ``loss`` and validation errors, lists of equal length.
    sealed
        Whether its file had a checksum, as each that is written here has. Not a part of the file.
    """

    schema: int
    architecture: str | None = None
    budget: str | None = None
    data: TrainingDataRecord = field(default_factory=TrainingDataRecord)
    parent: ParentRecord | None = None
    heads: dict[str, str] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    device: str | None = None
    r_max: float | None = None
    dtype: str | None = None
    species: tuple[str, ...] = ()
    seen_frames: tuple[str, ...] = ()
    model: ModelRecord
    validation_errors: dict[str, float] = field(default_factory=dict)
    threads: int | None = None
    wall_time: float | None = None
    continued: bool | None = None
    units: dict[str, str] = field(default_factory=dict)
    curve: dict[str, list[float]]
    sealed: bool = True

    def __post_init__(self) -> None:
        wrong = next((one for one in self.seen_frames if not _DIGEST.fullmatch(one)), None)
        if wrong is not None:
            msg = f"`seen_frames` must be fingerprints in hexadecimal digits, found {wrong[:40]!r}"
            raise ValueError(msg)

    def level_of_head(self, head: str) -> str:
        """Level of theory that a head learned, or the model without heads; empty if unknown."""
        if head in ("", self.model.head):
            return self.data.level_of_theory or ""
        return self.heads.get(head, "")

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON, in the order of the file; what is None is left out."""
        found = asdict(self)
        del found["sealed"]
        found["data"] = self.data.to_dict()
        found["model"] = _without_none(found["model"])
        if self.parent is not None:
            found["parent"] = _without_none(found["parent"])
        if not self.heads:
            del found["heads"]
        found["species"], found["seen_frames"] = list(self.species), list(self.seen_frames)
        return _without_none(found)


def parent_record(parent: Parent, options: dict[str, Any]) -> ParentRecord:
    """The parent for the sidecar of its child.

    Parameters
    ----------
    parent
        The parent.
    options
        Options of the package's training program that belong to the fine-tuning.
    """
    replay, digest = parent.replay, None
    if replay is not None:
        both = part_hash(replay.train) + part_hash(replay.validation)
        digest = hashlib.sha256(both.encode()).hexdigest()
    return ParentRecord(
        name=parent.name,
        sha256=parent.sha256,
        path=parent.given,
        head=parent.head or None,
        level_of_theory=parent.level_of_theory or None,
        strategy=parent.strategy,
        replay=None if replay is None else replay.name,
        replay_sha256=digest,
        n_replay=None if replay is None else len(replay.train[0]),
        options=options,
    )


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}


def sidecar_path(model: Path) -> Path:
    """Sidecar of a model file."""
    return model.with_name(model.name + ".json")


def write_manifest(model: Path, manifest: Manifest) -> None:
    """Write the sidecar of a model file, with a checksum, as a whole or not at all."""
    text = sealed_json(manifest.to_dict(), indent=1)
    with atomic_path(sidecar_path(model)) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_manifest(model: Path) -> Manifest | None:
    """Manifest of a model file from its sidecar.

    Returns
    -------
    :
        None if there is no sidecar, or a JSON file of that name is of another program.

    Raises
    ------
    ModelFileError
        The sidecar cannot be read or is damaged, a value in it is not what is expected, or it is
        that of another model file. It names the frames that the model has seen, which would
        otherwise be judged.
    """
    path = sidecar_path(model)
    if file_problem(path) == MISSING:
        return None
    advice = (
        "Copy both files again; or move the sidecar away, if it is not of this model: then "
        f"nothing is known of the training of {model}"
    )
    try:
        found = read_json(path, "the sidecar", ModelFileError)
        sealed = isinstance(found, dict) and CHECKSUM_KEY in found
        if sealed:
            found = unseal_json(found, f"the sidecar {path}")
    except (ModelFileError, DamagedError) as error:
        msg = f"the sidecar {path} is damaged ({error}). {advice}"
        raise ModelFileError(msg) from error
    if not (isinstance(found, dict) and "schema" in found and {"model", "curve"} & set(found)):
        return None
    if found["schema"] != SCHEMA:
        msg = f"{path}: expected schema {SCHEMA}, found {str(found['schema'])[:40]}. {advice}"
        raise ModelFileError(msg)
    manifest = replace(read_as(Manifest, found, str(path), ModelFileError), sealed=sealed)
    refuse_irregular(model, "the model file", ModelFileError)
    sha256 = file_sha256(model)
    if manifest.model.sha256 != sha256:
        msg = (
            f"{model} is not the model file that its sidecar {path.name} was written for: expected "
            f"sha256 {manifest.model.sha256[:64]}, found {sha256}. It is damaged or was replaced. "
            f"{advice}"
        )
        raise ModelFileError(msg)
    return manifest
