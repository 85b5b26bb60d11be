from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.io import write

from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.answers import Answer


def labelled(atoms: Atoms, role: str | None = None) -> Atoms:
    rng = np.random.default_rng(int(1e6 * abs(atoms.positions).sum()))
    forces = rng.normal(size=(len(atoms), 3))
    atoms.info["REF_energy"] = float(-3.0 * len(atoms) + rng.normal(0.0, 0.1))
    atoms.arrays["REF_forces"] = forces - forces.mean(axis=0)
    if role is not None:
        atoms.info["split"] = role
    return atoms


def opened(folder: Path, images: list[Atoms], card: str = "") -> Dataset:
    write(folder / "x.extxyz", images)
    (folder / "x.toml").write_text(f'level_of_theory = "PBE"\n{card}')
    return open_dataset(str(folder / "x.extxyz"))


def answer_to(dataset: Dataset, code: str) -> Answer:
    (found,) = (answer for answer in dataset.audit if answer.code == code)
    return found


def alloys(n_nickel: list[int], role: str) -> list[Atoms]:
    images = []
    for index, n in enumerate(n_nickel):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.numbers[:n] = 28
        atoms.rattle(0.1, seed=100 * n + index)
        images.append(labelled(atoms, role))
    return images


def test_an_element_that_is_not_trained(tmp_path: Path) -> None:
    images = alloys([0, 1, 0], "train") + alloys([2, 8], "test")
    images[4].numbers[3] = 30
    finding = answer_to(opened(tmp_path, images), "coverage").findings[0]
    assert (finding.severity, finding.code) == ("warning", "element-not-trained")
    assert finding.frames == (4,)
    assert "hold Zn, which no training frame holds" in finding.message


def test_compositions_that_are_not_covered(tmp_path: Path) -> None:
    images = alloys([4, 8, 6], "train") + alloys([5, 9, 20], "test")
    answer = answer_to(opened(tmp_path, images), "coverage")
    (finding,) = answer.findings
    assert (finding.severity, finding.code) == ("note", "composition-not-covered")
    assert finding.frames == (5,)
    assert "up to 38 % of the atoms outside" in finding.message


def test_compositions_that_are_covered(tmp_path: Path) -> None:
    images = alloys([4, 8, 6], "train") + alloys([5, 7], "test")
    answer = answer_to(opened(tmp_path, images), "coverage")
    assert answer.status == "ok"
    assert answer.text == "yes: Ni, Cu"


def test_no_training_frames(tmp_path: Path) -> None:
    dataset = opened(tmp_path, alloys([4, 8, 6], "test"))
    assert answer_to(dataset, "coverage").status == "unanswered"
    assert answer_to(dataset, "leakage").status == "unanswered"


def test_an_element_that_the_card_names_and_no_frame_holds(tmp_path: Path) -> None:
    dataset = opened(tmp_path, alloys([4, 8], "test"), 'elements = ["Cu", "Ni", "Zn"]')
    (finding,) = answer_to(dataset, "coverage").findings
    assert (finding.severity, finding.code) == ("note", "element-absent")
    assert "names Zn" in finding.message


@pytest.mark.parametrize(("cutoff", "own"), [(5.0, False), (8.0, True)])
def test_small_cells(tmp_path: Path, cutoff: float, own: bool) -> None:
    images = alloys([4, 8, 6], "test")
    answer = answer_to(opened(tmp_path, images, f"cutoff = {cutoff}"), "cell-size")
    (finding,) = answer.findings
    assert (finding.severity, finding.code) == ("note", "small-cells")
    assert "3 of 3 frames the smallest height of the cell (7.22 Å) is below twice the cutoff " in (
        finding.message
    )
    assert f"({2 * cutoff:g} Å)" in finding.message
    assert ("3 of them" in finding.message) is own


def test_the_height_counts_and_not_the_edge(tmp_path: Path) -> None:
    atoms = bulk("Cu", a=8.0)
    atoms.rattle(0.1)
    answer = answer_to(opened(tmp_path, [labelled(atoms)], "cutoff = 2.5"), "cell-size")
    # Edges of 5.66 Å, planes (111) 4.62 Å apart.
    assert answer.status == "note"
    assert "smallest height of a cell 4.619 Å" in answer.text


def test_only_periodic_directions_count(tmp_path: Path) -> None:
    slab = fcc111("Cu", (4, 4, 2))
    assert not slab.cell.array[2].any()
    slab.info.clear()
    answer = answer_to(opened(tmp_path, [labelled(slab)], "cutoff = 4.0"), "cell-size")
    assert answer.status == "ok"
    assert "8.843 Å" in answer.text


def test_no_cutoff_no_cell(tmp_path: Path) -> None:
    answer = answer_to(opened(tmp_path, alloys([4], "test")), "cell-size")
    assert answer.status == "unanswered"
    assert "enough for cutoffs up to 3.61 Å" in answer.text
    molecule = labelled(Atoms("CuNi", positions=[[0, 0, 0], [0, 0, 2.2]]))
    answer = answer_to(opened(tmp_path, [molecule], "cutoff = 4.0"), "cell-size")
    assert answer.text == "no frame is periodic"


@pytest.mark.parametrize(("card", "seen"), [("cutoff = 4.0", True), ("cutoff = 5.5", False)])
def test_isolated_atoms(tmp_path: Path, card: str, seen: bool) -> None:
    images = alloys([4, 8, 6], "test")
    for atoms in images:
        atoms.set_cell([20.0, 20.0, 20.0])
    images[1].positions[5] = [3.6, 3.6, 10.5]
    answer = answer_to(opened(tmp_path, images, card), "isolation")
    assert (answer.status == "warning") is seen
    if seen:
        (finding,) = answer.findings
        assert (finding.code, finding.frames) == ("isolated-atoms", (1,))
        assert "farther than 4 Å (the card's cutoff)" in finding.message


def test_a_mix_of_findings_is_told_once(tmp_path: Path) -> None:
    dataset = opened(tmp_path, alloys([4, 8, 6], "test"), "cutoff = 5.0")
    assert [finding.code for finding in dataset.findings] == ["small-cells"]
    assert len({answer.code for answer in dataset.audit}) == len(dataset.audit) == 18


def pair(distance: float, force: float) -> Atoms:
    atoms = Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, distance]], cell=[20.0] * 3, pbc=True)
    atoms.info["REF_energy"] = -1.0
    atoms.arrays["REF_forces"] = np.array([[0.0, 0.0, force], [0.0, 0.0, -force]])
    return atoms


def test_a_free_atom_is_no_finding(tmp_path: Path) -> None:
    atoms = Atoms("Cu", cell=[20.0] * 3, pbc=True)
    atoms.info |= {"REF_energy": -0.2, "split": "test"}
    atoms.arrays["REF_forces"] = np.zeros((1, 3))
    dataset = opened(tmp_path, [*alloys([4, 8, 6], "test"), atoms])
    assert "isolated-atoms" not in [finding.code for finding in dataset.findings]


@pytest.mark.parametrize(("force", "severity"), [(1e-4, "note"), (0.3, "warning")])
def test_dissociated_atoms_without_forces_are_on_purpose(
    tmp_path: Path, force: float, severity: str
) -> None:
    images = [pair(2.2, 1.0), pair(3.0, 0.5), pair(8.0, force)]
    (finding,) = answer_to(opened(tmp_path, images), "isolation").findings
    assert (finding.code, finding.severity, finding.frames) == ("isolated-atoms", severity, (2,))
    assert "gives it the energy of a free atom and no force" in finding.message
