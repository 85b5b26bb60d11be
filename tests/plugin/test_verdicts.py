"""Good potentials pass, broken ones fail exactly where they are broken."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write
from jsonschema import Draft202012Validator

from ms25_suite.core.schemas import schema_of
from ms25_suite.core.thresholds import MIN_FRAMES
from ms25_suite.plugin.outcome import NOT_RUN
from tests.helpers.emt_data import crystals
from tests.helpers.killing import KILL_PYTEST

Calc = Callable[..., str]
Results = Callable[..., dict[tuple[str, str, str, str], Any]]


def test_the_reference_itself_passes_with_numerical_noise(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", "-m", "error_thresholds")
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=3)
    found = results()
    for (_, _, quantity, metric), result in found.items():
        assert result["verdict"] in {"pass", None}
        assert result["value"] < 1e-3
        if quantity in {"energy", "forces", "stress"}:
            assert result["verdict"] == ("pass" if metric == "mae" else None)
            assert result["n_frames"] == 30


@pytest.mark.parametrize(
    ("body", "failing"),
    [
        ("results['energy'] += 0.01 * len(self.atoms)", {"energy"}),
        ("results['forces'] = results['forces'] * 1.1", {"forces"}),
        ("results['stress'] = -results['stress']", {"stress"}),
        ("results['stress'] = results['stress'] * 160.2", {"stress"}),
        ("results['forces'] = rng.normal(results['forces'], 0.1)", {"forces"}),
    ],
    ids=["shift", "scaled forces", "stress sign", "stress in GPa", "noise"],
)
def test_a_broken_potential_fails_exactly_where_it_is_broken(
    pytester: pytest.Pytester,
    cuni: Path,
    calc: Calc,
    results: Results,
    body: str,
    failing: set[str],
) -> None:
    done = pytester.runpytest(f"--mlip={calc(body)}", f"--dataset={cuni}", "-m", "error_thresholds")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = {key[2]: r["verdict"] for key, r in results().items() if r["verdict"]}
    failed = {quantity for quantity, verdict in found.items() if verdict == "fail"}
    # What fails are a quantity and its parts.
    assert {quantity.split("_")[0] for quantity in failed} == failing
    assert failing <= failed
    assert "pass" in found.values()


def test_noise_of_known_size_is_measured(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    """The mean absolute value of a Gaussian is sigma * sqrt(2 / pi)."""
    sigma = 0.08
    potential = calc(f"results['forces'] = rng.normal(results['forces'], {sigma})")
    pytester.runpytest(f"--mlip={potential}", f"--dataset={cuni}")
    mae = results()["cuni", "calc", "forces", "mae"]
    rmse = results()["cuni", "calc", "forces", "rmse"]
    low, high = mae["interval"]
    assert low < 1000 * sigma * np.sqrt(2 / np.pi) < high
    assert rmse["value"] == pytest.approx(1000 * sigma, rel=0.05)
    assert set(mae["details"]["per_element"]) == {"Ni", "Cu"}


def test_a_failure_explains_itself(pytester: pytest.Pytester, cuni: Path, calc: Calc) -> None:
    potential = calc("results['energy'] += 0.01 * len(self.atoms)")
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={cuni}")
    done.stdout.fnmatch_lines(
        [
            (
                "fail: energy MAE of calc on cuni is 10 (95 % interval 10 to 10) meV/atom, "
                "threshold 2.5 meV/atom"
            ),
            "  frames:     30",
            "  threshold:  Maxson et al., JCIM 2025*",
            "  reference:  not stated",
            "  worst frames of the dataset, with their MAE: *",
            "  warning:    100 % of the energy error is a constant offset*",
            "  how to read this: ms25 docs error_thresholds",
        ]
    )
    assert "Traceback" not in done.stdout.str()


def test_an_undecided_check_passes_unless_strict(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    sigma = 0.0437
    potential = calc(f"results['forces'] = rng.normal(results['forces'], {sigma})")
    arguments = (f"--mlip={potential}", f"--dataset={cuni}", "-v")
    done = pytester.runpytest(*arguments)
    assert results()["cuni", "calc", "forces", "mae"]["verdict"] == "undecided"
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines(["*UNDECIDED*", "*1 undecided*"])
    done = pytester.runpytest(*arguments, "--ms25-strict")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["undecided: forces MAE of calc on cuni is *"])


def test_a_users_thresholds_count(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    (pytester.path / "mine.toml").write_text(
        '[error_thresholds.standard.forces]\nvalue = 500\nunit = "meV/Å"\nmetric = "mae"\n'
        'source = "only a rough potential is needed"\n'
    )
    potential = calc("results['forces'] = results['forces'] * 1.1")
    done = pytester.runpytest(
        f"--mlip={potential}", f"--dataset={cuni}", "--ms25-thresholds=mine.toml"
    )
    assert done.ret == pytest.ExitCode.OK
    result = results()["cuni", "calc", "forces", "mae"]
    assert (result["threshold"], result["threshold_source"]) == (
        500.0,
        "only a rough potential is needed",
    )


def test_the_header_states_what_is_judged(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    potential = calc()
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={cuni}", "--ms25-seed=5")
    done.stdout.fnmatch_lines(
        [
            "potential: calc (calc.py), ase, sha256 ????????????",
            (
                "dataset: cuni, tier user, level of theory not stated, "
                "30 test frames of 30, sha256 ????????????"
            ),
            "ms25-suite *: device cpu, dtype float64, seed 5, workers 1",
        ]
    )


def test_the_report_is_written_and_named(pytester: pytest.Pytester, cuni: Path, calc: Calc) -> None:
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", "--report-dir=out/here")
    folder = pytester.path / "out" / "here"
    expected = {"report.html", "heatmap.png", "heatmap.svg", "results.csv", "results.json"}
    assert expected <= {path.name for path in folder.iterdir()}
    assert not list(folder.glob("journal-*"))
    done.stdout.fnmatch_lines([f"report: {folder / 'report.html'}"])
    document = json.loads((folder / "results.json").read_text())
    Draft202012Validator(schema_of("results")).validate(document)
    run = document["run"]
    assert run["exit_status"] == 0
    assert run["potentials"][0]["sha256"]


def test_one_potential_that_cannot_run_costs_nothing_of_the_others(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    good, bad = calc(), calc("raise ValueError('no such luck')", name="bad")
    done = pytester.runpytest(f"--mlip={bad}", f"--mlip={good}", f"--dataset={cuni}")
    assert done.ret == NOT_RUN
    done.assert_outcomes(passed=3, errors=3)
    found = results()
    assert found["cuni", "calc", "energy", "mae"]["verdict"] == "pass"
    result = found["cuni", "bad", "energy", "mae"]
    assert (result["verdict"], result["value"]) == ("error", None)
    assert "no such luck" in result["reason"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('no such luck')", "ValueError: no such luck"),
        ("results['energy'] = float('nan')", "energy that are not finite"),
        ("results['forces'] = np.zeros(3)", "forces has shape (3,)"),
        ("os.kill(os.getpid(), 9)", "ended unexpectedly"),
        pytest.param("time.sleep(600)", "did not answer within 12 s", marks=pytest.mark.slow),
        ("np.empty(1 << 55)", "ran out of memory"),
    ],
    ids=["raises", "NaN", "wrong shape", "killed", "hangs", "out of memory"],
)
def test_a_potential_that_breaks_on_one_dataset_is_judged_on_the_next(
    pytester: pytest.Pytester,
    cuni: Path,
    cuni_images: list[Atoms],
    calc: Calc,
    results: Results,
    body: str,
    words: str,
) -> None:
    write(pytester.path / "small.extxyz", crystals("fcc", (1, 1, 1), MIN_FRAMES))
    potential = calc(f"if len(self.atoms) == {len(cuni_images[0])}: {body}")
    done = pytester.runpytest(
        f"--mlip={potential}", f"--dataset={cuni}", "--dataset=small.extxyz", "--worker-timeout=12"
    )
    assert done.ret == NOT_RUN
    done.assert_outcomes(passed=3, errors=3)
    found = results()
    for quantity in ("energy", "forces", "stress"):
        broken = found["cuni", "calc", quantity, "mae"]
        assert (broken["verdict"], broken["value"]) == ("error", None)
        assert words in broken["reason"]
        assert found["small", "calc", quantity, "mae"]["verdict"] == "pass"
    assert words in done.stdout.str()


def test_an_exploding_potential_costs_nothing_of_the_others(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    huge, good = calc("results['forces'] = np.full((16, 3), 1e200)", name="huge"), calc()
    done = pytester.runpytest(f"--mlip={huge}", f"--mlip={good}", f"--dataset={cuni}")
    assert done.ret == NOT_RUN
    found = results()
    assert found["cuni", "huge", "forces", "mae"]["verdict"] == "error"
    assert "square of their error overflows" in found["cuni", "huge", "forces", "mae"]["reason"]
    assert found["cuni", "calc", "forces", "mae"]["verdict"] == "pass"


def test_names_that_look_alike_keep_their_own_parity_plots(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    first, second = calc(name="my calc"), calc(name="my_calc")
    pytester.runpytest(f"--mlip={first}", f"--mlip={second}", f"--dataset={cuni}")
    artifacts = [r["artifact"] for r in results().values() if r["artifact"]]
    assert len(set(artifacts)) == len(artifacts) == 6


def test_a_cache_that_cannot_be_written_is_only_a_remark(
    pytester: pytest.Pytester, cuni: Path, tiny_mace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ms25_suite.potentials.prediction_cache import PredictionCache

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PredictionCache, "put", full)
    # Another test may have predicted these frames with this model.
    monkeypatch.setenv("MS25_CACHE_DIR", str(pytester.mkdir("cache")))
    done = pytester.runpytest(f"--mlip={tiny_mace}", f"--dataset={cuni}", "--dtype=float32")
    done.assert_outcomes(failed=3)
    done.stdout.fnmatch_lines(["warning: *could not be kept for the next run: *No space left*"])


def test_an_error_after_a_verdict_is_an_error(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    """A check that crashes has not passed, whatever it recorded before."""
    pytester.makeconftest(
        """
        import pytest
        from ms25_suite.criteria.recorder import CheckRecorder

        @pytest.fixture(autouse=True)
        def _crash(monkeypatch):
            def measure(self, quantity, **fields):
                if fields["metric"] == "rmse":
                    raise ArithmeticError("after the verdict")
                return original(self, quantity, **fields)

            original = CheckRecorder.measure
            monkeypatch.setattr(CheckRecorder, "measure", measure)
        """
    )
    done = pytester.runpytest_subprocess(f"--mlip={calc()}", f"--dataset={cuni}")
    assert done.ret == NOT_RUN
    result = results()["cuni", "calc", "energy", "mae"]
    assert (result["verdict"], result["value"]) == ("error", None)
    assert "after the verdict" in result["reason"]


@pytest.mark.mace
def test_elements_that_the_potential_does_not_know_are_an_error(
    pytester: pytest.Pytester, cuni: Path, tiny_mace: Path, results: Results
) -> None:
    atoms = bulk("Al", cubic=True)
    atoms.calc = EMT()
    atoms.info["REF_energy"] = atoms.get_potential_energy()
    atoms.arrays["REF_forces"] = atoms.get_forces()
    atoms.calc = None
    write(pytester.path / "al.extxyz", [atoms])
    done = pytester.runpytest(
        f"--mlip={tiny_mace}", "--dataset=al.extxyz", f"--dataset={cuni}", "--report-dir=r"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = results("r")
    assert (
        "supports Cr Fe Co Ni Cu, the data holds Al"
        in found["al", "tiny", "energy", "mae"]["reason"]
    )
    assert found["cuni", "tiny", "energy", "mae"]["value"] > 0


def test_a_missing_architecture_is_an_error_that_names_the_command(
    pytester: pytest.Pytester,
    cuni: Path,
    tiny_mace: Path,
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ms25_suite.potentials.registry import get_architecture

    monkeypatch.setattr(type(get_architecture("mace")), "package", "no_such_package_here")
    done = pytester.runpytest(f"--mlip={tiny_mace}", f"--dataset={cuni}")
    assert done.ret == NOT_RUN
    assert 'pip install "ms25-suite[mace]"' in results()["cuni", "tiny", "energy", "mae"]["reason"]


def test_a_dataset_without_stress_skips_the_stress_with_a_reason(
    pytester: pytest.Pytester, cuni_images: list[Atoms], calc: Calc, results: Results
) -> None:
    images = [atoms.copy() for atoms in cuni_images]
    for atoms in images:
        del atoms.info["REF_stress"]
    write(pytester.path / "nostress.extxyz", images)
    done = pytester.runpytest(f"--mlip={calc()}", "--dataset=nostress.extxyz")
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=2, skipped=1)
    result = results()["nostress", "calc", "stress", "mae"]
    assert (result["verdict"], result["reason"]) == ("skip", "the dataset has no stress labels")
    done = pytester.runpytest("--mlip=calc.py", "--dataset=nostress.extxyz", "-k", "stress]")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines(["nothing was judged: every check was skipped"])


def test_looking_at_the_checks_judges_nothing_and_is_a_success(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", "--collect-only", "-q")
    assert done.ret == pytest.ExitCode.OK
    assert not list((pytester.path / "reports").iterdir())


def test_a_potential_without_stress_skips_the_stress_with_a_reason(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    potential = calc("pass\n    implemented_properties = ['energy', 'forces']")
    pytester.runpytest(f"--mlip={potential}", f"--dataset={cuni}")
    result = results()["cuni", "calc", "stress", "mae"]
    assert (result["verdict"], result["reason"]) == ("skip", "the potential predicts no stress")


def test_two_processes_report_as_one(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    good, bad = calc(), calc("results['forces'] = results['forces'] * 1.1", name="bad")
    done = pytester.runpytest_subprocess(
        f"--mlip={good}", f"--mlip={bad}", f"--dataset={cuni}", "-n2"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(passed=5, failed=1)
    assert len([key for key in results() if key[3] == "mae"]) == 6
    assert results()["cuni", "bad", "forces", "mae"]["verdict"] == "fail"


def test_a_killed_run_keeps_what_was_finished(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    good = calc()
    killer = calc(KILL_PYTEST, name="killer")
    command = [sys.executable, "-m", "pytest", f"--mlip={good}", f"--mlip={killer}"]
    done = subprocess.run([*command, f"--dataset={cuni}"], capture_output=True, check=False)
    assert done.returncode == -9
    (journal,) = (pytester.path / "reports").glob("journal-*.jsonl")
    command = [sys.executable, "-m", "ms25_suite", "report", str(journal), "--out", "again"]
    subprocess.run(command, check=True, capture_output=True)
    document = json.loads((pytester.path / "again" / "results.json").read_text())
    assert {r["potential"] for r in document["results"]} == {"calc"}
    assert {r["verdict"] for r in document["results"] if r["metric"] == "mae"} == {"pass"}


@pytest.mark.mace
def test_the_next_run_reuses_predictions(
    pytester: pytest.Pytester, cuni: Path, tiny_mace: Path, results: Results
) -> None:
    arguments = (f"--mlip={tiny_mace}", f"--dataset={cuni}")
    pytester.runpytest(*arguments)
    first = results()
    from ms25_suite.potentials.workers import pool as worker

    class NoWorker:
        def __init__(self, *arguments: object, **options: object) -> None:
            self.pids = ()

        def predict(self, *arguments: object) -> None:
            pytest.fail("a prediction was computed again")

        start = predict

        def close(self) -> None:
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ms25_suite.potentials.potential.WorkerPool", NoWorker)
        pytester.runpytest(*arguments)
    assert worker.WorkerPool is not NoWorker
    for key, result in results().items():
        assert result["value"] == first[key]["value"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda images: images + images[:3], "repeat an earlier one"),
        (lambda images: [*images[1:], _molecule(images[0])], "period"),
        (lambda images: _shifted(images), "constant offset for each atom"),
        (lambda images: _scaled_stress(images, 1602.1766), "kbar"),
        (lambda images: _scaled_stress(images, -1.0), "opposite sign"),
    ],
    ids=["duplicates", "mixed periodicity", "energy offset", "stress in kbar", "stress sign"],
)
def test_suspicious_data_are_judged_with_a_warning(
    pytester: pytest.Pytester,
    cuni_images: list[Atoms],
    calc: Calc,
    results: Results,
    change: Callable[[list[Atoms]], list[Atoms]],
    words: str,
) -> None:
    write(pytester.path / "data.extxyz", change([atoms.copy() for atoms in cuni_images]))
    done = pytester.runpytest(f"--mlip={calc()}", "--dataset=data.extxyz")
    warnings = [line for line in done.stdout.lines if line.startswith("warning: ")]
    assert any(words in line for line in warnings), warnings
    assert results()["data", "calc", "forces", "mae"]["verdict"] == "pass"


def _molecule(atoms: Atoms) -> Atoms:
    atoms = atoms.copy()
    atoms.pbc = False
    atoms.calc = EMT()
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    atoms.calc = None
    atoms.info.clear()
    atoms.info["REF_energy"] = energy
    atoms.arrays["REF_forces"] = forces
    return atoms


def _shifted(images: list[Atoms]) -> list[Atoms]:
    for atoms in images:
        atoms.info["REF_energy"] += 0.5 * len(atoms)
    return images


def _scaled_stress(images: list[Atoms], factor: float) -> list[Atoms]:
    for atoms in images:
        atoms.info["REF_stress"] = factor * atoms.info["REF_stress"]
    return images


def test_a_projects_conftest_may_override_a_fixture_by_its_own_name(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, results: Results
) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def ms25_potential(request):
            from ms25_suite.potentials.opening import from_calculator
            from ms25_suite.potentials.potential import PotentialOptions

            return from_calculator("ase.calculators.emt:EMT", "own", PotentialOptions())
        """
    )
    potential = calc("raise ValueError('not this one')")
    done = pytester.runpytest_subprocess(f"--mlip={potential}", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.OK
    assert results()["cuni", "calc", "energy", "mae"]["verdict"] == "pass"
