"""Files of the nequip framework from outside, and the way into a compiled model."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from ms25_suite.architectures.nequip.model import (
    AllegroArchitecture,
    NequipArchitecture,
    require_version,
)
from ms25_suite.core.errors import ArchitectureNotInstalledError, ModelFileError
from ms25_suite.potentials.registry import detect
from tests.helpers.nequip_files import METADATA, checkpoint, compiled


@pytest.mark.parametrize(
    ("strings", "name"),
    [
        (["nequip.train.EMALightningModule", "nequip.model.NequIPGNNModel"], "nequip"),
        (["nequip.train.EMALightningModule", "allegro.model.AllegroModel"], "allegro"),
        (["nequip.model.ModelFromPackage", "model.sole_model.model.func.allegro.x"], "allegro"),
    ],
)
def test_checkpoints(tmp_path: Path, strings: list[str], name: str) -> None:
    assert detect(checkpoint(tmp_path / "renamed.pt", *strings)).name == name


def test_a_checkpoint_of_another_framework_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="of no known architecture"):
        detect(checkpoint(tmp_path / "model.ckpt", "somebody.else.Model"))


@pytest.mark.parametrize("name", ["nequip", "allegro"])
def test_packages(tmp_path: Path, name: str) -> None:
    path = tmp_path / "model.nequip.zip"
    # A reference to something by name, as the pickle of a model has.
    pickled = b"\x80\x03c%s.nn.thing\nThing\nq\x00." % name.encode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/model/package_metadata.txt", "")
        archive.writestr("model/model/eager_model.pkl", pickled)
    assert detect(path).name == name


def test_compiled_models_do_not_say_their_architecture(tmp_path: Path) -> None:
    path = compiled(tmp_path / "model.nequip.pt2", METADATA)
    assert detect(path).name == "nequip"
    sidecar = tmp_path / "model.nequip.pt2.json"
    sidecar.write_text(json.dumps({"architecture": "allegro"}))
    assert detect(path).name == "allegro"
    sidecar.write_text("[]")
    assert detect(path).name == "nequip"


def test_each_is_its_own_architecture() -> None:
    assert (NequipArchitecture.package, AllegroArchitecture.package) == ("nequip", "allegro")
    assert NequipArchitecture.environment == AllegroArchitecture.environment == "nequip"


@pytest.mark.parametrize(
    ("found", "refused"), [("0.16.2", True), ("0.19.1", False), ("1.0", False)]
)
def test_an_old_nequip_is_refused(
    monkeypatch: pytest.MonkeyPatch, found: str, refused: bool
) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: found)
    if not refused:
        require_version("allegro")
        return
    with pytest.raises(
        ArchitectureNotInstalledError, match=r"nequip 0.16.2 is installed.*ms25 env"
    ):
        require_version("allegro")
