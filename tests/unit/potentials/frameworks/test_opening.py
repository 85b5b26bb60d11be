"""Potentials in environments of their own, with this interpreter in place of another one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from ms25_suite.core.errors import ArchitectureNotInstalledError, ModelFileError
from ms25_suite.core.frames import Frames
from ms25_suite.environments.spec import environments
from ms25_suite.potentials.frameworks import opening
from ms25_suite.potentials.frameworks.model import FrameworkModel
from ms25_suite.potentials.potential import PotentialOptions
from tests.helpers.pretended_chgnet import pretended_chgnet


def copper_cells(n: int) -> list[Atoms]:
    """Small cells of copper with displaced atoms."""
    cells = [bulk("Cu", cubic=True) for _ in range(n)]
    for seed, atoms in enumerate(cells):
        atoms.rattle(0.1, seed=seed)
    return cells


@pytest.fixture
def chgnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with the interface of CHGNet, and EMT behind it."""
    pretended_chgnet(tmp_path, monkeypatch)


@pytest.mark.usefixtures("chgnet")
def test_the_calculator_of_the_framework_predicts() -> None:
    from ase.calculators.emt import EMT

    atoms = copper_cells(1)[0]
    potential = opening.from_framework(FrameworkModel("chgnet", "0.3.0"), "m", PotentialOptions())
    try:
        found = potential.predict(Frames.from_atoms([atoms]))
    finally:
        potential.close()
    atoms.calc = EMT()
    assert found.energy is not None
    assert found.energy[0] == pytest.approx(atoms.get_potential_energy(), abs=1e-10)
    assert found.forces == pytest.approx(atoms.get_forces(), abs=1e-10)
    assert potential.level_of_theory == environments()["chgnet"].framework.models["0.3.0"]


@pytest.mark.usefixtures("chgnet")
def test_batches_of_the_package_and_its_calculator() -> None:
    frames = Frames.from_atoms(copper_cells(5))
    options = PotentialOptions(use_cache=False, batch_atoms=9)
    model = FrameworkModel("chgnet", "0.3.0")
    potential = opening.from_framework(model, "m", options)
    plain = potential.by_calculator()
    assert plain is not None
    assert plain.by_calculator() is None
    try:
        found, expected = potential.compute(frames), plain.compute(frames)
        log = next(Path(potential._pool._folder.name).glob("*.log")).read_text()
    finally:
        potential.close()
        plain.close()
    assert found.forces == pytest.approx(expected.forces, abs=1e-10)
    assert found.stress == pytest.approx(expected.stress, abs=1e-10)
    # Two frames of 4 atoms a batch.
    assert [line for line in log.splitlines() if line.startswith("a batch of")] == [
        "a batch of 2",
        "a batch of 2",
        "a batch of 1",
    ]


@pytest.mark.usefixtures("chgnet")
@pytest.mark.parametrize(
    ("device", "asked", "expected"), [("cpu", None, 256), ("cpu", 9, 9), ("cuda", None, 4096)]
)
def test_how_large_a_batch_is(
    monkeypatch: pytest.MonkeyPatch, device: str, asked: int | None, expected: int
) -> None:
    monkeypatch.setattr(opening, "chosen_device", lambda *args, **kwargs: device)
    model = FrameworkModel("chgnet", "0.3.0")
    potential = opening.from_framework(model, "m", PotentialOptions(batch_atoms=asked))
    assert potential.options.batch_atoms == expected
    assert potential.options.device == device


@pytest.mark.usefixtures("chgnet")
def test_a_model_that_the_package_does_not_know() -> None:
    model = FrameworkModel("chgnet", "0.3.1")
    potential = opening.from_framework(model, "m", PotentialOptions(use_cache=False))
    words = r"Unknown model_name=0.3.1(.|\n)*Did you mean '0.3.0'(.|\n)*Known models: 0.3.0"
    try:
        with pytest.raises(ModelFileError, match=words):
            potential.predict(Frames.from_atoms(copper_cells(1)))
    finally:
        potential.close()


def test_an_environment_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MS25_ENV_DIR", str(tmp_path))
    with pytest.raises(ArchitectureNotInstalledError, match="ms25 env create sevennet"):
        opening.from_framework(FrameworkModel("sevennet", "7net-0"), "m", PotentialOptions())


def test_equal_frames_are_predicted_once(chgnet: None, monkeypatch: pytest.MonkeyPatch) -> None:
    model, frames = FrameworkModel("chgnet", "0.3.0"), Frames.from_atoms(copper_cells(2))
    first = opening.from_framework(model, "m", PotentialOptions())
    expected = first.predict(frames)
    first.close()
    monkeypatch.setenv("PYTHONPATH", "")
    again = opening.from_framework(model, "m", PotentialOptions())
    assert np.array_equal(again.predict(frames).forces, expected.forces)
    again.close()
