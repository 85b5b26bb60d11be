"""What kind of file a model file is, for the tools that read it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ms25_suite.core.errors import DeployError

__all__ = ["input_suffix", "is_compiled"]


def is_compiled(model: Path) -> bool:
    """Whether a file is a compiled model of the nequip framework, which cannot be converted."""
    if not zipfile.is_zipfile(model):
        return False
    with zipfile.ZipFile(model) as archive:
        return any("data/aotinductor" in name for name in archive.namelist())


def input_suffix(model: Path, architecture: str) -> str:
    """Suffix by which the tools of an architecture recognise a model file, from its content.

    Raises
    ------
    DeployError
        The file is a compiled model already.
    """
    if architecture not in ("nequip", "allegro"):
        return ".model"
    if is_compiled(model):
        msg = (
            f"{model} is a compiled model already, which cannot be converted back: give the "
            "checkpoint (.ckpt) or package (.nequip.zip) from which it was compiled"
        )
        raise DeployError(msg)
    if zipfile.is_zipfile(model):
        with zipfile.ZipFile(model) as archive:
            names = archive.namelist()
        if any(name.endswith("/package_metadata.txt") for name in names):
            return ".nequip.zip"
    return ".ckpt"
