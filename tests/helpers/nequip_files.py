"""Archives that look like files of the nequip framework from outside."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

METADATA = {
    "r_max": "5.0",
    "type_names": "Cu Ni",
    "AOTI_DEVICE_KEY": "cpu",
    "nequip_aoti_inputs": "pos edge_index atom_types cell edge_cell_shift",
    "nequip_aoti_outputs": "atomic_energy total_energy forces stress",
}


def checkpoint(path: Path, *strings: str) -> Path:
    content = {"pytorch-lightning_version": "2.6", "hyper_parameters": list(strings)}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
    return path


def compiled(path: Path, metadata: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data/aotinductor/model/abc.wrapper.so", "")
        archive.writestr("model/data/aotinductor/model/abc_metadata.json", json.dumps(metadata))
    return path
