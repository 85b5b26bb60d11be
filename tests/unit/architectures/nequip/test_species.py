from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.architectures.nequip.species import elements_of, type_index
from ms25_suite.core.errors import ModelFileError


def test_types_must_be_elements() -> None:
    assert elements_of(["Ni", "Cu"], Path("m")) == [28, 29]
    index = type_index([29, 28])
    assert (index[29], index[28], index[1]) == (0, 1, -1)
    for types in (["C1", "C2"], ["X"], ["Cu", "Cu"]):
        with pytest.raises(ModelFileError, match=r"m: expected one type of atoms for each"):
            elements_of(types, Path("m"))
