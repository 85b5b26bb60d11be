"""A potential that depends on the size of the cell fails that check, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.build import molecule

from tests.helpers.emt_data import crystals, save
from tests.helpers.runs import left_out

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

REFERENCE = 'reference_calculator = "ase.calculators.emt:EMT"\n'


@pytest.fixture(scope="session")
def emt_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cells of 16 and of 32 atoms, each of which names the other."""
    folder = tmp_path_factory.mktemp("cells")
    for name, other, repeat in (("small", "large", (2, 2, 1)), ("large", "small", (2, 2, 2))):
        card = f'{REFERENCE}[extensivity]\npartner = "{other}.toml"\n'
        save(folder, name, crystals("fcc", repeat, 30, seed=len(name)), card)
    return folder


def verdicts(document: dict[str, Any], criterion: str) -> dict[tuple[str, str, str, str], Any]:
    """Verdicts by own dataset, other dataset, quantity and metric."""
    return {
        (r["dataset"], r["test_dataset"], r["quantity"], r["metric"]): r["verdict"]
        for r in document["results"]
        if r["criterion"] == criterion
    }


@pytest.mark.usefixtures("asked_by_default")
def test_it_is_asked_where_a_card_names_a_partner(
    pytester: pytest.Pytester, emt_cells: Path
) -> None:
    done = pytester.runpytest("--mlip=reference", f"--dataset={emt_cells / 'small'}.toml", "--co")
    assert not {"size_extensivity", "error_thresholds"} & left_out(done.stdout.str())
    done.stdout.fnmatch_lines(["*test_supercell*"])


def test_the_reference_passes_in_both_directions(
    pytester: pytest.Pytester, emt_cells: Path, document: Documents
) -> None:
    datasets = [f"--dataset={emt_cells / name}.toml" for name in ("small", "large")]
    done = pytester.runpytest("--mlip=reference", *datasets)
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=16)
    found = verdicts(document(), "size_extensivity")
    for own, other in (("small", "large"), ("large", "small")):
        for quantity in ("energy", "forces", "stress"):
            assert found[own, other, quantity, "mae"] == "pass"
            # Measured for the matrix; judged as error_thresholds.
            assert found[own, own, quantity, "mae"] is None
        for quantity in ("supercell_energy", "supercell_forces"):
            assert found[own, own, quantity, "error"] == "pass"
    # Rounding has no ratio.
    assert not [key for key in found if key[3] == "ratio"]


def test_a_term_of_the_cell_size_fails_where_the_size_is_another(
    pytester: pytest.Pytester, emt_cells: Path, calc: Calc, document: Documents
) -> None:
    """Right in the cells that it was made for, and nowhere else."""
    potential = calc("results['energy'] += 0.02 * (len(self.atoms) - 16)")
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={emt_cells / 'small.toml'}")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = document()
    assert set(verdicts(found, "error_thresholds").values()) == {"pass", None}
    failed = {key[2] for key, v in verdicts(found, "size_extensivity").items() if v == "fail"}
    assert failed == {"energy", "supercell_energy"}
    result = next(r for r in found["results"] if r["quantity"] == "supercell_energy")
    assert result["value"] == pytest.approx(10.0)
    assert result["reason"].startswith("largest for frame ")
    (finding,) = result["details"]["findings"]
    assert "does not state its cutoff, the cells are as narrow as 3." in finding["message"]
    # The partner, which no option named, is described too.
    assert [entry["name"] for entry in found["run"]["datasets"]] == ["small", "large"]


def test_an_error_in_larger_cells_is_measured_as_a_ratio(
    pytester: pytest.Pytester, emt_cells: Path, calc: Calc, document: Documents
) -> None:
    noise = "rng.normal(0, 0.03 * len(self.atoms) / 16, (len(self.atoms), 3))"
    potential = calc(f"results['forces'] = results['forces'] + {noise}")
    done = pytester.runpytest(
        f"--mlip={potential}", f"--dataset={emt_cells / 'small.toml'}", "-m", "size_extensivity"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    results = {(r["test_dataset"], r["quantity"], r["metric"]): r for r in document()["results"]}
    ratio = results["large", "forces", "ratio"]
    assert (ratio["unit"], ratio["verdict"], ratio["n_frames"]) == ("1", None, 30)
    assert ratio["interval"][0] < 2.0 < ratio["interval"][1]
    other = results["large", "forces", "mae"]
    assert other["verdict"] == "fail"
    assert other["threshold_source"].endswith("System Size Cross Validation: DFT-quality threshold")
    codes = [finding["code"] for finding in other["details"]["findings"]]
    assert codes == ["own-data"]
    own = results["small", "forces", "mae"]
    assert ratio["value"] == pytest.approx(other["value"] / own["value"])
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="size_extensivity">' in html
    assert "small → large" in html


def test_who_asks_for_what_cannot_be_answered_is_told_why_once(
    pytester: pytest.Pytester, cuni: Path, document: Documents
) -> None:
    water = molecule("H2O")
    water.info["REF_energy"] = 0.0
    water.arrays["REF_forces"] = 0.0 * water.positions
    save(pytester.path, "water", [water])
    card = '[extensivity]\nreference_not_extensive = "one k-point"\npartner = "absent.toml"\n'
    save(pytester.path, "point", crystals("fcc", (1, 1, 1), 3), REFERENCE + card)
    datasets = [f"--dataset={name}" for name in (cuni, "water.extxyz", "point.toml")]
    done = pytester.runpytest("--mlip=reference", *datasets, "-m", "size_extensivity")
    # The doubled cells of cuni are an error as well: it has no reference calculator.
    done.assert_outcomes(skipped=3, errors=5)
    found = [(r["dataset"], r["verdict"], r["reason"]) for r in document()["results"]]
    skips = {name: reason for name, verdict, reason in found if verdict == "skip"}
    assert set(skips) == {"cuni", "water", "point"}
    assert skips["cuni"].startswith("cuni names no partner in its card")
    assert "water names no partner" in skips["water"]
    assert "no frame of water is periodic" in skips["water"]
    assert skips["point"] == "the reference of point is not extensive: one k-point"
    errors = [reason for _, verdict, reason in found if verdict == "error"]
    assert any("names 'absent.toml', which cannot be opened" in reason for reason in errors)


def test_thresholds_of_a_card_may_be_for_one_criterion(
    pytester: pytest.Pytester, emt_cells: Path, calc: Calc, document: Documents
) -> None:
    for path in emt_cells.iterdir():
        (pytester.path / path.name).write_bytes(path.read_bytes())
    with (pytester.path / "small.toml").open("a") as card:
        card.write("[thresholds.energy]\nvalue = 30\n")
        card.write("[thresholds.size_extensivity.supercell_energy]\nvalue = 20\n")
    potential = calc("results['energy'] += 0.02 * (len(self.atoms) - 16)")
    done = pytester.runpytest(
        f"--mlip={potential}", "--dataset=small.toml", "-m", "size_extensivity"
    )
    assert done.ret == pytest.ExitCode.OK
    marks = {r["quantity"]: r["threshold"] for r in document()["results"] if r["threshold"]}
    assert (marks["energy"], marks["supercell_energy"], marks["forces"]) == (30.0, 20.0, 35.0)
