"""Moment tensor potentials against motep's own calculator, and the kinds of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.architectures.mtp import model as mtp
from ms25_suite.architectures.mtp.model import MtpArchitecture
from ms25_suite.architectures.mtp.template import template
from ms25_suite.architectures.testing import ArchitectureConformance, standard_frames
from ms25_suite.core.errors import ArchitectureNotInstalledError, ModelFileError, PotentialError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import detect
from tests.helpers.fake_training import manifest

pytestmark = pytest.mark.mtp
pytest.importorskip("motep")

SPECIES = ("Ni", "Cu")


def _write(path: Path, *, legacy: bool, level: int = 8) -> Path:
    from motep.io.mlip.mtp import read_mtp, write_mtp

    path.write_text(template(level, 2, 1.9, 5.0, 8))
    data = read_mtp(path)
    rng = np.random.default_rng(2)
    data.initialize(rng)
    # Values as after a training: eV for each atom, not 1e5 of them.
    data.moment_coeffs *= 0.01
    write_mtp(path, data, legacy=legacy)
    return path


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("mtp") / "tiny.mtp", legacy=True)


class TestMtp(ArchitectureConformance):
    architecture = "mtp"
    species = SPECIES

    @pytest.fixture(scope="class")
    @classmethod
    def model_file(cls, model_file: Path) -> Path:
        return model_file

    @pytest.fixture(scope="class")
    @classmethod
    def calculator_source(cls, model_file: Path) -> str:
        # motep's calculator keeps the neighbours of the first frame: a new one for each.
        return f"""
from ase.calculators.calculator import Calculator, all_changes
from motep.calculator import MTP
from motep.io.mlip.mtp import read_mtp

data = read_mtp({str(model_file)!r})
data.species = [28, 29]


class Fresh(Calculator):
    implemented_properties = ["energy", "forces", "stress"]

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        fresh = MTP(data)
        fresh.calculate(atoms, ["energy", "forces", "stress"])
        self.results = fresh.results


calculator = Fresh()
"""


def _predict(path: Path):
    model = MtpArchitecture().load(path, device="cpu", dtype="float64", species=SPECIES)
    return EdgeEvaluator(model).predict(Frames.from_atoms(standard_frames(SPECIES).values()))


def test_the_newer_layout_is_the_same(model_file: Path, tmp_path: Path) -> None:
    newer = _write(tmp_path / "newer.mtp", legacy=False)
    assert "min_dist" in model_file.read_text()
    assert "min_dist" not in newer.read_text()
    assert detect(newer).name == "mtp"
    found, expected = _predict(newer), _predict(model_file)
    np.testing.assert_array_equal(found.energy, expected.energy)
    np.testing.assert_array_equal(found.forces, expected.forces)


def test_the_order_of_the_species_matters(model_file: Path) -> None:
    frames = Frames.from_atoms([bulk("Cu"), bulk("Ni", a=3.6)])
    energies = []
    for species in (("Ni", "Cu"), ("Cu", "Ni")):
        options = PotentialOptions(species=species)
        potential = from_model_file(model_file, "mtp", "tiny", options)
        energies.append(potential.predict(frames).energy)
        potential.close()
    # Same cells: with the names exchanged, the energies are. Neither is the other's cached answer.
    assert abs(energies[0][0] - energies[1][0]) > 1e-3


def test_without_species_the_remedy_is_named(model_file: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no sidecar tiny\.mtp\.json.*--mlip-species=Si,O"):
        from_model_file(model_file, "mtp", "tiny", PotentialOptions())


def test_the_sidecar_knows_the_species(model_file: Path) -> None:
    options = PotentialOptions(species=("Si", "O"))
    known = manifest(species=("Ni", "Cu"))
    potential = from_model_file(model_file, "mtp", "tiny", options, manifest=known)
    assert potential.info().elements == (28, 29)
    potential.close()


def test_too_few_species_are_refused(model_file: Path) -> None:
    potential = from_model_file(model_file, "mtp", "tiny", PotentialOptions(species=("Cu",)))
    with pytest.raises(ModelFileError, match=r"has 2 species, but 1 were named \(Cu\)"):
        potential.info()
    potential.close()


def test_another_version_of_motep_is_refused(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mtp, "version", lambda name: "0.3.0")
    with pytest.raises(ArchitectureNotInstalledError, match=r"needs motep 0\.2\.0, found 0\.3\.0"):
        MtpArchitecture().load(model_file, device="cpu", dtype="float64", species=SPECIES)


def test_a_gpu_is_refused(model_file: Path) -> None:
    with pytest.raises(PotentialError, match="MTP runs on the CPU only"):
        MtpArchitecture().load(model_file, device="cuda", dtype="float64", species=SPECIES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("species_coeffs = {", "potential_tag = {", "lacks species_coeffs"),
        ("RBChebyshev", "RBJacobi", "expected the radial basis RBChebyshev, found 'RBJacobi'"),
        ("species_count = 2", "species_count = two", "cannot be read"),
    ],
)
def test_files_that_cannot_be_used(
    old: str, new: str, message: str, model_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "changed.mtp"
    path.write_text(model_file.read_text().replace(old, new))
    with pytest.raises(ModelFileError, match=message):
        MtpArchitecture().load(path, device="cpu", dtype="float64", species=SPECIES)


def test_a_template_is_no_potential(tmp_path: Path) -> None:
    path = tmp_path / "untrained.mtp"
    path.write_text(template(6, 2, 1.9, 5.0, 8))
    with pytest.raises(ModelFileError, match=r"lacks radial_coeffs.*was not trained"):
        MtpArchitecture().load(path, device="cpu", dtype="float64", species=SPECIES)
