"""ANI against TorchANI's own calculator, and the kinds of files that can be read."""

from __future__ import annotations

import collections
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.architectures.ani.file import FORMAT, AniConfig, expect_no_extensions, write_network
from ms25_suite.architectures.ani.model import TorchaniArchitecture
from ms25_suite.architectures.testing import ArchitectureConformance, standard_frames
from ms25_suite.core.errors import ModelFileError, PotentialError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import detect
from tests.helpers.tiny_ani import tiny_network

pytestmark = pytest.mark.ani
expect_no_extensions()
pytest.importorskip("torchani")
torch = pytest.importorskip("torch")

CONFIG = AniConfig(
    ("Cr", "Fe", "Co", "Ni", "Cu"),
    radial_cutoff=5.0,
    angular_cutoff=3.9,
    hidden=(12, 6),
    radial_shifts=8,
    angular_sections=4,
)


def network(config: AniConfig = CONFIG):
    return tiny_network(config)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ani") / "tiny.pt"
    write_network(path, network(), CONFIG)
    return path


class TestAni(ArchitectureConformance):
    architecture = "ani"

    @pytest.fixture(scope="class")
    @classmethod
    def model_file(cls, model_file: Path) -> Path:
        return model_file

    @pytest.fixture(scope="class")
    @classmethod
    def calculator_source(cls, model_file: Path) -> str:
        return f"""
import os
os.environ["TORCHANI_NO_WARN_EXTENSIONS"] = "1"
from pathlib import Path
from ms25_suite.architectures.ani.file import read_network
calculator = read_network(Path({str(model_file)!r})).double().ase()
"""


@pytest.fixture(scope="module")
def expected(model_file: Path):
    return _predict(model_file)


def _predict(path: Path, dtype: str = "float64"):
    """In this process: TorchANI leaves no traces, unlike MACE."""
    from ms25_suite.potentials.evaluate import EdgeEvaluator

    model = TorchaniArchitecture().load(path, device="cpu", dtype=dtype)
    images = standard_frames(("Ni", "Cu"))
    return EdgeEvaluator(model).predict(Frames.from_atoms(images.values()))


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("kind", ["pickled", "scripted"])
def test_models_that_users_of_torchani_saved_whole(
    kind: str, tmp_path: Path, expected: object
) -> None:
    path = tmp_path / "saved.pt"
    if kind == "pickled":
        torch.save(network(), path)
    else:
        torch.jit.script(network()).save(str(path))
    assert detect(path).name == "ani"
    found = _predict(path)
    np.testing.assert_allclose(found.energy, expected.energy, atol=1e-10)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-10)


def test_a_repulsion_of_pairs_is_a_part_of_the_model(tmp_path: Path) -> None:
    """As `simple_ani` makes them: another potential beside the network."""
    from torchani.arch import simple_ani

    torch.manual_seed(1)
    energies = {"H": -0.5, "C": -38.0, "O": -75.0}
    made = simple_ani(("H", "C", "O"), lot="none", self_energies=energies)
    path = tmp_path / "simple.pt"
    torch.save(made.double(), path)
    from ase.build import molecule

    from ms25_suite.potentials.evaluate import EdgeEvaluator

    images = [molecule("CH3OH"), molecule("H2O")]
    frames = Frames.from_atoms(images)
    found = EdgeEvaluator(TorchaniArchitecture().load(path, device="cpu", dtype="float64")).predict(
        frames
    )
    for index, atoms in enumerate(images):
        atoms.calc = made.ase()
        assert found.energy[index] == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
        rows = slice(frames.offsets[index], frames.offsets[index + 1])
        np.testing.assert_allclose(found.forces[rows], atoms.get_forces(), atol=1e-9)


def test_a_state_dict_is_told_to_lack_what_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(network().state_dict(), path)
    with pytest.raises(ModelFileError, match="weights only"):
        detect(path)


def test_a_pickle_with_anything_else_is_not_executed(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    made = network()
    made.extra = Bomb()
    path = tmp_path / "bomb.pt"
    torch.save(made, path)
    assert detect(path).name == "ani"
    with pytest.raises(ModelFileError, match="not only layers of a network"):
        TorchaniArchitecture().load(path, device="cpu", dtype="float64")
    assert not (tmp_path / "exploded").exists()


def test_a_network_of_charges_is_refused(tmp_path: Path) -> None:
    from torchani.arch import simple_aniq

    path = tmp_path / "charges.pt"
    torch.save(simple_aniq(("H", "O"), lot="none", self_energies="zero", repulsion=False), path)
    with pytest.raises(ModelFileError, match="charges"):
        TorchaniArchitecture().load(path, device="cpu", dtype="float64")


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
    change: dict[str, object], message: str, model_file: Path, tmp_path: Path
) -> None:
    content = torch.load(model_file, weights_only=True)
    path = tmp_path / "changed.pt"
    torch.save({**content, **change}, path)
    assert detect(path).name == "ani"
    with pytest.raises(ModelFileError, match=message):
        TorchaniArchitecture().load(path, device="cpu", dtype="float64")


def test_energies_of_the_elements_keep_their_digits_in_float32(tmp_path: Path) -> None:
    made = network()
    made.energy_shifter.self_energies.copy_(torch.tensor([-1000.123456789] * 5))
    path = tmp_path / "deep.pt"
    write_network(path, made, CONFIG)
    single, double = _predict(path, "float32"), _predict(path)
    # float32 has 7 digits: of -1000 Hartree that would be 0.002 eV for each atom.
    np.testing.assert_allclose(single.energy, double.energy, rtol=0, atol=1e-3)


def test_a_gpu_that_is_not_there_is_said(model_file: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA GPU")
    potential = from_model_file(model_file, "ani", "tiny", PotentialOptions(device="cuda"))
    with pytest.raises(PotentialError, match=r"'cuda' was asked for.*--device=cpu"):
        potential.info()
    potential.close()
