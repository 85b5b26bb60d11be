"""Potentials that are wrong in one way: each fails what asks for that way, and passes the rest.

All criteria that judge one potential are asked, of copper with a pair potential. All its frames
have the same volume for each atom, so that a pressure shows in the equation of state alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.from_ase import CalculatorEvaluator, load_calculator
from ms25_suite.potentials.potential import Potential, PotentialOptions
from tests.helpers.copper import A, make_copper

Documents = Callable[..., dict[str, Any]]

COORDINATION = 'len(neighbour_list("i", self.atoms, 3.1)) / len(self.atoms)'

WRONG = {
    "shifted": "results['energy'] += 0.01 * len(self.atoms)",
    # Cells of four atoms have 47 Å^3.
    "sized": "results['energy'] += 0.01 * len(self.atoms) * (self.atoms.get_volume() > 75)",
    # 12 neighbours in fcc, 14 in bcc up to here.
    "open": f"results['energy'] += 0.01 * len(self.atoms) * ({COORDINATION} > 13)",
    "pressed": "results['energy'] += 0.05 * (self.atoms.get_volume() - len(self.atoms) * A**3 / 4)",
    # A valley about the saddle of the atom that hops, the last one.
    "lowered": """
        if len(self.atoms) == 31:
            x = self.atoms.positions[-1] - [0, A / 4, A / 4]
            valley = 0.15 * np.exp(-(x @ x) / 0.18)
            results['energy'] -= valley
            results['forces'][-1] -= valley * x / 0.09
    """,
    # Attraction where no frame has atoms, the path of the reaction included.
    "hollow": """
        i, d, D = neighbour_list("idD", self.atoms, 2.3)
        results['energy'] -= 20.0 * ((2.3 - d) ** 2).sum()
        np.add.at(results['forces'], i, 80.0 * ((2.3 - d) / d)[:, None] * D)
    """,
    # No derivative of this energy, but zero where the right ones are.
    "heating": "results['forces'] = results['forces'] * 1.04",
}

FAILING = {
    "right": set(),
    "shifted": {
        ("error_thresholds", "energy"),
        ("size_extensivity", "energy"),
        ("framework_transfer", "energy"),
    },
    "sized": {("size_extensivity", "energy"), ("size_extensivity", "supercell_energy")},
    "open": {("framework_transfer", "energy")},
    # At another volume the curvature is another one too.
    "pressed": {("eos", "lattice_constant"), ("eos", "bulk_modulus")},
    "lowered": {("neb_barrier", "barrier")},
    "hollow": {("stability", "broken_runs")},
    "heating": {("stability", "energy_drift")},
}


IN_MOTION = ("right", "pressed", "hollow", "heating")

MOTION = {("stability", "energy_drift"), ("stability", "broken_runs")}


@pytest.fixture(scope="session")
def copper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_copper(tmp_path_factory.mktemp("copper"))


class InProcess(Potential):
    """A calculator without a worker: to start one for each criterion is what takes time here."""

    def __init__(self, target: str, name: str, options: PotentialOptions) -> None:
        super().__init__(name, "ase", {}, options)
        self._evaluator = CalculatorEvaluator(load_calculator(target))

    def info(self) -> ModelInfo:
        return self._evaluator.info

    def predict(self, frames: Frames) -> Predictions:
        return self._evaluator.predict(frames)


def test_each_fails_where_it_is_wrong_and_nowhere_else(
    pytester: pytest.Pytester,
    copper: Path,
    document: Documents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ms25_suite.plugin.pool.from_calculator", InProcess)
    morse = (Path(__file__).parents[1] / "helpers" / "morse.py").read_text(encoding="utf-8")
    for name, body in {"right": "pass", **WRONG}.items():
        spoiled = f"\n\nA = {A}\n\nclass Wrong(Morse):\n    def spoil(self, results):\n"
        lines = body.strip() if "\n" in body else body
        text = f"{morse}{spoiled}        {lines}\n\ncalculator = Wrong\n"
        (pytester.path / f"{name}.py").write_text(text, encoding="utf-8")
    criteria = {name for name, _ in set().union(*FAILING.values())}
    results = []
    for names, asked in (
        (tuple(FAILING), criteria - {"stability"}),
        # Some hundred steps of each: what is wrong elsewhere is asked once only.
        (IN_MOTION, {"stability"}),
    ):
        potentials = [f"--mlip={name}.py" for name in names]
        expression = " or ".join(sorted(asked))
        done = pytester.runpytest(
            *potentials, f"--dataset={copper}", "-m", expression, "--md-steps=60"
        )
        assert done.ret == pytest.ExitCode.TESTS_FAILED
        results += document()["results"]
    assert not [r for r in results if r["verdict"] in ("error", "undecided")]
    failed: dict[str, set[tuple[str, str]]] = {name: set() for name in FAILING}
    passed: dict[str, set[tuple[str, str]]] = {name: set() for name in FAILING}
    for r in results:
        if r["verdict"] in ("pass", "fail"):
            kind = passed if r["verdict"] == "pass" else failed
            kind[r["potential"]].add((r["criterion"], r["quantity"]))
    assert failed == FAILING
    # What does not fail was judged.
    for name, own in FAILING.items():
        judged = passed["right"] if name in IN_MOTION else passed["right"] - MOTION
        assert passed[name] == judged - own, name
    assert {criterion for criterion, _ in passed["right"]} == criteria
