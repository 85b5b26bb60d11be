"""Three rattled metal crystals, and a potential that fails for some of them."""

from __future__ import annotations

from collections.abc import Callable

from ase.build import bulk

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import Frames, Predictions
from tests.helpers.emt_path import emt


def three_metals() -> Frames:
    """Cubic cells of Cu, Ni and Al, four atoms each."""
    images = []
    for seed, symbol in enumerate(("Cu", "Ni", "Al")):
        atoms = bulk(symbol, cubic=True)
        atoms.rattle(0.05, seed=seed)
        images.append(atoms)
    return Frames.from_atoms(images)


def without(*lost: int) -> Callable[[Frames], Predictions]:
    """EMT that has no finite numbers for frames of these elements."""

    def predict(frames: Frames) -> Predictions:
        bad = [i for i in range(len(frames)) if frames.select([i]).numbers[0] in lost]
        if bad:
            msg = "not finite"
            raise NotFiniteError(msg, tuple(bad))
        return emt(frames)

    return predict
