"""Files for other programs, really made by the packages' own tools, and what is in them.

LAMMPS with the pair styles that read them is not here: the files are evaluated by PyTorch.
"""

from __future__ import annotations

import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.neighborlist import neighbor_list

from ms25_suite.core.errors import DeployError
from ms25_suite.core.frames import Frames
from ms25_suite.environments.installation import Installation
from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions


@pytest.fixture(scope="module")
def frames() -> Frames:
    images = []
    for seed in range(2):
        atoms = bulk("Ni", a=3.6, cubic=True) * (2, 1, 1)
        atoms.symbols[::3] = "Cu"
        atoms.rattle(0.1, seed=seed)
        images.append(atoms)
    return Frames.from_atoms(images)


@pytest.mark.mace
@pytest.mark.slow  # imports of mace, and TorchScript
def test_the_file_of_mace_gives_the_energies_of_the_model(tiny_mace: Path, frames: Frames) -> None:
    torch = pytest.importorskip("torch")
    made = deployed(tiny_mace, "pair_mace", "mace", Installation())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.jit.load(str(made))
    assert model.atomic_numbers.tolist() == [24, 26, 27, 28, 29]
    atoms = frames.atoms(0)
    i, j, shifts = neighbor_list("ijS", atoms, float(model.r_max))
    types = torch.searchsorted(model.atomic_numbers, torch.from_numpy(atoms.numbers.copy()))
    double = torch.float64
    unit_shifts = torch.from_numpy(shifts).to(double)
    cell = torch.from_numpy(atoms.cell.array).to(double)
    data = {
        "positions": torch.from_numpy(atoms.positions).requires_grad_(),
        "node_attrs": torch.nn.functional.one_hot(types, 5).to(double),
        "edge_index": torch.from_numpy(np.stack([i, j])),
        "unit_shifts": unit_shifts,
        "shifts": unit_shifts @ cell,
        "cell": cell,
        "batch": torch.zeros(len(atoms), dtype=torch.long),
        "ptr": torch.tensor([0, len(atoms)]),
        "energy": torch.zeros(1, dtype=double),
        "forces": torch.zeros(len(atoms), 3, dtype=double),
    }
    answer = model(data, torch.ones(len(atoms), dtype=torch.bool), False)
    found = {name: answer[name].detach() for name in ("total_energy_local", "forces")}
    with closing(from_model_file(tiny_mace, "mace", "tiny", PotentialOptions())) as potential:
        expected = potential.predict(frames.select([0]))
    assert float(found["total_energy_local"]) == pytest.approx(expected.energy[0], abs=1e-10)
    np.testing.assert_allclose(found["forces"].numpy(), expected.forces, atol=1e-10)


@pytest.mark.nequip
@pytest.mark.slow  # compiles
def test_a_compiled_model_of_batches_gives_what_the_package_gives(
    tiny_nequip: Path, nequip_place: Installation, frames: Frames
) -> None:
    model = tiny_nequip / "allegro" / "model.nequip.zip"
    made = deployed(model, "batch", "allegro", nequip_place)
    assert made.name.endswith(".nequip.pt2")
    predictions = []
    # The third is the second, made on the way; a compiled model stays what it is.
    for path, compiled in ((model, False), (made, True), (model, True)):
        options = PotentialOptions(compiled=compiled)
        with closing(from_model_file(path, "allegro", "tiny", options)) as potential:
            predictions.append(potential.predict(frames))
    expected, found, on_the_way = predictions
    np.testing.assert_array_equal(on_the_way.forces, found.forces)
    np.testing.assert_allclose(found.energy, expected.energy, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.stress, expected.stress, rtol=0, atol=1e-9)
    with pytest.raises(DeployError, match="compiled model already"):
        deployed(made, "batch", "allegro", nequip_place)


@pytest.mark.nequip
@pytest.mark.slow  # imports of nequip
def test_ml_iap_needs_lammps_where_nequip_is(tiny_nequip: Path, nequip_place: Installation) -> None:
    model = tiny_nequip / "nequip" / "model.nequip.zip"
    if "lammps" in nequip_place.versions(["lammps"]):
        made = deployed(model, "mliap", "nequip", nequip_place)
        assert made.name.endswith(".nequip.lmp.pt")
        assert b"NequIPLAMMPSMLIAPWrapper" in made.read_bytes()
        return
    with pytest.raises(DeployError, match=r"ms25 env create nequip --rebuild"):
        deployed(model, "mliap", "nequip", nequip_place)
