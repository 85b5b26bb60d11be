from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import UsageError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.tiers import MINI
from ms25_suite.plugin.values import (
    atom_numbers,
    ensembles,
    lammps_executable,
    parent_of,
    relative,
    retention_data,
    same_as,
    species,
    train_sizes,
    writable_file,
    writable_folder,
)
from ms25_suite.potentials.spec import parse_specs


def test_numbers_are_sorted() -> None:
    assert train_sizes("200,50,100") == (50, 100, 200)
    assert atom_numbers("8000,500") == (500, 8000)
    assert train_sizes(None) == atom_numbers(None) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("50,100", "at least 3 sizes"),
        ("50,50,100", "none may be repeated"),
        ("50,a,100", "expected whole numbers joined by commas"),
        ("0,1,2", "each of 1 or more frames"),
    ],
)
def test_wrong_training_sizes(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train_sizes(text)


@pytest.mark.parametrize("text", ["0", "5,5", "x"])
def test_wrong_numbers_of_atoms(text: str) -> None:
    with pytest.raises(UsageError, match=f"--throughput-atoms={text}: expected"):
        atom_numbers(text)


def test_ensembles_stand_in_the_order_of_the_suite() -> None:
    assert ensembles("NVT, nve") == ("nve", "nvt")
    with pytest.raises(UsageError, match="expected one or more of nve, nvt"):
        ensembles("npt")


def test_species_are_chemical_symbols() -> None:
    assert species("Si, O") == ("Si", "O")
    assert species(None) == ()
    with pytest.raises(UsageError, match="'Xx' is no chemical symbol"):
        species("Si,Xx")
    with pytest.raises(UsageError, match="an element is given twice"):
        species("Si,Si")


def test_what_a_potential_ought_to_be_is_another_one(tmp_path: Path) -> None:
    text = '{"MTP"}'
    one, other = tmp_path / "a.mtp", tmp_path / "b.mtp"
    one.write_text(f"MTP\n{text}")
    other.write_text(f"MTP\n{text}")
    potentials = parse_specs([str(one)])
    assert same_as(None, potentials) is None
    found = same_as(str(other), potentials)
    assert found is not None
    assert (found.kind, found.architecture, found.name) == ("model", "mtp", "b")
    again = f"{tmp_path}/../{tmp_path.name}/a.mtp"
    with pytest.raises(UsageError, match=rf"--same-as={again} is --mlip={one} itself"):
        same_as(again, potentials)
    with pytest.raises(UsageError, match="--same-as=baseline:mean: the baseline is not a"):
        same_as("baseline:mean", potentials)
    with pytest.raises(UsageError, match="--same-as is empty: expected a model file"):
        same_as("", potentials)
    with pytest.raises(UsageError, match="--same-as=train:mace:n=x: n must be a whole number"):
        same_as("train:mace:n=x", potentials)


def test_lammps_may_be_left_alone(tmp_path: Path) -> None:
    assert lammps_executable(None) is None
    assert lammps_executable("none") is None


def test_a_report_folder_is_made(tmp_path: Path) -> None:
    assert writable_folder(tmp_path / "a" / "b").is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_report_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write there"):
        writable_folder(tmp_path / "file")


def test_a_file_for_a_summary(tmp_path: Path) -> None:
    assert writable_file(None, "--ms25-markdown") is None
    path = tmp_path / "new.md"
    assert writable_file(str(path), "--ms25-markdown") == path
    # A look leaves nothing behind, and changes nothing.
    assert not path.exists()
    path.write_text("kept")
    writable_file(str(path), "--ms25-markdown")
    assert path.read_text() == "kept"
    with pytest.raises(UsageError, match=r"--ms25-markdown=.*cannot write there"):
        writable_file(str(tmp_path), "--ms25-markdown")


def test_relatives_are_potentials_that_were_trained(tmp_path: Path) -> None:
    child, parent = tmp_path / "child.py", tmp_path / "parent.py"
    for path in (child, parent):
        path.write_text("calculator = None")
    potentials = parse_specs([str(child), str(parent)])
    assert parent_of(None, potentials) is None
    # One of several potentials may be the parent of the others.
    found = parent_of(str(parent), potentials)
    assert found is not None
    assert found.path == parent
    with pytest.raises(UsageError, match="itself: expected the model that it was fine-tuned"):
        parent_of(str(child), potentials[:1])
    with pytest.raises(UsageError, match="not the baseline"):
        relative("--ms25-scratch", "baseline:mean")


def test_data_that_potentials_were_not_tuned_for() -> None:
    cha = open_dataset("cha")
    assert retention_data(["zro, mgo", "zro"], MINI, [cha]) == ("zro", "mgo-2x2", "mgo-4x4")
    with pytest.raises(UsageError, match="--ms25-retention-data=cha is one of --dataset"):
        retention_data(["zro,cha"], MINI, [cha])
    with pytest.raises(UsageError, match=r"--ms25-retention-data=chaa: .*[Dd]id you mean"):
        retention_data(["chaa"], MINI, [])
