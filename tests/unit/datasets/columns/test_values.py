from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import LabelError
from tests.helpers.labelled_frames import VOIGT, find, forces, frame, labelled


def test_a_single_atom_whose_forces_were_written_as_one_row() -> None:
    atoms = labelled({"REF_energy": 1.0, "REF_forces": np.zeros(3)}, {}, n_atoms=1)
    found = find([atoms])
    assert found.labels.forces is not None
    assert found.labels.forces.shape == (1, 3)


def test_no_labels_lists_what_is_there() -> None:
    atoms = labelled({"E": 1.0}, {"f": forces()})
    match = r"no labels.*found: E, f\. `E` could be energies\. `f` could be forces\..*card"
    with pytest.raises(LabelError, match=match):
        find([atoms])
    with pytest.raises(LabelError, match="found: nothing beside the structure"):
        find([frame()])


@pytest.mark.parametrize("value", [-np.inf, np.inf])
def test_labels_that_are_infinite(value: float) -> None:
    def images() -> list[Atoms]:
        info = {"REF_energy": 1.0, "REF_stress": VOIGT}
        return [labelled(dict(info), {"REF_forces": forces()}) for _ in range(4)]

    bad = images()
    bad[2].info["REF_energy"] = value
    with pytest.raises(LabelError, match=r"`energy` is infinite in 1 of the frames \(frame 2\)"):
        find(bad)
    bad = images()
    bad[1].arrays["REF_forces"][1, 2] = value
    bad[3].arrays["REF_forces"][0, 0] = value
    with pytest.raises(LabelError, match=r"`forces` is infinite in 2 .*\(frames 1, 3\)"):
        find(bad)
    bad = images()
    bad[3].info["REF_stress"] = np.full(6, value)
    with pytest.raises(LabelError, match=r"`stress` is infinite in 1 .*\(frame 3\)"):
        find(bad)


@pytest.mark.parametrize(
    ("info", "arrays", "match"),
    [
        ({"REF_energy": [1.0, 2.0]}, {}, r"`energy` of frame 0 must have shape \(\) or \(1,\)"),
        (
            {"REF_energy": "low"},
            {},
            "`energy` of frame 0 must have .* found no number: 'low'",
        ),
        ({}, {"REF_forces": np.zeros((2, 2))}, r"`forces` of frame 0 must have shape \(2, 3\)"),
        ({"REF_energy": 1.0, "REF_stress": np.zeros(5)}, {}, r"`stress` .* found shape \(5,\)"),
    ],
)
def test_wrong_shapes(info: dict[str, Any], arrays: dict[str, Any], match: str) -> None:
    with pytest.raises(LabelError, match=match):
        find([labelled(info, arrays)])


@pytest.mark.parametrize("label", ["energy", "forces", "stress", "virial"])
def test_a_key_of_the_card_that_is_not_there(label: str) -> None:
    atoms = labelled({"REF_energy": 1.0}, {"REF_forces": forces()})
    with pytest.raises(LabelError, match=f"the card names `nope` for `{label}`, but no frame"):
        find([atoms], **{label: "nope"})
