from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.plugin import pool as module
from ms25_suite.plugin.pool import PotentialPool, use_potential_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.spec import parse_spec
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess

SPLITS = "[splits]\ntrain = 5\nvalidation = 1\n"


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the potentials that were closed; calculators are evaluated in this process."""
    names: list[str] = []
    monkeypatch.setattr(
        module, "from_calculator", lambda target, name, options, **_: InProcess(name=name)
    )
    monkeypatch.setattr(Potential, "close", lambda self: names.append(self.name))
    return names


def test_a_calculator_is_opened_once_for_all_datasets(tmp_path: Path, closed: list[str]) -> None:
    one, other = (open_crystals(tmp_path, name, n=2) for name in ("one", "other"))
    pool, spec = PotentialPool(PotentialOptions()), parse_spec("ase.calculators.emt:EMT")
    assert pool.get(spec, one) is pool.get(spec, other)
    assert closed == []


def test_a_baseline_belongs_to_its_dataset(tmp_path: Path, closed: list[str]) -> None:
    one = open_crystals(tmp_path, "one", SPLITS)
    other = open_crystals(tmp_path, "other", SPLITS, seed=1)
    pool, spec = PotentialPool(PotentialOptions()), parse_spec("baseline:mean")
    assert pool.get(spec, one) is not pool.get(spec, other)


def test_few_potentials_keep_their_workers(tmp_path: Path, closed: list[str]) -> None:
    data, pool = open_crystals(tmp_path, n=2), PotentialPool(PotentialOptions())
    for number in range(3):
        path = tmp_path / f"calc{number}.py"
        path.write_text("from ase.calculators.emt import EMT as calculator\n")
        pool.get(parse_spec(str(path)), data)
    assert closed == ["calc0"]
    pool.close()
    assert closed == ["calc0", "calc0", "calc1", "calc2"]


def test_a_dataset_without_reference_says_how_to_name_one(tmp_path: Path) -> None:
    pool = PotentialPool(PotentialOptions())
    with pytest.raises(ReferenceCalculatorError, match="A card can name one"):
        pool.get(parse_spec("reference"), open_crystals(tmp_path, n=2))


def test_a_parameter_file_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MS25_POTENTIAL_FILE", raising=False)
    with pytest.raises(UsageError, match="there is no such file"):
        use_potential_file(str(tmp_path / "absent"))
