"""The sidecar of a trained model: what it is, and what it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.training.request import TrainingData, TrainingRequest, part_hash

__all__ = ["SCHEMA", "data_section", "read_manifest", "sidecar_path", "write_manifest"]

SCHEMA: Final = 1

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


def sidecar_path(model: Path) -> Path:
    """Sidecar of a model file."""
    return model.with_name(model.name + ".json")


def data_section(request: TrainingRequest, data: TrainingData) -> dict[str, Any]:
    """What a model was trained on."""
    has_stress = data.train[1].has_stress
    return {
        "name": data.name,
        "sha256": data.sha256,
        "level_of_theory": data.level_of_theory,
        "tier": data.tier,
        "system": data.system,
        "n_train": len(data.train[0]),
        "n_validation": len(data.validation[0]),
        "n_train_with_stress": 0 if has_stress is None else int(has_stress.sum()),
        "set": request.set,
        "train_sha256": part_hash(data.train),
        "validation_sha256": part_hash(data.validation),
    }


def write_manifest(model: Path, manifest: Mapping[str, Any]) -> None:
    """Write the sidecar of a model in one step."""
    text = json.dumps(manifest, indent=1, allow_nan=False, ensure_ascii=False)
    with atomic_path(sidecar_path(model)) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_manifest(model: Path) -> dict[str, Any] | None:
    """Sidecar of a model; None unless model and sidecar are whole and belong together."""
    try:
        manifest = json.loads(sidecar_path(model).read_text(encoding="utf-8"))
        fits = (
            manifest["schema"] == SCHEMA
            and isinstance(manifest["curve"], dict)
            and manifest["model"]["sha256"] == file_sha256(model)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(manifest) if fits else None
