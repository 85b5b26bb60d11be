"""Compiled kernels of ANI's features; their numbers are compared in test_terms.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.ani
pytest.importorskip("numba")


def test_what_cannot_be_kept_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    from ms25_suite.architectures.ani import kernels as ani_kernels

    def njit(*, nogil: bool, cache: bool = False) -> Callable[[object], object]:
        assert nogil
        if cache:
            msg = "cannot cache function: no locator available"
            raise RuntimeError(msg)
        return lambda function: function

    monkeypatch.setattr(ani_kernels, "njit", njit)
    assert ani_kernels._compiled(len) is len
