"""Compiled kernels of ANI's features; their numbers are compared in test_terms.py."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.ani
pytest.importorskip("numba")


def test_what_cannot_be_kept_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    from ms25_suite.architectures.ani import kernels as ani_kernels

    def njit(function: object = None, *, cache: bool = False) -> object:
        if cache:
            msg = "cannot cache function: no locator available"
            raise RuntimeError(msg)
        return function

    monkeypatch.setattr(ani_kernels, "njit", njit)
    assert ani_kernels._compiled(len) is len
