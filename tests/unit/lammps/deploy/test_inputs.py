"""What kind of file a model file is."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ms25_suite.core.errors import DeployError
from ms25_suite.environments.installation import Installation
from ms25_suite.lammps.deploy.inputs import input_suffix

PLACE = Installation()


def test_inputs_are_called_what_the_tools_expect(tmp_path: Path) -> None:
    entries = {"x/package_metadata.txt": ".nequip.zip", "x/data.pkl": ".ckpt"}
    for name, expected in entries.items():
        path = tmp_path / "anything"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "")
        assert input_suffix(path, "nequip") == expected
        assert input_suffix(path, "mace") == ".model"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data/aotinductor/model/a.so", "")
    with pytest.raises(DeployError, match=r"compiled model already.*\.ckpt"):
        input_suffix(path, "allegro")
