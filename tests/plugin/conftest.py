from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.report import writer

CALCULATOR = """
import os, time
import numpy as np
from ase.calculators.emt import EMT

class Calculator(EMT):
    frame = 0
    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        Calculator.frame += 1
        results = self.results
        rng = np.random.default_rng(Calculator.frame)
        {body}

calculator = Calculator
"""


@pytest.fixture
def calc(pytester: pytest.Pytester) -> Callable[..., str]:
    """Write a calculator file that is EMT plus something; returns what goes after --mlip=."""

    def make(body: str = "pass", name: str = "calc") -> str:
        path = pytester.path / f"{name}.py"
        path.write_text(CALCULATOR.format(body=body))
        return path.name

    return make


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures and no page: they take longer than all the rest of most runs."""
    for name, value in {
        "draw_heatmap": SimpleNamespace(get_figwidth=lambda: 1.0),
        "png_bytes": b"",
        "svg_bytes": b"",
        "render_page": "",
    }.items():
        monkeypatch.setattr(writer, name, lambda *_, value=value: value)


@pytest.fixture
def document(pytester: pytest.Pytester) -> Callable[..., dict[str, Any]]:
    """The whole of ``results.json``."""

    def read(folder: str = "reports") -> dict[str, Any]:
        path = Path(pytester.path) / folder / "results.json"
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    return read


@pytest.fixture
def results(pytester: pytest.Pytester) -> Callable[[], dict[tuple[str, str, str, str], Any]]:
    """Results in the report, by dataset, potential, quantity and metric."""

    def read(folder: str = "reports") -> dict[tuple[str, str, str, str], Any]:
        path = Path(pytester.path) / folder / "results.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["schema"] == 1
        return {
            (r["dataset"], r["potential"], r["quantity"], r["metric"]): r
            for r in document["results"]
        }

    return read
