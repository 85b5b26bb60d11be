"""Messages between processes keep every number."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import execnet
import numpy as np
import pytest
from ase.build import bulk, molecule

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.lammps.plan import LammpsRun, Thermo
from ms25_suite.potentials.workers.wire import (
    pack_frames,
    pack_predictions,
    pack_run,
    unpack_frames,
    unpack_predictions,
    unpack_run,
)


def test_frames_travel_whole() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True), molecule("H2O")])
    message = pack_frames(frames)
    assert message.pop("inputs") == {}
    assert all(isinstance(value, bytes) for value in message.values())
    message["inputs"] = {}
    found = unpack_frames(message)
    assert found.content_hash() == frames.content_hash()
    found.positions[0] += 1.0  # not a view of the message, which is read-only


def test_frames_of_other_types_arrive_as_ours() -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True)])
    short = Frames(
        frames.numbers.astype(np.int32),
        np.asfortranarray(frames.positions).astype(">f8"),
        frames.cells,
        frames.pbc,
        frames.offsets.astype(np.int32),
    )
    assert unpack_frames(pack_frames(short)).content_hash() == frames.content_hash()


def test_inputs_travel_with_their_frames() -> None:
    images = [molecule("H2O"), bulk("Cu"), molecule("N2")]
    images[0].info.update(charge=-1, head="a", external_field=[0.0, 0.0, 0.1])
    images[2].info.update(spin=3, head="longer")
    images[2].set_initial_magnetic_moments([1.0, 1.0])
    frames = Frames.from_atoms(images)
    message = pack_frames(frames)
    # What execnet can send: plain types.
    found = unpack_frames(execnet.loads(execnet.dumps(message)))
    assert found.content_hash() == frames.content_hash()
    assert set(found.inputs) == {
        "total_charge",
        "spin_multiplicity",
        "initial_magmoms",
        "external_field",
        "head",
    }
    assert found.select([1]).inputs["head"].values.tolist() == [""]


def test_no_frames_travel_too() -> None:
    assert len(unpack_frames(pack_frames(Frames.from_atoms([])))) == 0


@pytest.mark.parametrize("absent", [(), ("stress",), ("energy", "stress")])
def test_predictions_travel_without_what_is_missing(absent: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    given = {"energy": rng.random(2), "forces": rng.random((5, 3)), "stress": rng.random((2, 6))}
    given["stress"][1] = np.nan
    predictions = Predictions(**{name: v for name, v in given.items() if name not in absent})
    found = unpack_predictions(pack_predictions(predictions))
    for name, expected in given.items():
        value = getattr(found, name)
        if name in absent:
            assert value is None
        else:
            np.testing.assert_array_equal(value, expected)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, LammpsRun | Thermo | Frames):
        return [part for field in fields(value) for part in _flat(getattr(value, field.name))]
    return [value]


def test_a_run_travels_whole() -> None:
    rng = np.random.default_rng(0)
    run = LammpsRun(
        route="fix external",
        lammps_version=20250722,
        n_atoms=4,
        energy=-1.5,
        forces=rng.normal(size=(4, 3)),
        stress=np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan]),
        thermo=Thermo(np.array([0, 10, 20]), *rng.normal(size=(4, 3))),
        wall_s=rng.random(2),
        cpu_s=rng.random(2),
        model_s=rng.random(2),
        neighbour_s=rng.random(2),
        neighbour_builds=7,
        peak_memory_bytes=1 << 33,
        threads=2,
        final=Frames.from_atoms([bulk("Cu", cubic=True)]),
    )
    for found, expected in zip(_flat(unpack_run(pack_run(run))), _flat(run), strict=True):
        np.testing.assert_array_equal(found, expected)
