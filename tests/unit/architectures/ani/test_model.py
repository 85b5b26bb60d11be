"""ANI against TorchANI's own calculator, and the kinds of files that can be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ms25_suite.architectures.ani.file import expect_no_extensions, write_network
from ms25_suite.architectures.ani.model import TorchaniArchitecture
from ms25_suite.architectures.testing import ArchitectureConformance
from ms25_suite.core.errors import ModelFileError, PotentialError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import detect
from tests.helpers.tiny_ani import CONFIG, predict, tiny_network

pytestmark = pytest.mark.ani
expect_no_extensions()
pytest.importorskip("torchani")
torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ani") / "tiny.pt"
    write_network(path, tiny_network(CONFIG), CONFIG)
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
    return predict(model_file)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
@pytest.mark.parametrize("kind", ["pickled", "scripted"])
def test_models_that_users_of_torchani_saved_whole(
    kind: str, tmp_path: Path, expected: object
) -> None:
    path = tmp_path / "saved.pt"
    if kind == "pickled":
        torch.save(tiny_network(CONFIG), path)
    else:
        torch.jit.script(tiny_network(CONFIG)).save(str(path))
    assert detect(path).name == "ani"
    found = predict(path)
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
    torch.save(tiny_network(CONFIG).state_dict(), path)
    with pytest.raises(ModelFileError, match="weights only"):
        detect(path)


def test_a_pickle_with_anything_else_is_not_executed(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self):
            return Path.touch, (tmp_path / "exploded",)

    made = tiny_network(CONFIG)
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


def test_a_gpu_that_is_not_there_is_said(model_file: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA GPU")
    potential = from_model_file(model_file, "ani", "tiny", PotentialOptions(device="cuda"))
    with pytest.raises(PotentialError, match=r"'cuda' was asked for.*--device=cpu"):
        potential.info()
    potential.close()
