"""Installed packages with entry points, as `importlib.metadata` finds them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest


def add_package(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    name: str,
    group: str,
    entries: dict[str, str],
    modules: dict[str, str],
) -> None:
    """Put a package on the path.

    Parameters
    ----------
    monkeypatch
        Takes it away again.
    folder
        Empty folder for it.
    name
        Name of the package.
    group, entries
        Its entry points: name to ``module:object``.
    modules
        Path of each of its files to the content.
    """
    for path, text in modules.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    installed = folder / f"{name.replace('-', '_')}-1.2.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    lines = "\n".join(f"{key} = {value}" for key, value in entries.items())
    (installed / "entry_points.txt").write_text(f"[{group}]\n{lines}\n")
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
