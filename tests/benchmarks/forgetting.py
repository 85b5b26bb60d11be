"""A foundation model that is fine-tuned in several ways, to see what each of them forgets.

    python -m tests.benchmarks.forgetting FOLDER [parent naive mixed more …]

``parent.model`` is a small MACE of frames of CHA, MgO(100) and Zr-O together. The others are made
of it and 40 frames of LTA, by options of ``mace_run_train``: ``naive`` goes on with the new frames
only, ``lora`` as well, in few parameters; ``mixed`` sees ten old frames of each among the new ones,
``more`` many of CHA besides, ``gentle`` ten at a fifth of the rate, and ``replay`` ten in a head of
their own (``replay-old`` is that head). ``scratch`` has the new frames and no parent. Each takes
minutes on one core; what is there already is kept. ``lta-tune.toml`` beside them is LTA divided
into training, validation and test frames: ``docs/measured.md`` says how the models are judged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.training.files import write_extxyz
from ms25_suite.training.request import Part

OLD: Final = ("cha", "mgo-2x2", "zro")
N_OLD: Final = (100, 20)
"""Training and validation frames of each dataset of the parent."""
N_REPLAY: Final = 10
"""Frames of each that are seen again."""
N_MORE: Final = 70
"""Frames of CHA that ``more`` sees besides, the first of them twice."""

LTA: Final = """
name = "lta-tune"
elements = ["Si", "O"]
cutoff = 5.0
level_of_theory = "Vashishta SiO2 (SiO.1994.vashishta: Nakano, Kalia and Vashishta 1994)"
stand_in = true
threshold_class = "standard"

[[files]]
path = "lta.extxyz.xz"

[splits]
train = 40
validation = 20
test = 60
seed = 2025
"""

MODEL: Final[Mapping[str, Any]] = {
    "model": "MACE",
    "default_dtype": "float32",
    "r_max": 5.0,
    "num_channels": 24,
    "max_L": 0,
    "max_ell": 2,
    "correlation": 3,
    "num_interactions": 1,
    "radial_MLP": "[32, 32]",
    "E0s": "average",
}
"""The model of the budget ``smoke``."""

TRAINING: Final[Mapping[str, Any]] = {
    "loss": "universal",
    "huber_delta": 0.01,
    "energy_weight": 20,
    "forces_weight": 60,
    "stress_weight": 60,
    "scheduler": "ExponentialLR",
    "ema": True,
    "ema_decay": 0.995,
    "batch_size": 1,
    "valid_batch_size": 10,
    "eval_interval": 1,
    "num_workers": 0,
    "pin_memory": False,
    "seed": 1,
    "device": "cpu",
    "energy_key": "REF_energy",
    "forces_key": "REF_forces",
    "stress_key": "REF_stress",
    "plot": False,
    "restart_latest": True,
}


def _decay(lr: float, last: float, epochs: int) -> dict[str, Any]:
    gamma = (last / lr) ** (1 / (epochs - 1))
    return {
        "lr": lr,
        "lr_scheduler_gamma": gamma,
        "max_num_epochs": epochs,
        "patience": epochs + 1,
    }


def _tuning(folder: Path, **changes: Any) -> dict[str, Any]:
    """Options that all fine-tunings share: all elements and their energies stay."""
    return {
        "foundation_model": str(folder / "parent.model"),
        "foundation_model_elements": True,
        "multiheads_finetuning": False,
        "E0s": "foundation",
        "loss": "universal",
        "default_dtype": "float32",
        **_decay(0.001, 0.0002, 10),
        **changes,
    }


def _options(folder: Path, name: str) -> dict[str, Any]:
    replay = {
        "multiheads_finetuning": True,
        "pt_train_file": str(folder / "replay-train.extxyz"),
        "pt_valid_file": str(folder / "old-validation.extxyz"),
        "num_samples_pt": N_REPLAY * len(OLD),
        "weight_pt_head": 1.0,
        "force_mh_ft_lr": True,
    }
    chosen: dict[str, dict[str, Any]] = {
        "parent": {**MODEL, **_decay(0.01, 0.00235, 15)},
        "scratch": {**MODEL, **_decay(0.01, 0.001, 20)},
        "naive": _tuning(folder),
        "mixed": _tuning(folder),
        "more": _tuning(folder, **_decay(0.001, 0.0002, 6)),
        "gentle": _tuning(folder, **_decay(0.0002, 0.0001, 4)),
        "lora": _tuning(folder, lora=True, lora_rank=4, lora_alpha=1.0),
        "replay": _tuning(folder, **replay),
    }
    files = {"parent": "old", "mixed": "mixed", "gentle": "mixed", "more": "more"}.get(name, "new")
    return {
        **TRAINING,
        **chosen[name],
        "name": name,
        "work_dir": str(folder / name),
        "train_file": str(folder / f"{files}-train.extxyz"),
        "valid_file": str(folder / f"{'old' if name == 'parent' else 'new'}-validation.extxyz"),
    }


def _part(dataset: Dataset, which: str, n: int | None = None) -> Part:
    splits = dataset.splits
    indices = splits.validation(set=1) if which == "validation" else splits.train(set=1)
    return dataset.part(indices[:n])


def _together(parts: list[Part]) -> Part:
    frames = Frames.concatenate([frames for frames, _ in parts])
    energy, forces, stress = [], [], []
    for part, labels in parts:
        energy.append(np.asarray(labels.energy))
        forces.append(np.asarray(labels.forces))
        absent = np.full((len(part), 6), np.nan)
        stress.append(absent if labels.stress is None else np.asarray(labels.stress))
    return frames, Labels(*map(np.concatenate, (energy, forces, stress)))


def _write_frames(folder: Path) -> None:
    shutil.copy(open_dataset("lta").sources[0], folder)
    (folder / "lta-tune.toml").write_text(LTA, encoding="utf-8")
    old = [open_dataset(name) for name in OLD]
    new = open_dataset(str(folder / "lta-tune.toml"))
    parts: dict[str, list[Part]] = {
        "old-train": [_part(one, "train", N_OLD[0]) for one in old],
        "old-validation": [_part(one, "validation", N_OLD[1]) for one in old],
        "replay-train": [_part(one, "train", N_REPLAY) for one in old],
        "new-train": [_part(new, "train")],
        "new-validation": [_part(new, "validation")],
    }
    parts["mixed-train"] = parts["new-train"] + parts["replay-train"]
    parts["more-train"] = [*parts["mixed-train"], _part(old[0], "train", N_MORE)]
    for name, some in parts.items():
        write_extxyz(folder / f"{name}.extxyz", _together(some))


def _head(model: Path, head: str, out: Path) -> None:
    program = [sys.executable, "-m", "mace.cli.select_head"]
    subprocess.run([*program, "-n", head, "-o", str(out), str(model)], check=True)


def main() -> None:
    """Make the frames and the models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "more-train.extxyz").is_file():
        _write_frames(folder)
    every = ("parent", "naive", "mixed", "more", "gentle", "replay", "scratch", "lora")
    for name in options.names or every:
        model = folder / f"{name}.model"
        if model.is_file():
            continue
        config = folder / f"{name}.json"
        config.write_text(json.dumps(_options(folder, name)), encoding="utf-8")
        command = [sys.executable, "-m", "ms25_suite.architectures.mace.launcher", str(config)]
        subprocess.run(command, cwd=folder, check=True)
        made = folder / name / f"{name}.model"
        if name == "replay":
            # One file for each head, with the elements of the head.
            _head(made, "Default", model)
            _head(made, "pt_head", folder / "replay-old.model")
        else:
            shutil.copy(made, model)


if __name__ == "__main__":
    main()
