"""nequip-compile with volumes that a GPU can compute."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

torch = pytest.importorskip("torch")

from ms25_suite.architectures.nequip import compiler  # noqa: E402


def test_the_triple_product_is_the_determinant_and_so_is_its_derivative() -> None:
    generator = torch.Generator().manual_seed(3)
    cells = torch.randn(7, 3, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    expected, found = torch.linalg.det(cells), compiler.triple_product(cells)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)
    (slope,) = torch.autograd.grad(found.square().sum(), [cells])
    (reference,) = torch.autograd.grad(expected.square().sum(), [cells])
    torch.testing.assert_close(slope, reference, rtol=1e-11, atol=1e-12)
    single = torch.eye(3, dtype=torch.float64) * 2.0
    assert float(compiler.triple_product(single)) == 8.0


def test_nequip_compile_runs_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[object] = []
    fake = ModuleType("nequip.scripts.compile")
    fake.main = lambda: used.append(torch.linalg.det)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    for name in ("nequip", "nequip.scripts"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(torch.linalg, "det", torch.linalg.det)
    compiler.main()
    assert used == [compiler.triple_product]
