"""Batches of frameworks against the loop over their ASE calculators, in one run.

    python -m tests.benchmarks.framework_batches sevennet:7net-0 chgnet [--sizes 8 64]

Each framework needs its environment (``ms25 env create``). Both run in workers with one thread. The
numbers are CPU times of the worker, so that other work on the machine matters little.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import median

import numpy as np
import psutil
from ase.build import bulk

from ms25_suite.core.frames import Frames
from ms25_suite.potentials.frameworks.model import FrameworkModel
from ms25_suite.potentials.frameworks.opening import from_framework
from ms25_suite.potentials.potential import Potential, PotentialOptions

REPEATS = {
    8: (1, 1, 1),
    16: (2, 1, 1),
    32: (2, 2, 1),
    64: (2, 2, 2),
    144: (3, 3, 2),
    216: (3, 3, 3),
}
"""Cells of MgO along each direction, by the number of atoms of a frame."""


def magnesia(size: int, n_atoms: int) -> Frames:
    """Distorted MgO."""
    images = [
        bulk("MgO", "rocksalt", a=4.2, cubic=True) * REPEATS[size]
        for _ in range(max(1, n_atoms // size))
    ]
    for seed, atoms in enumerate(images):
        atoms.rattle(0.05, seed=seed)
    return Frames.from_atoms(images)


def spent(potential: Potential, frames: Frames) -> float:
    """CPU seconds of the worker for each atom, start and first call left out."""
    (pid,) = potential.worker_pids
    before = psutil.Process(pid).cpu_times()
    potential.compute(frames)
    after = psutil.Process(pid).cpu_times()
    return (after.user + after.system - before.user - before.system) / len(frames.numbers)


def compare(text: str, sizes: Sequence[int], limits: Sequence[int], n_atoms: int, n: int) -> None:
    """Print times and ratios of one model."""
    model = FrameworkModel.named(text, text)
    if model is None:
        msg = f"{text} names no framework"
        raise SystemExit(msg)
    for size in sizes:
        frames = magnesia(size, n_atoms)
        ways: dict[int, Potential] = {}
        for limit in limits:
            options = PotentialOptions(use_cache=False, batch_atoms=limit)
            ways[limit] = from_framework(model, text, options)
        loop = ways[limits[0]].by_calculator()
        if loop is None:
            msg = f"{model.info.title} has no batches"
            raise SystemExit(msg)
        ways[0] = loop
        # First calls compile, and compare a batch with the calculator.
        expected = loop.compute(frames)
        found = {limit: potential.compute(frames) for limit, potential in ways.items()}
        # All ways in turn: a busy moment of the machine then falls on all of them.
        times: dict[int, list[float]] = {limit: [] for limit in ways}
        for _ in range(n):
            for limit, potential in ways.items():
                times[limit].append(spent(potential, frames))
        title = f"{text}, {len(frames)} frames of {size} atoms"
        print(f"{title}: loop {1e3 * median(times[0]):.2f} ms/atom")
        for limit in limits:
            ratios = np.array(times[0]) / np.array(times[limit])
            assert expected.forces is not None
            off = np.abs(found[limit].forces - expected.forces).max()
            print(
                f"  {limit} atoms: {1e3 * median(times[limit]):.2f} ms/atom, "
                f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}) times the "
                f"speed of the loop; forces differ by {off:.1e} eV/Å"
            )
        for potential in ways.values():
            potential.close()


def main() -> None:
    """Compare all that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 64], choices=sorted(REPEATS))
    parser.add_argument("--batch-atoms", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--atoms", type=int, default=512, help="atoms of all frames together")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    for text in args.models:
        compare(text, args.sizes, args.batch_atoms, args.atoms, args.rounds)


if __name__ == "__main__":
    main()
