from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ms25_suite.core.errors import LabelError, TrainingError, UsageError
from ms25_suite.training import TrainingRequest
from ms25_suite.training.request import part_hash
from tests.helpers.fake_training import data, part


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"n_train": 0}, r"`n_train` .* from 1, got 0"),
        ({"n_train": True}, "`n_train`"),
        ({"n_train": 5, "set": 0}, "`set`"),
        ({"n_train": 5, "seed": -1}, "`seed` .* from 0, got -1"),
    ],
)
def test_a_request_out_of_range_is_refused(values: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrainingRequest("mace", **values)


def test_no_frames_of_a_role() -> None:
    with pytest.raises(TrainingError, match="no validation frames"):
        data(part(3), part(0))
    with pytest.raises(TrainingError, match="no training frames"):
        data(part(0), part(2))


@pytest.mark.parametrize("name", ["energy", "forces"])
def test_missing_and_broken_labels(name: str) -> None:
    frames, labels = part(3)
    with pytest.raises(LabelError, match=f"the training frames of cu have no {name} labels"):
        data((frames, dataclasses.replace(labels, **{name: None})), part(2))
    broken = np.array(getattr(labels, name))
    broken[1] = np.nan
    with pytest.raises(LabelError, match=f"some {name} labels are not finite"):
        data(part(2), (frames, dataclasses.replace(labels, **{name: broken})))
    short = dataclasses.replace(labels, **{name: getattr(labels, name)[:-1]})
    with pytest.raises(LabelError, match=rf"expected {name} labels of shape .*, found"):
        data((frames, short), part(2))


def test_a_stress_is_optional_for_each_frame() -> None:
    frames, labels = part(3)
    assert labels.stress is not None
    some = np.array(labels.stress)
    some[1] = np.nan
    kept = data((frames, dataclasses.replace(labels, stress=some)), part(2, stress=False))
    assert kept.train[1].has_stress is not None
    assert kept.train[1].has_stress.tolist() == [True, False, True]


def test_validation_elements_must_be_trained() -> None:
    with pytest.raises(TrainingError, match=r"atomic numbers \[79\]"):
        data(part(3), part(2, number=79))


def test_part_hash_sees_every_label() -> None:
    frames, labels = part(3)
    assert labels.energy is not None
    assert labels.forces is not None
    assert labels.stress is not None
    hashes = {
        part_hash((frames, labels)),
        part_hash((frames, dataclasses.replace(labels, energy=labels.energy + 1e-9))),
        part_hash((frames, dataclasses.replace(labels, forces=-labels.forces))),
        part_hash((frames, dataclasses.replace(labels, stress=2 * labels.stress))),
        part_hash((frames, dataclasses.replace(labels, stress=None))),
        part_hash(part(2)),
    }
    assert len(hashes) == 6
    # No stress at all is the same, however it is said.
    absent = dataclasses.replace(labels, stress=np.full((3, 6), np.nan))
    assert part_hash((frames, absent)) == part_hash(
        (frames, dataclasses.replace(labels, stress=None))
    )


def test_energies_of_isolated_atoms_are_used_for_all_elements_or_none() -> None:
    plain = data(part(3), part(2))
    (element,) = plain.train[0].elements
    assert plain.isolated_atoms() is None
    known = dataclasses.replace(plain, atom_energies={1: -13.6, element: 3.5})
    assert known.isolated_atoms() == {element: 3.5}
    assert dataclasses.replace(plain, atom_energies={1: -13.6}).isolated_atoms() is None
