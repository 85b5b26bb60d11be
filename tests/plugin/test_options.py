"""The plugin when it sleeps, its help, and every way to misuse its options."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

OPTIONS = (
    "--mlip",
    "--mlip-species",
    "--dataset",
    "--data",
    "--stand-in",
    "--align",
    "--train-sizes",
    "--eos-relax",
    "--neb-steps",
    "--neb-climb",
    "--no-neb-climb",
    "--md-steps",
    "--throughput-steps",
    "--throughput-atoms",
    "--mlip-compile",
    "--same-as",
    "--lammps",
    "--md-ensembles",
    "--device",
    "--dtype",
    "--workers",
    "--worker-timeout",
    "--batch-atoms",
    "--report-dir",
    "--potential-file",
    "--ms25-thresholds",
    "--ms25-strict",
    "--ms25-seed",
    "--ms25-markdown",
    "--ms25-baseline",
    "--ms25-fail-if",
    "--ms25-save-baseline",
    "--ms25-baseline-reason",
    "--ms25-errors-fail",
    "--ms25-allow-skip",
    "--ms25-parent",
    "--ms25-scratch",
    "--ms25-retention-data",
    "--ms25-no-cache",
)


def test_a_foreign_session_imports_nothing_of_ours(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            heavy = {"torch", "ase", "scipy", "matplotlib", "execnet", "vesin", "mace"}
            assert sorted(heavy & set(sys.modules)) == []
            ours = {name for name in sys.modules if name.startswith("ms25_suite")}
            from ms25_suite.core.catalogue import built_in
            names = {"ms25_suite.criteria", *(f"ms25_suite.criteria.{name}" for name in built_in())}
            names |= {"ms25_suite", "ms25_suite.plugin", "ms25_suite.plugin.options"}
            names.add("ms25_suite.core")
            assert ours == names | {"ms25_suite.core.catalogue", "ms25_suite.core.units"}
        """
    )
    command = [sys.executable, "-m", "pytest", "-q"]
    for other in ("xdist", "xdist.looponfail", "benchmark"):
        command += ["-p", f"no:{other}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_judging_session_imports_no_framework(pytester: pytest.Pytester, cuni: Path) -> None:
    """Frameworks change the whole process, so they live in the workers."""
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            assert sorted({"torch", "mace", "vesin", "lammps"} & set(sys.modules)) == []
        """
    )
    done = pytester.runpytest_subprocess("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.OK, done.stderr.str()


def test_help_explains_every_option_in_its_own_group(pytester: pytest.Pytester) -> None:
    text = pytester.runpytest("--help").stdout.str()
    group = text.partition("ms25-suite: can this interatomic potential be trusted?")[2]
    group = re.split(r"\n\S", group)[0]
    for option in OPTIONS:
        assert re.search(rf"^  {option}\b", group, re.MULTILINE), option
        own = option if "ms25" in option else f"--ms25-{option[2:]}"
        assert re.search(rf"[ ,]{own}\b", group), own


def test_all_options_are_tested_here() -> None:
    from ms25_suite.plugin import options

    longer = {options.long_name(name) for name in options.OPTIONS}
    longer -= {options.long_name(name) for name in options.SHORT}
    assert {*options.SHORT, *longer} == set(OPTIONS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mlip=reference"], "--mlip was given without --dataset"),
        (["--dataset=hea"], "--dataset was given without --mlip"),
        (["--mlip=model.pt", "--dataset=hea"], "model.pt: there is no such file"),
        (["--mlip=reference", "--dataset=heaa"], "Did you mean 'hea'"),
        (["--mlip=reference", "--dataset=data.extxyz"], "there is no file or folder data.extxyz"),
        (["--mlip=train:mce", "--dataset=hea"], "unknown architecture 'mce'"),
        (["--mlip=reference", "--dataset=hea", "--workers=0"], "--workers must be positive"),
        (["--mlip=reference", "--dataset=hea", "--worker-timeout=-1"], "--worker-timeout must be"),
        (["--mlip=reference", "--dataset=hea", "--potential-file=no"], "there is no such file"),
        (["--mlip=reference", "--dataset=hea", "--ms25-thresholds=no.toml"], "no.toml"),
        (["--mlip=reference", "--dataset=hea", "--device=gpu"], "expected auto, cpu, mps, cuda"),
        (["--mlip=reference", "--dataset=hea", "--ms25-seed=-1"], "must not be negative"),
        (["--mlip=train:mace", "--dataset=hea", "--train-sizes=50,many"], "expected whole numbers"),
        (["--mlip=train:mace", "--dataset=hea", "--train-sizes=50,100"], "at least 3 sizes"),
        (["--mlip=train:mace", "--dataset=hea", "--train-sizes=9,50,9,20"], "may be repeated"),
        (["--mlip=train:mace:budget=smok", "--dataset=hea"], "Did you mean 'smoke'"),
        (["--mlip=train:mace:n=9999", "--dataset=hea"], "between 1 and 200, got 9999"),
        (["--mlip=train:mace:set=4", "--dataset=hea"], "there is no set 4"),
        (
            ["--mlip=reference", "--dataset=hea", "--dataset=HEA"],
            "the dataset 'hea' is given twice",
        ),
        (["--mlip=reference", "--dataset=hea", "--report-dir=file/reports"], "cannot write there"),
        (["--mlip=reference", "--dataset=hea", "--worker-timeout=inf"], "at most 100000000.0"),
        (["--mlip=reference", "--dataset=hea", "--worker-timeout=1e400"], "at most 100000000.0"),
        (["--mlip=reference", "--dataset=hea", "--worker-timeout=nan"], "must be positive"),
        (["--mlip=reference", "--dataset=hea", "--workers=1000000000"], "at most 1024"),
        (["--mlip=reference", "--dataset=hea", "--batch-atoms=0"], "must be at least 1"),
        (["--mlip=reference", "--dataset=hea", "--md-steps=99999999999"], "at most 2147483647"),
        (["--mlip=reference", "--dataset=hea", "--ms25-seed=4294967296"], "at most 4294967295"),
        (["--mlip=reference", "--dataset=hea", "--throughput-atoms=1_0"], "expected whole numbers"),
        (
            ["--mlip=reference", "--dataset=hea", "--throughput-atoms=1000000000"],
            "each from 1 to 100000000",
        ),
        (["--mlip=train:mace:n=9,n=8", "--dataset=hea"], "n is given twice"),
        (["--mlip=train:mace:seed=1_0", "--dataset=hea"], "must be a whole number, found '1_0'"),
        (["--mlip=train:mace:seed=4294967296", "--dataset=hea"], "at most 4294967295"),
        (["--mlip=pipe.pt", "--dataset=hea"], "expected a file, found a named pipe"),
        (["--mlip=pipe.py", "--dataset=hea"], "found a named pipe"),
        (["--mlip=reference", "--dataset=pipe.toml"], "expected a file, found a named pipe"),
        (
            ["--mlip=reference", "--dataset=hea", "--ms25-thresholds=pipe.toml"],
            "expected a file, found a named pipe",
        ),
        (
            ["--mlip=reference", "--dataset=hea", "--potential-file=pipe.pt"],
            "found a named pipe",
        ),
    ],
)
def test_nonsense_is_a_usage_error(
    pytester: pytest.Pytester, arguments: list[str], message: str
) -> None:
    (pytester.path / "file").touch()
    for name in ("pipe.pt", "pipe.py", "pipe.toml"):
        os.mkfifo(pytester.path / name)
    done = pytester.runpytest(*arguments)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr.str()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty (0 bytes)"),
        (b"just some text\n", "is not a model file of any known architecture"),
        (b"PK\x03\x04 and then nothing", "is a damaged archive"),
    ],
)
def test_a_file_that_is_no_model_is_a_usage_error(
    pytester: pytest.Pytester, cuni: Path, content: bytes, message: str
) -> None:
    (pytester.path / "model.pt").write_bytes(content)
    done = pytester.runpytest("--mlip=model.pt", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr.str()


@pytest.mark.mace
def test_a_state_dict_is_a_usage_error(
    pytester: pytest.Pytester, cuni: Path, tiny_mace: Path
) -> None:
    checkpoint = tiny_mace.with_name("tiny_epoch-0.pt")
    done = pytester.runpytest(f"--mlip={checkpoint}", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "weights only" in done.stderr.str()


def _strip(images: list[Atoms]) -> list[Atoms]:
    images = [atoms.copy() for atoms in images]
    for atoms in images:
        atoms.info.clear()
        del atoms.arrays["REF_forces"]
    return images


def _infinite(images: list[Atoms]) -> list[Atoms]:
    images = [atoms.copy() for atoms in images]
    images[7].arrays["REF_forces"][2, 1] = np.inf
    return images


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_strip, "label"),
        (_infinite, "frame 7"),
    ],
    ids=["no labels", "labels that are infinite"],
)
def test_unusable_labels_are_a_usage_error(
    pytester: pytest.Pytester,
    cuni_images: list[Atoms],
    change: Callable[[list[Atoms]], list[Atoms]],
    message: str,
) -> None:
    write(pytester.path / "bad.extxyz", change(cuni_images))
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", "--dataset=bad.extxyz")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr.str()


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("[thresholds.energy]\nvalue = -3", "positive number, found -3"),
        (
            "[thresholds.heat]\nvalue = 3",
            "[thresholds.heat]: expected one of energy, forces,",
        ),
        (
            "[thresholds.size_extensivity.heat]\nvalue = 3",
            "energy, forces, stress, supercell_energy, supercell_forces, found heat",
        ),
        ("[thresholds.training_rate]\nforces = 0.2", "must be a table with a `value`, found 0.2"),
        (
            "[thresholds.training_rate.forces]\nvalue = 1\nmetric = 'mae'",
            "is for the mae in '1', expected the rate in '1'",
        ),
        (
            "[extensivity]\npartners = 'a'",
            "unknown key `extensivity.partners`. Did you mean 'partner'?",
        ),
        ("[transfer]\nto = 'fau'", "`transfer.to`: expected a list, found 'fau'"),
        ("[transfer]\nto = ['fau', 'fau']", "`to` names a dataset twice"),
        (
            "[thresholds.energy]\nvalue = 3\nunit = 'eV'",
            "is for the mae in 'eV', expected the mae in 'meV/atom'",
        ),
        ("threshold_class = 'hard'", "no thresholds of the class 'hard'"),
    ],
)
def test_bad_thresholds_in_a_card_are_a_usage_error(
    pytester: pytest.Pytester, cuni_images: list[Atoms], card: str, message: str
) -> None:
    write(pytester.path / "mine.extxyz", cuni_images)
    (pytester.path / "mine.toml").write_text(card)
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", "--dataset=mine.extxyz")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert message in done.stderr.str()


def test_checks_without_options_say_what_they_need(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest("--pyargs", "ms25_suite.checks")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "the checks need a potential and a dataset" in done.stderr.str()
