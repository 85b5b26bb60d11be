"""What can be written after --mlip=."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import ModelFileError, UsageError
from ms25_suite.potentials.spec import parse_spec, parse_specs


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ModelFileError, match=r"nothing\.pt: there is no such file"):
        parse_spec("nothing.pt")


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("reference", "reference", "reference"),
        ("train:mace", "train", "mace"),
        ("train:mace:n=50,set=2,seed=3,budget=smoke", "train", "mace-n50-set2-seed3-smoke"),
        ("ase.calculators.emt:EMT", "calculator", "ase.calculators.emt.EMT"),
    ],
)
def test_forms_of_mlip(text: str, kind: str, name: str) -> None:
    spec = parse_spec(text)
    assert (spec.kind, spec.name) == (kind, name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("train:macee", "Did you mean 'mace'"),
        ("train:mace:n=many", "whole number, found 'many'"),
        (
            "train:mace:epochs=3",
            "'epochs=3' is not one of n, set, seed, budget, split, dataset, foun",
        ),
    ],
)
def test_nonsense_is_explained(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_spec(text)


def test_a_missing_calculator_file_is_named() -> None:
    with pytest.raises(ModelFileError, match="no such file"):
        parse_spec("calc_that_is_not_there.py")


def test_names_are_made_unique(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "calc.py")
        paths[-1].touch()
    names = [spec.name for spec in parse_specs([str(path) for path in paths])]
    assert names == ["a/calc", "b/calc"]


def test_the_same_potential_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="given twice"):
        parse_specs(["reference", "reference"])


def calculator(folder: Path) -> str:
    folder.mkdir(parents=True)
    (folder / "calc.py").write_text("")
    return str(folder / "calc.py")


def test_files_of_one_name_are_called_by_the_folders_that_differ(tmp_path: Path) -> None:
    texts = [calculator(tmp_path / run / "best") for run in ("run1", "run2")]
    assert [spec.name for spec in parse_specs(texts)] == ["run1/best/calc", "run2/best/calc"]


def test_one_file_is_not_taken_twice(tmp_path: Path) -> None:
    text = calculator(tmp_path / "run")
    other = str(tmp_path / "run" / ".." / "run" / "calc.py")
    with pytest.raises(UsageError, match="are the same file: give it once"):
        parse_specs([text, other])
    link = tmp_path / "best.py"
    link.symlink_to(text)
    assert [spec.name for spec in parse_specs([text, str(link)])] == ["calc", "best"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train:mace:seed=0..2", ["seed=0", "seed=1", "seed=2"]),
        ("train:mace:n=50,set=2..3", ["n=50,set=2", "n=50,set=3"]),
        (
            "train:mace:seed=0..1,set=1..2",
            ["seed=0,set=1", "seed=0,set=2", "seed=1,set=1", "seed=1,set=2"],
        ),
        ("train:mace:seed=3..3", ["seed=3"]),
    ],
)
def test_ranges_of_seeds_and_sets_are_several_potentials(text: str, expected: list[str]) -> None:
    assert [spec.text for spec in parse_specs([text])] == [f"train:mace:{one}" for one in expected]


def test_a_pattern_stands_for_files_and_not_for_their_sidecars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a_10.py", "a_2.py", "a_2.py.json", "b.py", "c[1].py"):
        Path(name).write_text("")
    assert [spec.text for spec in parse_specs(["a_*"])] == ["a_2.py", "a_10.py"]
    assert [spec.text for spec in parse_specs(["[ab]*.py"])] == ["a_2.py", "a_10.py", "b.py"]
    # A file of that name is no pattern.
    assert [spec.text for spec in parse_specs(["c[1].py"])] == ["c[1].py"]
    with pytest.raises(UsageError, match="no file fits this pattern"):
        parse_specs(["d*.py"])


def test_a_training_can_be_changed() -> None:
    spec = parse_spec("train:mace:seed=3,n=50")
    assert spec.retrained(n=20).text == "train:mace:n=20,seed=3"
    assert spec.retrained(without=("seed", "n")).text == "train:mace"
