"""Labels as people's files have them: names, isolated atoms, gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write

Calc = Callable[..., str]
Results = Callable[..., dict[tuple[str, str, str, str], Any]]


def crystals(energy: str, forces: str, n: int = 12) -> list[Atoms]:
    """Distorted crystals with labels under the given names."""
    rng = np.random.default_rng(5)
    images = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, rng=rng)
        atoms.calc = EMT()
        labels = {energy: atoms.get_potential_energy(), "config_type": "bulk"}
        arrays = atoms.get_forces()
        atoms.calc = None
        atoms.info.update(labels)
        atoms.arrays[forces] = arrays
        images.append(atoms)
    return images


@pytest.mark.parametrize(
    ("energy", "forces"), [("Energy", "force"), ("dft_total_energy", "forces_DFT")]
)
def test_forces_of_the_wrong_sign_fail_under_any_name(
    pytester: pytest.Pytester, calc: Calc, results: Results, energy: str, forces: str
) -> None:
    write(pytester.path / "x.xyz", crystals(energy, forces))
    broken = calc("results['forces'] = -results['forces']")
    done = pytester.runpytest(f"--mlip={broken}", "--dataset=x.xyz")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    verdicts = {key[2]: found["verdict"] for key, found in results().items() if key[3] == "mae"}
    assert (verdicts["energy"], verdicts["forces"]) == ("pass", "fail")
    done.stdout.fnmatch_lines(
        [f"  labels: energy from `{energy}` on all 12 frames; forces from `{forces}` on all 12 *"]
    )


def test_isolated_atoms_and_frames_without_a_label(
    pytester: pytest.Pytester, calc: Calc, results: Results
) -> None:
    images = crystals("REF_energy", "REF_forces")
    images[1].info["REF_energy"] = np.nan
    del images[2].arrays["REF_forces"], images[3].arrays["REF_forces"]
    alone = Atoms("Cu", info={"REF_energy": 3.51, "config_type": "IsolatedAtom"})
    write(pytester.path / "x.xyz", [alone, *images])
    done = pytester.runpytest(f"--mlip={calc()}", "--dataset=x.xyz")
    done.stdout.fnmatch_lines(
        [
            "  labels: energy from `REF_energy` on 11 of 12 frames; forces * on 10 of 12 frames",
            "  note: 1 frame is an isolated atom (frame 0 of the files; Cu 3.51 eV): *",
        ]
    )
    found = results()
    for quantity, n_frames in (("energy", 11), ("forces", 10)):
        result = found["x", "calc", quantity, "mae"]
        assert (result["verdict"], result["n_frames"]) == ("pass", n_frames)
        kinds = result["details"]["per_config_type"]
        assert kinds == {"bulk": {"mae": pytest.approx(result["value"]), "n_frames": n_frames}}
    page = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert "energy: MAE by config_type" in page
    table = (pytester.path / "reports" / "results.csv").read_text(encoding="utf-8")
    assert " bulk (11 frames)" in table
