from __future__ import annotations

import pytest

from ms25_suite.datasets.cards.fields import (
    refuse_other_than_function,
    refuse_unknown_elements,
    values_of,
)
from ms25_suite.datasets.cards.partners import Partners


def test_values_are_not_copied() -> None:
    transfer = ("fau",)
    values = values_of(Partners("large", transfer=transfer))
    assert values == {"extensivity": "large", "not_extensive": "", "transfer": ("fau",)}
    assert values["transfer"] is transfer


@pytest.mark.parametrize("text", [None, "module:function", "package.module:make_2"])
def test_names_of_functions(text: str | None) -> None:
    refuse_other_than_function(text, "build")


@pytest.mark.parametrize("text", ["", "module", "module:", ":function", "a b:c", "a:b:c", "a:b.c"])
def test_other_texts_name_no_function(text: str) -> None:
    with pytest.raises(ValueError, match=f"`build` must be `module:function`, found '{text}'"):
        refuse_other_than_function(text, "build")


def test_elements() -> None:
    refuse_unknown_elements(())
    refuse_unknown_elements(("Cu", "Ni"))
    with pytest.raises(ValueError, match="`elements` must be chemical symbols, found X, Xy, cu"):
        refuse_unknown_elements(("Cu", "X", "Xy", "cu"))
