"""Any ASE calculator as a potential: how it is loaded, and what it may do wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, PropertyNotImplementedError
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.mixing import SumCalculator

from ms25_suite.core.errors import ModelFileError, PredictionError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.from_ase import CalculatorEvaluator, load_calculator

FRAMES = Frames.from_atoms([bulk("Cu"), molecule("N2"), bulk("Cu", cubic=True)])


@pytest.mark.parametrize(
    "text",
    [
        "from ase.calculators.emt import EMT\ncalculator = EMT()",
        "from ase.calculators.emt import EMT\ncalculator = EMT",
        "from ase.calculators.emt import EMT\ndef calculator(): return EMT()",
        "import beside\ncalculator = beside.make",
    ],
)
def test_a_file_gives_a_calculator(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    (tmp_path / "beside.py").write_text("from ase.calculators.emt import EMT as make")
    path = tmp_path / "calc.py"
    path.write_text(text)
    assert isinstance(load_calculator(str(path)), EMT)


def test_a_module_gives_a_calculator() -> None:
    assert isinstance(load_calculator("ase.calculators.lj:LennardJones"), LennardJones)


def test_a_file_does_not_hide_a_package_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy

    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / "numpy.py"
    path.write_text("from ase.calculators.emt import EMT as calculator")
    assert isinstance(load_calculator(str(path)), EMT)
    assert sys.modules["numpy"] is numpy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_module", "importing .*calc.py failed:[^$]*No module named"),
        ("x = 1", "calc.py does not define `calculator`: expected an ASE calculator"),
        ("calculator = 3", "calling `calculator` of .* failed:[^$]*not callable"),
        ("def calculator(): return 3", "gives <class 'int'>, expected an ASE calculator"),
        ("def calculator(): raise OSError('no licence')", "OSError: no licence"),
        ("calculator = (", "SyntaxError"),
    ],
)
def test_a_file_without_a_calculator_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    path = tmp_path / "calc.py"
    path.write_text(text)
    with pytest.raises(ModelFileError, match=message) as caught:
        load_calculator(str(path))
    assert "from_ase.py" not in str(caught.value)


def test_a_missing_attribute_of_a_module_is_named() -> None:
    with pytest.raises(ModelFileError, match=r"ase\.calculators\.emt does not define `EMTT`"):
        load_calculator("ase.calculators.emt:EMTT")


def test_frames_are_evaluated_one_by_one() -> None:
    found = CalculatorEvaluator(EMT()).predict(FRAMES)
    for index in range(len(FRAMES)):
        atoms = FRAMES.atoms(index)
        atoms.calc = EMT()
        rows = slice(int(FRAMES.offsets[index]), int(FRAMES.offsets[index + 1]))
        assert found.energy[index] == pytest.approx(atoms.get_potential_energy(), abs=1e-12)
        np.testing.assert_allclose(found.forces[rows], atoms.get_forces(), atol=1e-12)
    # A molecule has no stress.
    assert found.has_stress.tolist() == [True, False, True]


class Given(Calculator):  # type: ignore[misc]
    """Returns what it is given."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, **results: Any) -> None:
        super().__init__()
        self.given = {"energy": 1.0, "forces": np.zeros((1, 3)), "stress": np.zeros(6), **results}

    def calculate(self, *_: Any, **__: Any) -> None:
        self.results = dict(self.given)


ONE = Frames.from_atoms([bulk("Cu")])


def test_a_stress_may_be_a_matrix() -> None:
    matrix = np.array([[1.0, 6, 5], [6, 2, 4], [5, 4, 3]])
    found = CalculatorEvaluator(Given(stress=matrix)).predict(ONE)
    np.testing.assert_array_equal(found.stress, [[1, 2, 3, 4, 5, 6]])


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"energy": np.zeros(4)}, r"energy has shape \(4,\) .* Cu; expected one number"),
        ({"forces": np.zeros((2, 3))}, r"forces has shape \(2, 3\) .*; expected \(1, 3\)"),
        ({"stress": np.zeros(5)}, r"stress has shape \(5,\) .*; expected \(6,\)"),
    ],
)
def test_results_of_a_wrong_shape_are_refused(results: dict[str, Any], message: str) -> None:
    with pytest.raises(PredictionError, match=message) as caught:
        CalculatorEvaluator(Given(**results)).predict(ONE)
    assert caught.value.frames == (0,)


def test_an_error_of_the_calculator_names_its_frame() -> None:
    frames = Frames.from_atoms([bulk("Cu"), Atoms("He", cell=[3] * 3, pbc=True)])
    message = r"raised an error for a frame of 1 atoms, He:[^$]*No EMT-potential for He"
    with pytest.raises(PredictionError, match=message) as caught:
        CalculatorEvaluator(EMT()).predict(frames)
    assert caught.value.frames == (1,)


def test_without_the_property_there_is_no_stress() -> None:
    calculator = Given()
    calculator.implemented_properties = ("energy", "forces")
    assert CalculatorEvaluator(calculator).predict(ONE).stress is None


@pytest.mark.parametrize(
    ("elements", "expected"),
    [(["Ni", "H", "Ni"], (1, 28)), (("O",), (8,)), ("Ni", None), ([28], None), (None, None)],
)
def test_elements_are_known_if_they_are_listed(elements: Any, expected: Any) -> None:
    calculator = Given()
    calculator.elements = elements
    assert CalculatorEvaluator(calculator).info.elements == expected


class _Declares(EMT):
    """Lists stresses among its properties, and has none."""

    implemented_properties = (*EMT.implemented_properties, "stress")

    def get_property(self, name: str, *arguments: Any, **options: Any) -> Any:
        return self.answer() if name == "stress" else super().get_property(name, *arguments)

    def answer(self) -> Any:
        raise PropertyNotImplementedError("stress")


class _Unwritten(_Declares):
    def answer(self) -> Any:
        raise NotImplementedError


class _Empty(_Declares):
    def answer(self) -> Any:
        return None


@pytest.mark.parametrize("kind", [_Declares, _Unwritten, _Empty])
def test_a_calculator_that_declares_a_stress_and_has_none_predicts_the_rest(
    kind: type[_Declares],
) -> None:
    evaluator = CalculatorEvaluator(kind())
    found, expected = evaluator.predict(FRAMES), CalculatorEvaluator(EMT()).predict(FRAMES)
    assert found.stress is None
    assert found.energy == pytest.approx(expected.energy)
    assert found.forces == pytest.approx(expected.forces)
    assert evaluator.predict(FRAMES).stress is None


def test_a_stress_for_some_periodic_frames_only_is_an_error() -> None:
    class Sometimes(_Declares):
        def answer(self) -> Any:
            return np.zeros(6) if len(self.atoms) == 1 else None

    with pytest.raises(PredictionError, match="gave one for other") as caught:
        CalculatorEvaluator(Sometimes()).predict(FRAMES)
    assert caught.value.frames == (2,)


class Charged(Calculator):
    """Reads the charge and the spin of the system as fairchem, ORB and MACE do."""

    implemented_properties = ("energy", "forces")

    def calculate(self, *given: Any, **named: Any) -> None:
        super().calculate(*given, **named)
        charge = self.atoms.info.get("charge", 0)
        self.results = {
            "energy": float(10 * charge + self.atoms.info.get("spin", 1)),
            "forces": np.zeros((len(self.atoms), 3)),
        }


def charge_states(*charges: int) -> Frames:
    images = []
    for charge in charges:
        atoms = molecule("N2")
        atoms.info["charge"] = charge
        images.append(atoms)
    return Frames.from_atoms(images)


def test_charge_states_of_one_geometry_are_different_calculations() -> None:
    """ASE's calculators compare structures only and would return the first one's results."""
    evaluator = CalculatorEvaluator(Charged())
    assert evaluator.predict(charge_states(0, 1, -1, -1)).energy.tolist() == [1, 11, -9, -9]
    assert evaluator.predict(charge_states(0)).energy.tolist() == [1]


def test_a_combination_of_calculators_forgets_too() -> None:
    evaluator = CalculatorEvaluator(SumCalculator([Charged(), SumCalculator([Charged()])]))
    assert evaluator.predict(charge_states(0, 1)).energy.tolist() == [2, 22]


def test_a_calculator_is_watched_for_what_it_reads() -> None:
    plain, charged = CalculatorEvaluator(EMT()), CalculatorEvaluator(Charged())
    assert plain.info.inputs is None
    for evaluator in (charged, plain):
        evaluator.predict(charge_states(1))
    assert charged.info.inputs == ("spin_multiplicity", "total_charge")
    assert plain.info.inputs == ()
