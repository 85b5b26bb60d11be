from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read
from ase.io.trajectory import Trajectory

from ms25_suite.cli.python.inputs import Inputs, criteria_expression, option_arguments
from ms25_suite.core.errors import UsageError
from ms25_suite.core.thresholds import Thresholds
from ms25_suite.datasets.dataset import open_dataset

MARK = {
    "error_thresholds": {
        "standard": {
            "forces": {"value": 500, "unit": "meV/Å", "metric": "mae", "source": 'my "own" mark'}
        }
    }
}


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    return Inputs(tmp_path)


def labelled(n_frames: int = 3) -> list[Atoms]:
    frames = []
    for seed in range(n_frames):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=seed)
        calculator = EMT()
        energy, forces = calculator.get_potential_energy(atoms), calculator.get_forces(atoms)
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
        frames.append(atoms)
    return frames


def test_paths_and_specifications_stay_what_they_are(inputs: Inputs) -> None:
    assert inputs.potentials("train:mace:n=50") == ["train:mace:n=50"]
    assert inputs.potentials([Path("a.model"), "reference"]) == ["a.model", "reference"]
    assert inputs.datasets(["cha", Path("frames.extxyz")]) == ["cha", "frames.extxyz"]
    assert inputs.thresholds(Path("mine.toml")) == "mine.toml"
    assert inputs.thresholds(None) is None
    assert list(inputs.folder.iterdir()) == []


def test_calculators_get_names_of_their_own(inputs: Inputs) -> None:
    first, second = EMT(), EMT()
    assert inputs.potentials([first, "reference", second]) == [
        "object:EMT",
        "reference",
        "object:EMT-2",
    ]
    assert inputs.calculators["EMT"] is first
    assert inputs.calculators["EMT-2"] is second


def test_a_dictionary_names_calculators(inputs: Inputs) -> None:
    assert inputs.potentials({"soft": EMT(), "stiff": EMT()}) == ["object:soft", "object:stiff"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "none was given"),
        (EMT, r"give an instance, EMT\(\)"),
        (5, "found 5"),
        ([None], "found None"),
        ({"a": "a.model"}, "found 'a.model'"),
    ],
    ids=["nothing", "class", "number", "None", "path in a dictionary"],
)
def test_what_is_no_potential_is_refused(inputs: Inputs, given: Any, words: str) -> None:
    with pytest.raises(UsageError, match=f"^potential: .*{words}"):
        inputs.potentials(given)


def test_frames_become_a_dataset_with_the_same_labels(inputs: Inputs) -> None:
    frames = labelled()
    (path,) = inputs.datasets(frames)
    dataset = open_dataset(path)
    assert (dataset.name, len(dataset)) == ("frames", 3)
    assert dataset.labels.energy is not None
    assert dataset.labels.forces is not None
    energies = [atoms.get_potential_energy() for atoms in frames]
    np.testing.assert_allclose(dataset.labels.energy, energies, rtol=0, atol=1e-12)
    forces = np.concatenate([atoms.get_forces() for atoms in frames])
    np.testing.assert_allclose(dataset.labels.forces, forces, rtol=0, atol=1e-8)


def test_frames_come_in_many_forms(inputs: Inputs) -> None:
    frames = labelled()
    with Trajectory(inputs.folder / "frames.traj", "w") as trajectory:
        for atoms in frames:
            trajectory.write(atoms)
    forms: list[Any] = [frames, tuple(frames), iter(frames), frames[0]]
    with Trajectory(inputs.folder / "frames.traj") as trajectory:
        paths = [inputs.datasets(form) for form in [*forms, trajectory]]
    assert [len(each) for each in paths] == [1, 1, 1, 1, 1]
    assert [len(read(path, ":")) for (path,) in paths] == [3, 3, 3, 1, 3]
    assert [Path(path).stem for (path,) in paths] == [
        "frames",
        "frames-2",
        "frames-3",
        "frames-4",
        "frames-5",
    ]


def test_several_lists_of_frames_are_several_datasets(inputs: Inputs) -> None:
    frames = labelled()
    paths = inputs.datasets([frames[:2], "cha", frames[2]])
    assert [Path(path).stem for path in paths] == ["frames", "cha", "frames-2"]
    named = inputs.datasets({"cold": frames[:1], "hot": frames[1:]})
    assert [(Path(path).stem, len(read(path, ":"))) for path in named] == [("cold", 1), ("hot", 2)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "none was given"),
        ([[]], "found no frames"),
        ([*labelled(1), "cha"], "^nothing"),
        ([[*labelled(1), "cha"]], "found 'cha'"),
        (5, "found 5"),
        ({"a/b": labelled(1)}, "cannot be called 'a/b'"),
        ({"": labelled(1)}, "cannot be called ''"),
    ],
    ids=["nothing", "no frames", "mixture", "text in frames", "number", "folder", "no name"],
)
def test_what_is_no_dataset_is_refused(inputs: Inputs, given: Any, words: str) -> None:
    if words == "^nothing":
        # A frame beside a name is a dataset of its own.
        assert [Path(path).stem for path in inputs.datasets(given)] == ["frames", "cha"]
        return
    with pytest.raises(UsageError, match=words):
        inputs.datasets(given)


def test_results_of_another_frame_are_no_labels(inputs: Inputs) -> None:
    """ASE would write the last results of a shared calculator for every frame."""
    shared = EMT()
    frames = [bulk("Cu", cubic=True), bulk("Ag", cubic=True)]
    for atoms in frames:
        atoms.calc = shared
        atoms.get_potential_energy()
    with pytest.raises(UsageError, match=r"frame 0 .* results are those of another frame"):
        inputs.datasets(frames)
    # The last one has its own.
    (path,) = inputs.datasets(frames[1])
    assert read(path).get_potential_energy() == frames[1].get_potential_energy()


def test_frames_that_cannot_be_written_are_refused(inputs: Inputs) -> None:
    atoms = labelled(1)[0]
    atoms.arrays["odd"] = np.zeros((len(atoms), 2, 2))
    with pytest.raises(UsageError, match="'frames' cannot be written as extxyz"):
        inputs.datasets(atoms)


def test_thresholds_of_a_dictionary_are_those_of_the_file(inputs: Inputs) -> None:
    path = inputs.thresholds(MARK)
    assert path is not None
    again = Thresholds.from_file(Path(path))
    assert dict(again.items()) == dict(Thresholds(MARK, "").items())


def test_thresholds_are_checked(inputs: Inputs) -> None:
    with pytest.raises(UsageError, match=r"thresholds: unknown criterion 'eoss'. Did you mean"):
        inputs.thresholds({"eoss": {}})


def test_criteria_become_an_expression() -> None:
    assert criteria_expression(None) is None
    assert criteria_expression("eos") == "eos"
    assert criteria_expression(["eos", "neb_barrier", "eos"]) == "eos or neb_barrier"


@pytest.mark.parametrize(
    ("given", "words"),
    [("neb_barier", "Did you mean 'neb_barrier'"), ([], "none was given"), ([3], "criterion 3")],
)
def test_unknown_criteria_are_refused(given: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        criteria_expression(given)


def test_options_become_arguments() -> None:
    options = {
        "--a": None,
        "--b": False,
        "--c": True,
        "--d": 0,
        "--e": (1, 2),
        "--f": "x,y",
        "--g": Path("p"),
    }
    assert option_arguments(options) == ["--c", "--d=0", "--e=1,2", "--f=x,y", "--g=p"]


@pytest.mark.parametrize("path", ["a\0b", b"model.pt"])
def test_a_path_that_no_option_can_hold(inputs: Inputs, path: Any) -> None:
    with pytest.raises(UsageError, match="expected a path that a file can have"):
        inputs.potentials(_PathLike(path))


class _PathLike:
    def __init__(self, path: Any) -> None:
        self.path = path

    def __fspath__(self) -> Any:
        return self.path
