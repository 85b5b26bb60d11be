"""Trainings of tiny models of the nequip framework."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.environments.installation import ISOLATED, Installation
from ms25_suite.potentials.registry import get_trainer
from ms25_suite.training import TrainingData, TrainingRequest
from ms25_suite.training.request import Part

SIZES: dict[str, dict[str, Any]] = {
    "nequip": {"num_features": 4, "type_embed_num_features": 4, "radial_mlp_width": 8},
    "allegro": {
        "num_scalar_features": 8,
        "num_tensor_features": 4,
        "scalar_embed_mlp_hidden_layers_width": 8,
        "allegro_mlp_hidden_layers_width": 8,
        "readout_mlp_hidden_layers_width": 8,
    },
}


def tiny_recipe(architecture: str, **values: Any) -> dict[str, Any]:
    """The smoke recipe with a network of a few hundred parameters."""
    recipe = get_trainer(architecture).recipe("smoke")
    return {**recipe, **SIZES[architecture], "r_max_limit": 3.5, "dtype": "float64", **values}


def run_script(place: Installation, name: str, *arguments: str) -> None:
    """Run one of ``tests/helpers/scripts`` where nequip is; its first argument is the suite."""
    python = sys.executable if place.python is None else str(place.python)
    script = Path(__file__).parent / "scripts" / name
    command = [python, "-P", str(script), str(ISOLATED), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{name} failed:\n{done.stderr[-3000:]}"


def labelled(images: list[Atoms]) -> Part:
    """Frames with the labels that they carry."""
    labels = Labels(
        energy=np.array([atoms.info["REF_energy"] for atoms in images]),
        forces=np.concatenate([atoms.arrays["REF_forces"] for atoms in images]),
        stress=np.array([atoms.info["REF_stress"] for atoms in images]),
    )
    return Frames.from_atoms(images), labels


def prepare(work: Path, architecture: str, images: list[Atoms], epochs: int = 1) -> Path:
    """Prepare a training of the first phase of the smoke recipe in a folder."""
    data = TrainingData(
        "cuni", "1" * 64, "EMT", "user", 5.0, labelled(images[:3]), labelled(images[3:5])
    )
    phase = {**get_trainer(architecture).recipe("smoke")["phases"][0], "share": 1.0}
    recipe = tiny_recipe(architecture, phases=[phase], epochs=epochs)
    trainer = get_trainer(architecture)
    settings = trainer.settings(recipe, TrainingRequest(architecture, 3, seed=1), data)
    work.mkdir(parents=True)
    trainer.prepare(work, settings, data, "cpu")
    return work
