"""Files that look like models of MACE and cannot be loaded: what is decided before loading."""

from __future__ import annotations

import zipfile
from pathlib import Path


def pretended_mace(path: Path, *, compiled: bool = False) -> Path:
    """A file with the pickle of a MACE model, or the code of one that TorchScript compiled."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", b"cmace.modules.models\nScaleShiftMACE\n.")
        if compiled:
            file.writestr("archive/code/__torch__/mace/modules/models.py", b"")
    return path
