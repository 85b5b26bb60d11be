"""Models to time: the sizes of the paper for CHA, trained for a few steps.

The speed of a model does not depend on its weights, but its forces must be sane for molecular
dynamics to be. ``python -m tests.benchmarks.gpu.models FOLDER ARCHITECTURE…`` writes the files
beforehand, for a machine that is too expensive to train on.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ms25_suite.potentials.registry import get_trainer
from ms25_suite.training import Trainer, train
from ms25_suite.training.data import training_data, training_request

__all__ = ["SIZES", "ModelFile", "find_or_train", "model_name"]

SIZES: Final = ("paper", "smoke")
"""Size of the networks: Tables 2 to 5 of the paper, or those of the smoke budget for a try."""

_N_TRAIN: Final = 2
"""Training frames: few, as the weights need not be good."""

_FIXED_DTYPE: Final = ("nequip", "allegro")
"""Architectures whose files compute in the floating-point type that they were built in."""

_BRIEF: Final[dict[str, dict[str, Any]]] = {
    "mace": {"max_num_epochs": 2, "stress_weight": 10},
    "ani": {"max_num_epochs": 4},
    "nequip": {"epochs": 1},
    "allegro": {"epochs": 1},
}
"""What is changed in the recipes: the number of epochs, and that stresses are trained too."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file and its size.

    Parameters
    ----------
    path
        The file.
    size
        One of `SIZES`.
    """

    path: Path
    size: str


def model_name(architecture: str, dtype: str, size: str) -> str:
    """Stem of the name of a model file; the same for both types where one file serves both."""
    fixed = f"-{dtype}" if architecture in _FIXED_DTYPE else ""
    return f"{architecture}-cha-{size}{fixed}"


def find_or_train(
    architecture: str, dtype: str, size: str, folder: Path | None = None
) -> ModelFile:
    """Model file from a folder of such files, or else a new one from a brief training.

    Parameters
    ----------
    architecture
        ``mace``, ``nequip``, ``allegro`` or ``ani``.
    dtype
        ``float32`` or ``float64``.
    size
        One of `SIZES`.
    folder
        Where model files made beforehand are; None: nowhere.

    Raises
    ------
    Ms25Error
        The training failed.
    """
    stem = model_name(architecture, dtype, size)
    if folder is not None:
        found = [
            path
            for path in sorted(folder.glob(f"{stem}.*"))
            if not path.name.endswith((".json", ".part"))
        ]
        if found:
            return ModelFile(found[0], size)
    return ModelFile(_train(architecture, dtype, size), size)


def _train(architecture: str, dtype: str, size: str) -> Path:
    from ms25_suite.datasets import open_dataset

    trainer = _brief(architecture, dtype)
    dataset = open_dataset("cha")
    request = training_request(dataset, trainer, n=_N_TRAIN, budget=size)
    return train(trainer, request, training_data(dataset, request)).model_path


def _brief(architecture: str, dtype: str) -> Trainer:
    """The trainer of an architecture with few epochs."""
    usual = get_trainer(architecture)
    kind = type(usual)

    class Brief(kind):  # type: ignore[misc, valid-type]
        """Same networks, but a training that only brings the weights to a sane size."""

        recipe_file = usual.recipe_file

        def recipe(self, budget: str) -> dict[str, Any]:
            recipe = dict(super().recipe(budget))
            brief = dict(_BRIEF[architecture])
            brief["default_dtype" if architecture == "mace" else "dtype"] = dtype
            epochs = next(value for key, value in brief.items() if "epochs" in key)
            recipe |= brief | {"max_validation": 1, "batch_size": 1}
            recipe |= {"frame_passes": epochs, "epochs_least": epochs, "epochs_most": epochs}
            if "phases" in recipe:
                recipe["phases"] = [{**recipe["phases"][0], "share": 1.0}]
            if "systems" in recipe:
                recipe["systems"] = {
                    name: {**values, **brief, "batch_size": 1}
                    for name, values in recipe["systems"].items()
                }
            return recipe

    return Brief()


def main(arguments: list[str]) -> None:
    """Write the models of some architectures to a folder."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for architecture in arguments[1:]:
        dtypes = ("float64", "float32") if architecture in _FIXED_DTYPE else ("float64",)
        for dtype in dtypes:
            path = find_or_train(architecture, dtype, "paper", folder).path
            suffix = "".join(path.suffixes[-2:]) if path.suffix == ".zip" else path.suffix
            target = folder / f"{model_name(architecture, dtype, 'paper')}{suffix}"
            if path != target:
                shutil.copyfile(path, target)
                shutil.copyfile(f"{path}.json", f"{target}.json")
            print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
