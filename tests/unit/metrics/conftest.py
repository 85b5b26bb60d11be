from __future__ import annotations

import pytest

from ms25_suite.core.frames import Frames
from tests.helpers.three_metals import three_metals


@pytest.fixture
def frames() -> Frames:
    return three_metals()
