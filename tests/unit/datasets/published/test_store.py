from __future__ import annotations

from pathlib import Path

import numpy as np

from ms25_suite.datasets.published.store import FrameStore
from tests.helpers.published_samples import hea, many, mgo


def test_frames_come_back_in_any_order(tmp_path: Path) -> None:
    images = [*many(hea(), 2), *many(mgo(2), 2)]
    for atoms in images:
        atoms.info = {"REF_energy": atoms.get_potential_energy(), "source": "a#1"}
        atoms.arrays["REF_forces"] = atoms.get_forces()
    with FrameStore(tmp_path) as store:
        places = [store.add(atoms) for atoms in images]
        for index in (3, 0, 2, 0):
            atoms = store.get(places[index])
            assert atoms.info == images[index].info
            assert atoms.pbc.tolist() == images[index].pbc.tolist()
            for name in ("numbers", "positions", "REF_forces"):
                np.testing.assert_array_equal(atoms.arrays[name], images[index].arrays[name])
            np.testing.assert_array_equal(atoms.cell.array, images[index].cell.array)
        # Reading does not move the place of the next frame.
        last = store.add(images[1])
        assert last > max(places)
        assert len(store.get(last)) == len(images[1])
