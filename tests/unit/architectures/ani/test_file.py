"""Files of the networks that the suite trains."""

from __future__ import annotations

import collections
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.architectures.ani.file import FORMAT, expect_no_extensions, write_network
from ms25_suite.architectures.ani.model import TorchaniArchitecture
from ms25_suite.core.errors import ModelFileError
from ms25_suite.potentials.registry import detect
from tests.helpers.tiny_ani import CONFIG, predict, tiny_network

expect_no_extensions()
pytest.importorskip("torchani")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.ani


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": FORMAT.replace("/1", "/99")}, r"expected the format .*found .*/99"),
        ({"config": json.dumps({"symbols": ["H"]})}, "must have the values symbols"),
        ({"config": json.dumps({**asdict(CONFIG), "hidden": [3]})}, "cannot be read"),
        ({"state_dict": collections.OrderedDict()}, "cannot be read"),
    ],
)
def test_files_of_ours_that_do_not_fit(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.pt"
    write_network(whole, tiny_network(CONFIG), CONFIG)
    content = torch.load(whole, weights_only=True)
    path = tmp_path / "changed.pt"
    torch.save({**content, **change}, path)
    assert detect(path).name == "ani"
    with pytest.raises(ModelFileError, match=message):
        TorchaniArchitecture().load(path, device="cpu", dtype="float64")


def test_energies_of_the_elements_keep_their_digits_in_float32(tmp_path: Path) -> None:
    made = tiny_network(CONFIG)
    made.energy_shifter.self_energies.copy_(torch.tensor([-1000.123456789] * 5))
    path = tmp_path / "deep.pt"
    write_network(path, made, CONFIG)
    single, double = predict(path, "float32"), predict(path)
    # float32 has 7 digits: of -1000 Hartree that would be 0.002 eV for each atom.
    np.testing.assert_allclose(single.energy, double.energy, rtol=0, atol=1e-3)
