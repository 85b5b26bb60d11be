from __future__ import annotations

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.formats.species import element_list


def test_words_and_commas() -> None:
    assert element_list(["H", "O"], "x") == ["H", "O"]
    assert element_list(["H,O", "Zr"], "x") == ["H", "O", "Zr"]


@pytest.mark.parametrize("words", [[], [""], ["Qq"], ["X"], ["TYPE_0"], ["H", "H"]])
def test_what_is_no_list_of_elements(words: list[str]) -> None:
    with pytest.raises(DatasetError, match=r"^x: "):
        element_list(words, "x")
