from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixBondLength, FixCartesian
from ase.mep import NEBTools
from ase.units import Hartree

from ms25_suite.core.errors import DatasetError, LabelError
from ms25_suite.datasets import Dataset, open_dataset
from tests.helpers.strained import without

NEB = '[neb]\npath = "path.extxyz"\nbarrier = 0.5\nbarrier_source = "made up"\n'


def hops(n_images: int = 5, *, labelled: bool = True, fixed: bool = True) -> list[Atoms]:
    """A nickel atom that moves over copper."""
    slab = fcc111("Cu", (2, 2, 2), vacuum=5.0)
    slab.pbc = True
    lone = Atoms("Ni", positions=[slab.positions[-1] + [0.0, 0.0, 2.0]])
    images = []
    for step in np.linspace(0.0, 1.0, n_images):
        atoms = slab + lone
        atoms.arrays.pop("tags", None)
        atoms.info.clear()
        atoms.positions[-1, 0] += 1.5 * step
        if labelled:
            atoms.info["REF_energy"] = float(-30.0 + np.sin(np.pi * step) - 0.2 * step)
        if fixed:
            atoms.set_constraint(FixAtoms(indices=range(4)))
        images.append(atoms)
    return images


def test_path_of_a_user(own: Callable[..., Dataset]) -> None:
    images = hops()
    neb = own(NEB, {"path.extxyz": images}).neb()
    assert neb is not None
    assert len(neb.frames) == 5
    np.testing.assert_allclose(neb.energies, [atoms.info["REF_energy"] for atoms in images])
    assert neb.fixed.tolist() == [True] * 4 + [False] * 5
    assert (neb.barrier, neb.config.barrier_source) == (0.5, "made up")
    assert neb.reaction_energy == pytest.approx(-0.2)


def test_ends_with_and_without_images_in_between(own: Callable[..., Dataset]) -> None:
    images = hops(labelled=False, fixed=False)
    ends = '[neb]\ninitial = "a.traj"\nfinal = "b.extxyz"\nbarrier = 0.5\n'
    files = {"a.traj": images[:1], "b.extxyz": images[-1:], "path.extxyz": images[1:-1]}
    bare = own(ends, files).neb()
    whole = own(ends + 'path = "path.extxyz"\nreaction_energy = -0.3', {}).neb()
    assert bare is not None
    assert whole is not None
    assert (len(bare.frames), len(whole.frames)) == (2, 5)
    assert (bare.reaction_energy, whole.reaction_energy) == (None, -0.3)
    assert bare.energies is None
    assert not bare.fixed.any()
    assert len(whole.sha256) == 3
    x = whole.frames.positions.reshape(5, 9, 3)[:, -1, 0]
    np.testing.assert_allclose(np.diff(x), 1.5 / 4)


@pytest.mark.parametrize("said", ["frames", "cp2k"])
def test_a_path_in_hartree(own: Callable[..., Dataset], said: str) -> None:
    images = hops()
    for index, atoms in enumerate(images):
        energy = atoms.info.pop("REF_energy") / Hartree
        stated = {"energy": energy, "energy_unit": "hartree"}
        atoms.info = stated if said == "frames" else {"i": index, "time": 0.5, "E": energy}
    neb = own(NEB, {"path.extxyz": images}).neb()
    assert neb is not None
    np.testing.assert_allclose(neb.energies, [atoms.info["REF_energy"] for atoms in hops()])
    assert neb.reaction_energy == pytest.approx(-0.2)


@pytest.mark.parametrize("name", ["path.extxyz", "path.extxyz.gz", "path.traj", "path.db"])
def test_constraints_come_through_every_format(own: Callable[..., Dataset], name: str) -> None:
    table = NEB.replace("path.extxyz", name)
    neb = own(table, {name: hops()}).neb()
    assert neb is not None
    assert neb.fixed.tolist() == [True] * 4 + [False] * 5


def test_atoms_fixed_axis_by_axis(own: Callable[..., Dataset], tmp_path: Path) -> None:
    images = hops(3)
    for atoms in images:
        atoms.set_constraint([FixCartesian(index, (True, True, True)) for index in range(4)])
    neb = own(NEB, {"path.extxyz": images}).neb()
    assert "move_mask:L:3" in (tmp_path / "path.extxyz").read_text()
    assert neb is not None
    assert neb.fixed.tolist() == [True] * 4 + [False] * 5


def constrained(constraint: object) -> list[Atoms]:
    images = hops(fixed=False)
    images[1].set_constraint(constraint)
    return images


def moved_cell(images: list[Atoms]) -> list[Atoms]:
    images[2].cell[2, 2] += 0.5
    return images


def reordered(images: list[Atoms]) -> list[Atoms]:
    images[3] = images[3][[*range(7), 8, 7]]
    return images


def replaced(images: list[Atoms]) -> list[Atoms]:
    images[-1].symbols[0] = "Ni"
    return images


def loosened(images: list[Atoms]) -> list[Atoms]:
    images[2].set_constraint(FixAtoms(indices=range(3)))
    return images


def shaken(images: list[Atoms]) -> list[Atoms]:
    images[4].set_constraint()
    images[4].positions[1] += 0.1
    images[4].set_constraint(FixAtoms(indices=range(4)))
    return images


BAD_PATHS = {
    "one image": (hops()[:1], DatasetError, "from the initial to the final state, found 1"),
    "another order": (reordered(hops()), DatasetError, "same atoms in another order in image 3"),
    "other atoms": (replaced(hops()), DatasetError, "found other atoms in image 4"),
    "an atom too many": (
        [*hops()[:-1], hops()[-1] + Atoms("Ni", [[0, 0, 0]])],
        DatasetError,
        "other atoms in image 4",
    ),
    "another cell": (moved_cell(hops()), DatasetError, r"image 2 differs from image 0 \(by 0.5 Å"),
    "twice the same image": (
        [hops()[0], *hops()],
        DatasetError,
        "images 0 and 1 are the same, so the path has no direction there$",
    ),
    "an energy missing": (
        without(hops(), "REF_energy", slice(1, 2)),
        LabelError,
        "on 4 of 5 frames only",
    ),
    "other fixed atoms": (loosened(hops()), DatasetError, "same fixed atoms in all images.*in 2"),
    "fixed atoms that move": (shaken(hops()), DatasetError, "0.1732 Å away from it in image 4"),
    "an atom fixed in a plane": (
        constrained([FixCartesian(0, (False, False, True))]),
        DatasetError,
        "image 1: expected atoms that are fixed or free, found a constraint FixCartesian",
    ),
}


@pytest.mark.parametrize(("images", "error", "match"), BAD_PATHS.values(), ids=BAD_PATHS)
def test_paths_that_cannot_be_used(
    own: Callable[..., Dataset], images: list[Atoms], error: type[Exception], match: str
) -> None:
    dataset = own(NEB, {"path.extxyz": images})
    with pytest.raises(error, match=rf"card.toml: \[neb\].*{match}"):
        dataset.neb()


def test_other_constraints_are_refused(own: Callable[..., Dataset]) -> None:
    table = NEB.replace("path.extxyz", "path.traj")
    dataset = own(table, {"path.traj": constrained(FixBondLength(0, 1))})
    with pytest.raises(DatasetError, match="found a constraint FixBondLength"):
        dataset.neb()


def test_ends_that_cannot_be_used(own: Callable[..., Dataset]) -> None:
    images = hops()
    ends = '[neb]\ninitial = "a.traj"\nfinal = "b.traj"\nbarrier = 0.5\n'
    dataset = own(ends, {"a.traj": images[:2], "b.traj": images[-1:]})
    with pytest.raises(DatasetError, match=r"one image in `initial`, found 2 in .*a.traj"):
        dataset.neb()
    files = {"a.traj": images[:1], "b.traj": images[-1:], "path.extxyz": images}
    dataset = own(ends + 'path = "path.extxyz"', files)
    with pytest.raises(DatasetError, match="`path` has only the images in between"):
        dataset.neb()


def test_shipped_path() -> None:
    dataset = open_dataset("reaction")
    neb = dataset.neb()
    assert neb is not None
    assert neb.fixed.tolist() == [True] * 32 + [False] * 37
    assert neb.energies is not None
    assert neb.reaction_energy == pytest.approx(-0.4659, abs=1e-4)
    images = []
    forces = np.asarray(neb.labels.forces).reshape(49, 69, 3)
    for index in range(len(neb.frames)):
        atoms = neb.frames.atoms(index)
        atoms.set_constraint(FixAtoms(mask=neb.fixed))
        atoms.calc = SinglePointCalculator(atoms, energy=neb.energies[index], forces=forces[index])
        images.append(atoms)
    barrier, reaction_energy = NEBTools(images).get_barrier(fit=True)
    assert neb.barrier == pytest.approx(barrier, abs=1e-4)  # four decimals are stated
    assert neb.reaction_energy == pytest.approx(reaction_energy)
    # As one band, with ASE's default springs, it is converged as well.
    band = NEBTools(images).get_fmax(climb=True, method="improvedtangent")
    assert band < 0.05
