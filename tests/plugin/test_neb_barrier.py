"""A potential with a lower barrier fails that check, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.calculators.emt import EMT
from ase.io import read, write
from ase.mep import NEBTools

from ms25_suite.plugin.outcome import NOT_RUN
from tests.helpers.emt_data import save
from tests.helpers.emt_path import hop, relaxed

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

CARD = """reference_calculator = "ase.calculators.emt:EMT"
[neb]
path = "path.extxyz"
barrier = {barrier}
"""


@pytest.fixture(scope="session")
def hops(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Rattled frames of the initial state, and the relaxed path with its saddle's coordinate."""
    folder = tmp_path_factory.mktemp("hops")
    images = relaxed(hop())
    barrier, _ = NEBTools(images).get_barrier(fit=True)
    frames = []
    for seed in range(12):
        atoms = images[0].copy()
        atoms.set_constraint()
        atoms.rattle(0.03, seed=seed)
        atoms.calc = EMT()
        atoms.info["REF_energy"] = atoms.get_potential_energy()
        atoms.arrays["REF_forces"] = atoms.get_forces()
        atoms.calc = None
        frames.append(atoms)
    save(folder, "hop", frames, CARD.format(barrier=barrier))
    for atoms in images:
        atoms.info["REF_energy"] = atoms.get_potential_energy()
        atoms.calc = None
    write(folder / "path.extxyz", images)
    return folder, float(images[len(images) // 2].positions[-1, 0])


def found_in(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (r["quantity"], r["metric"]): r
        for r in document["results"]
        if r["criterion"] == "neb_barrier"
    }


def valley(saddle: float, depth: float) -> str:
    """A term that lowers the energy about the saddle, with its forces."""
    return "; ".join(
        (
            f"x = self.atoms.positions[-1, 0] - {saddle!r}",
            f"g = {depth} * np.exp(-x**2 / 0.18)",
            "results['energy'] = results['energy'] - g",
            "results['forces'][-1, 0] -= g * x / 0.09",
        )
    )


def test_the_reference_passes_without_a_step(
    pytester: pytest.Pytester, hops: tuple[Path, float], document: Documents
) -> None:
    done = pytester.runpytest("--mlip=reference", f"--dataset={hops[0] / 'hop.toml'}")
    done.assert_outcomes(passed=3, skipped=1)
    assert done.ret == pytest.ExitCode.OK
    found = found_in(document())
    assert found["barrier", "error"]["verdict"] == "pass"
    assert found["barrier", "error"]["value"] < 1e-4
    assert found["reaction_energy", "error"]["value"] < 1e-6
    details = found["barrier", "error"]["details"]["neb"]
    assert (details["converged"], details["steps"]) == (True, 0)
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="neb_barrier">' in html


def test_a_lower_barrier_fails_though_the_errors_pass(
    pytester: pytest.Pytester, hops: tuple[Path, float], calc: Calc, document: Documents
) -> None:
    folder, saddle = hops
    potential = calc(valley(saddle, 0.15))
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={folder / 'hop.toml'}")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(passed=2, failed=1, skipped=1)
    found = found_in(document())
    error = found["barrier", "error"]
    assert error["verdict"] == "fail"
    assert error["value"] == pytest.approx(0.15, abs=0.02)
    assert "converged in " in error["reason"]
    assert error["details"]["neb"]["converged"]
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert "errors pass, barrier fails" in html


def test_a_band_that_is_not_converged_fails_and_says_so(
    pytester: pytest.Pytester, hops: tuple[Path, float], calc: Calc, document: Documents
) -> None:
    folder, saddle = hops
    # Off the saddle, so that the band has to move; within the threshold nevertheless.
    potential = calc(valley(saddle + 0.3, 0.05))
    asked = (f"--mlip={potential}", f"--dataset={folder / 'hop.toml'}", "-m", "neb_barrier")
    done = pytester.runpytest(*asked, "--neb-steps=1")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    error = found["barrier", "error"]
    assert (error["verdict"], error["value"]) == ("fail", None)
    assert error["reason"].startswith("not converged: the band has a largest force of ")
    assert error["details"]["neb"]["converged"] is False
    assert found["barrier", "measurement"]["reason"] == "of a band that is not converged"
    assert 0.2 < found["barrier", "measurement"]["value"] < 0.6


def test_an_end_that_leaves_its_minimum_fails(
    pytester: pytest.Pytester, hops: tuple[Path, float], calc: Calc, document: Documents
) -> None:
    folder, saddle = hops
    well = "; ".join(
        (
            f"x = self.atoms.positions[-1, 0] - {saddle!r}",
            "results['energy'] = results['energy'] + x**2",
            "results['forces'][-1, 0] -= 2 * x",
        )
    )
    done = pytester.runpytest(
        f"--mlip={calc(well)}", f"--dataset={folder / 'hop.toml'}", "-m", "neb_barrier"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    (error,) = found_in(document()).values()
    assert (error["verdict"], error["value"]) == ("fail", None)
    assert (
        "state is no minimum of the potential: relaxed by it, atom 12 (Cu) goes "
        in (error["reason"])
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("one image", "expected the images of a path"),
        ("another order", "the same atoms in another order in image 1"),
    ],
)
def test_a_bad_path_is_an_error_of_the_check(
    pytester: pytest.Pytester,
    hops: tuple[Path, float],
    document: Documents,
    change: str,
    message: str,
) -> None:
    images = read(hops[0] / "path.extxyz", ":2")
    if change == "one image":
        images = images[:1]
    else:
        images[0].symbols[0] = images[1].symbols[1] = "Ni"
    write(pytester.path / "path.extxyz", images)
    card = (hops[0] / "hop.toml").read_text()
    (pytester.path / "hop.toml").write_text(f'elements = ["Cu", "Ni"]\n{card}')
    (pytester.path / "hop.extxyz").write_bytes((hops[0] / "hop.extxyz").read_bytes())
    done = pytester.runpytest("--mlip=reference", "--dataset=hop.toml", "-m", "neb_barrier")
    assert done.ret == NOT_RUN
    (result,) = document()["results"]
    assert (result["quantity"], result["metric"], result["verdict"]) == (
        "barrier",
        "error",
        "error",
    )
    assert message in result["reason"]


def test_the_spline_is_that_of_ase(hops: tuple[Path, float]) -> None:
    from ms25_suite.metrics.reaction_path import path_barrier

    images = read(hops[0] / "path.extxyz", ":")
    for atoms in images:
        atoms.calc = EMT()
    assert path_barrier(images)[0] == pytest.approx(NEBTools(images).get_barrier()[0])
    assert np.isfinite(path_barrier(images)).all()
