"""Energies of another zero, judged as they are and aligned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.emt_data import crystals, save

Calc = Callable[..., str]
Results = Callable[..., dict[tuple[str, str, str, str], Any]]

CARD = "[splits]\ntrain = 6\nvalidation = 12\ntest = 24\n"
ZERO = "results['energy'] += 0.4 * (self.atoms.numbers == 28).sum() - 0.1 * len(self.atoms)"


def test_another_zero_of_energy_passes_only_if_aligned(
    pytester: pytest.Pytester, calc: Calc, results: Results
) -> None:
    save(pytester.path, "alloys", crystals("fcc", (1, 1, 1), 42), CARD)
    options = [f"--mlip={calc(ZERO)}", "--dataset=alloys.toml"]
    options += ["-m", "error_thresholds or energy_decomposition"]
    assert pytester.runpytest(*options).ret == pytest.ExitCode.TESTS_FAILED
    raw = {key[2:]: result for key, result in results().items()}
    assert raw["energy", "mae"]["verdict"] == "fail"
    assert raw["energy_aligned", "measurement"]["value"] < 1e-3
    assert raw["systematic", "measurement"]["value"] > 99.9

    done = pytester.runpytest(*options, "--align=element")
    assert done.ret == pytest.ExitCode.OK
    # Before any number, below the table, and in the report.
    done.stdout.fnmatch_lines(["aligned energies: those on alloys are judged without*"])
    text = " ".join(done.stdout.str().split())
    assert "2 parameters fitted to the 12 validation frames of alloys" in text
    aligned = {key[2:]: result for key, result in results().items()}
    assert aligned["energy", "mae"]["verdict"] == "pass"
    assert aligned["energy_as_predicted", "measurement"]["value"] == pytest.approx(
        raw["energy", "mae"]["value"]
    )
    assert aligned["systematic", "measurement"]["value"] > 99.9
    page = (pytester.path / "reports" / "report.html").read_text()
    assert "2 parameters fitted to the 12 validation frames of alloys" in page


def test_the_card_can_ask_for_it(pytester: pytest.Pytester, calc: Calc, results: Results) -> None:
    save(pytester.path, "alloys", crystals("fcc", (1, 1, 1), 42), f'align = "element"\n{CARD}')
    options = [f"--mlip={calc(ZERO)}", "--dataset=alloys.toml", "-m", "error_thresholds"]
    assert pytester.runpytest(*options).ret == pytest.ExitCode.OK
    assert pytester.runpytest(*options, "--align=none").ret == pytest.ExitCode.TESTS_FAILED
    assert Path(pytester.path / "reports").is_dir()
