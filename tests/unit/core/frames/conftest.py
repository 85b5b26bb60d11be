from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.frames import Frames


@pytest.fixture
def images() -> list[Atoms]:
    return [bulk("NiO", "rocksalt", a=4.2), molecule("H2O"), bulk("Cu", cubic=True)]


@pytest.fixture
def frames(images: list[Atoms]) -> Frames:
    return Frames.from_atoms(images)
