"""Errors that fall by a power law give its exponent; nothing is trained without being asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.plugin.pool import PotentialPool
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.workers.jobs import CalculatorJob
from ms25_suite.training.manifest import TrainingDataRecord
from tests.helpers.emt_data import crystals, save
from tests.helpers.fake_training import manifest
from tests.helpers.runs import left_out

Documents = Callable[..., dict[str, Any]]


class Trained(Potential):
    """Wrong by a power law of the number of training frames; no worker, no time."""

    def __init__(self, name: str, n: int, dataset: Any) -> None:
        data = TrainingDataRecord(name=dataset.name, sha256=dataset.sha256, n_train=n, set=1)
        made = manifest(data=data, budget="smoke")
        super().__init__(name, "mace", CalculatorJob("none"), PotentialOptions(), manifest=made)
        self._error = n**-0.5

    def info(self) -> ModelInfo:
        return ModelInfo()

    def predict(self, frames: Frames) -> Predictions:
        images = [frames.atoms(index) for index in range(len(frames))]
        for atoms in images:
            atoms.calc = EMT()
        return Predictions(
            np.array([atoms.get_potential_energy() for atoms in images])
            + 0.2 * self._error * frames.n_atoms,
            np.concatenate([atoms.get_forces() for atoms in images]) + 0.6 * self._error,
            np.array([atoms.get_stress() for atoms in images]) + 0.03,
        )


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes that were trained."""
    sizes: list[int] = []

    def train(self: PotentialPool, spec: Any, dataset: Any) -> Potential:
        n = spec.training.get("n", 100)
        sizes.append(n)
        return Trained(spec.name, n, dataset)

    monkeypatch.setattr(PotentialPool, "_train", train)
    return sizes


@pytest.fixture(scope="session")
def emt_training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    card = "[splits]\ntrain = 40\nvalidation = 5\ntest = 30\ntrain_sizes = [5, 10, 20, 40]\n"
    save(folder, "fcc", crystals("fcc", (2, 1, 1), 75), card)
    return folder / "fcc.toml"


def rates(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {
        (r["quantity"], r["metric"]): r
        for r in document["results"]
        if r["criterion"] == "training_rate"
    }


def test_a_power_law_gives_its_exponent(
    pytester: pytest.Pytester, emt_training: Path, trained: list[int], document: Documents
) -> None:
    done = pytester.runpytest(
        "--mlip=train:mace:n=10", f"--dataset={emt_training}", "-m", "training_rate"
    )
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=3)
    # At the sizes of the card, and nothing else.
    assert sorted(trained) == [5, 10, 20, 40]
    found = rates(document())
    forces = found["forces", "rate"]
    assert forces["value"] == pytest.approx(0.5, abs=1e-4)
    assert forces["interval"] == pytest.approx([0.5, 0.5], abs=1e-3)
    assert (forces["potential"], forces["unit"], forces["verdict"]) == ("mace", "1", None)
    curve = forces["details"]["learning_curve"]
    assert curve["mae"] == pytest.approx([600 * n**-0.5 for n in (5, 10, 20, 40)], rel=1e-4)
    assert curve["potentials"] == ["mace-n5", "mace-n10", "mace-n20", "mace-n40"]
    assert forces["details"]["fit"]["r2"] == pytest.approx(1.0)
    codes = [finding["code"] for finding in forces["details"]["findings"]]
    assert codes == ["smoke-budget"]
    needed = found["forces_frames_needed", "measurement"]
    assert (needed["unit"], needed["verdict"]) == ("frames", None)
    assert needed["value"] == pytest.approx((600 / 35) ** 2, rel=1e-3)
    # 200 / sqrt(n) meV/atom are 2.5 at 6400 frames, farther than the line can be trusted.
    (told,) = [f for f in found["energy", "rate"]["details"]["findings"] if "frames-" in f["code"]]
    assert "more than 100 times the largest size" in told["message"]
    # A constant error has no rate, and it is not said how many frames would do.
    assert found["stress", "rate"]["value"] == pytest.approx(0.0, abs=1e-6)
    (told,) = [f for f in found["stress", "rate"]["details"]["findings"] if "frames-" in f["code"]]
    assert "not significantly positive" in told["message"]
    assert ("stress_frames_needed", "measurement") not in found
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="training_rate">' in html
    assert "Table 8" not in html


@pytest.mark.usefixtures("asked_by_default")
def test_a_plain_run_trains_what_it_was_given_and_no_more(
    pytester: pytest.Pytester, emt_training: Path, trained: list[int]
) -> None:
    done = pytester.runpytest("--mlip=train:mace:n=10", f"--dataset={emt_training}")
    assert trained == [10]
    assert "training_rate" in left_out(done.stdout.str())


def test_sizes_of_the_command_line_are_judged_by_a_users_mark(
    pytester: pytest.Pytester, emt_training: Path, trained: list[int], document: Documents
) -> None:
    (pytester.path / "mine.toml").write_text(
        '[training_rate.standard.forces]\nvalue = 0.6\nunit = "1"\nmetric = "rate"\n'
        'source = "our own demand"\n'
    )
    done = pytester.runpytest(
        "--mlip=train:mace:n=20",
        f"--dataset={emt_training}",
        "--train-sizes=8,16,32,100",
        "--ms25-thresholds=mine.toml",
        "-k",
        "training_rate and forces",
    )
    assert sorted(trained) == [8, 16, 32]
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["fail: forces rate of mace on fcc is 0.5 * threshold at least 0.6"])
    result = rates(document())["forces", "rate"]
    assert (result["verdict"], result["at_least"]) == ("fail", True)
    assert any("left out: 100" in f["message"] for f in result["details"]["findings"])


def test_who_asks_for_a_rate_of_one_potential_is_told_what_it_needs(
    pytester: pytest.Pytester, emt_training: Path, document: Documents
) -> None:
    potential = "--mlip=ase.calculators.emt:EMT"
    done = pytester.runpytest(potential, f"--dataset={emt_training}", "-m", "training_rate")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.assert_outcomes(skipped=1)
    (result,) = document()["results"]
    assert (result["quantity"], result["verdict"]) == ("", "skip")
    assert "A rate needs a potential train:ARCH, or at least 3 model files" in result["reason"]
