"""Opening 10,000 frames of 192 atoms: from the store, and with ASE alone.

Not part of the tests: run `make benchmark` on an idle machine and compare within one run. The
first reading takes minutes and a file of 300 MB.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.indexed_splits import IndexedSet, write_indices

pytestmark = pytest.mark.filterwarnings("ignore")

N_FRAMES, N_ATOMS = 10_000, 192
FASTER = 100.0
LONGEST_S = 0.5


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Water-like frames, written without ASE, which would take several minutes."""
    rng = np.random.default_rng(0)
    symbols = np.array(["O", "H", "H"] * (N_ATOMS // 3))
    header = (
        f'{N_ATOMS}\nLattice="12.4 0 0 0 12.4 0 0 0 12.4" '
        'Properties=species:S:1:pos:R:3:REF_forces:R:3 REF_energy={energy:.6f} pbc="T T T"\n'
    )
    path = tmp_path_factory.mktemp("store") / "water.extxyz"
    sites = np.stack(np.meshgrid(*[np.arange(6) * 2.06] * 3), axis=-1).reshape(-1, 3)[:N_ATOMS]
    with path.open("w") as file:
        for _ in range(N_FRAMES):
            forces = rng.normal(size=(N_ATOMS, 3))
            rows = np.hstack([sites + rng.normal(0.0, 0.1, sites.shape), forces])
            rows[:, 3:] -= forces.mean(axis=0)
            file.write(header.format(energy=-4.9 * N_ATOMS + rng.normal()))
            file.writelines(
                f"{symbol} {' '.join(f'{value:14.8f}' for value in row)}\n"
                for symbol, row in zip(symbols, rows, strict=True)
            )
    return path


def seconds(function: Any) -> tuple[float, float]:
    """Wall and CPU time: on a busy machine only the second says something."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


def test_opening_again_is_a_hundred_times_faster_than_ase(path: Path) -> None:
    import ase.io

    first = seconds(lambda: open_dataset(str(path)))
    again = min(seconds(lambda: open_dataset(str(path))) for _ in range(5))
    ase = seconds(lambda: ase.io.read(path, index=":"))
    print(
        f"\n{N_FRAMES} frames of {N_ATOMS} atoms, {path.stat().st_size / 1e6:.0f} MB; wall and "
        f"CPU seconds\n"
        f"ase.io.read          {ase[0]:8.2f} {ase[1]:8.2f}\n"
        f"first opening        {first[0]:8.2f} {first[1]:8.2f}\n"
        f"opening again        {again[0]:8.3f} {again[1]:8.3f}\n"
        f"faster than ASE by   {ase[0] / again[0]:8.0f} {ase[1] / again[1]:8.0f}"
    )
    assert again[1] < LONGEST_S
    assert ase[1] / again[1] > FASTER


def test_opening_with_three_sets_frame_by_frame(path: Path) -> None:
    """As an imported archive is: the indices of 1000, 80 and 8920 frames, three times."""
    sets = []
    for number in range(3):
        order = np.random.default_rng(number).permutation(N_FRAMES).tolist()
        parts = {"train": order[:1000], "validation": order[1000:1080], "test": order[1080:]}
        sets.append(IndexedSet(**{role: tuple(part) for role, part in parts.items()}))
    write_indices(path.with_name("water.splits.json"), N_FRAMES, sets)
    card = path.with_name("three.toml")
    card.write_text('files = "water.extxyz"\n[splits]\nindices = "water.splits.json"\n')
    open_dataset(str(card))
    again = min(seconds(lambda: open_dataset(str(card))) for _ in range(5))
    print(f"\nthree sets of {N_FRAMES} frames: {again[0]:.3f} s, CPU {again[1]:.3f} s")
    assert again[1] < LONGEST_S
