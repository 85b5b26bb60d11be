"""Rows of the table "Options and runs"."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms

from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]


@row("unknown device or ensemble, negative seed, too few steps")
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--device=gpu", "expected cpu, mps, cuda"),
        ("--md-ensembles=npt", "expected one or more of nve, nvt"),
        ("--ms25-seed=-1", "must not be negative, got -1"),
        ("--md-steps=3", "--md-steps must be at least"),
        ("--neb-steps=0", "--neb-steps must be at least 1, got 0"),
    ],
)
def test_senseless_values(judge: Judge, emt: str, option: str, words: str) -> None:
    assert words in judge(f"--mlip={emt}", "--dataset=hea", option).text


@row("invalid thresholds, in a file or a card")
@pytest.mark.parametrize("place", ["file", "card"])
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("value = -3", "positive number, found -3"),
        ("value = nan", "found nan"),
        ("value = 3\nunit = 'eV'", "is for the mae in 'eV', expected the mae in 'meV/atom'"),
        ("value = 3\nmetric = 'max'", "is for the max in 'meV/atom'"),
        ("limit = 3", "value"),
    ],
)
def test_invalid_thresholds(
    judge: Judge,
    images: list[Atoms],
    dataset: Dataset,
    emt: str,
    place: str,
    entry: str,
    words: str,
) -> None:
    if place == "card":
        frames, options = dataset(images, f"[thresholds.energy]\n{entry}\n"), ()
        table = "thresholds.energy"
    else:
        lines = {"unit": "'meV/atom'", "metric": "'mae'", "source": "'me'"}
        lines |= dict(line.split(" = ") for line in entry.split("\n"))
        text = "\n".join(f"{key} = {value}" for key, value in lines.items())
        Path("mine.toml").write_text(f"[error_thresholds.standard.energy]\n{text}\n")
        frames, options = dataset(images), ("--ms25-thresholds=mine.toml",)
        table = "error_thresholds.standard.energy"
    text = judge(f"--mlip={emt}", f"--dataset={frames}", *options).text
    assert words in text
    assert table in text


@row("report folder that cannot be written")
def test_a_folder_that_cannot_be_written(judge: Judge, emt: str, cuni: Path) -> None:
    Path("file").touch()
    text = judge(f"--mlip={emt}", f"--dataset={cuni}", "--report-dir=file/reports").text
    assert "--report-dir=file/reports: cannot write there" in text
    assert "Choose another folder" in text


OWN_FIXTURE = """
import pytest

@pytest.fixture(scope="session")
def potential(request):
    from ms25_suite.potentials.opening import from_calculator
    from ms25_suite.potentials.potential import PotentialOptions

    return from_calculator("ase.calculators.emt:EMT", "own", PotentialOptions())
"""


@row("a fixture of your project called `dataset`, `potential` …")
def test_a_fixture_of_the_project(
    pytester: pytest.Pytester, judge: Judge, calc: Calc, cuni: Path
) -> None:
    pytester.makeconftest(OWN_FIXTURE)
    potential = calc("raise ValueError('not this one')")
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}", plain=True)
    assert outcome.verdicts == {"pass"}


@row("check that does not apply to the dataset or the potential")
def test_a_check_that_does_not_apply(judge: Judge, emt: str, cuni: Path) -> None:
    arguments = (f"--mlip={emt}", f"--dataset={cuni}")
    outcome = judge(*arguments)
    assert "left out: training_rate, size_extensivity" in outcome.text
    assert outcome.verdicts == {"pass"}
    outcome = judge(*arguments, "-m", "eos or error_thresholds")
    (skipped,) = [r for r in outcome.results if r["verdict"] == "skip"]
    assert skipped["reason"].startswith("cuni has no curves of an equation of state")


@row("every check skipped, or none selected")
@pytest.mark.parametrize("chosen", [("-m", "eos"), ("-k", "no_such_check")])
def test_nothing_is_judged(judge: Judge, emt: str, cuni: Path, chosen: tuple[str, str]) -> None:
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", *chosen)
    assert not outcome.verdicts - {"skip"}


@row("pytest killed in the middle of a run")
def test_a_killed_run(
    judge: Judge,
    ms25: Callable[..., Outcome],
    cuni: Path,
    calc: Calc,
    lennard_jones: Callable[..., dict[str, str]],
    model: str,
) -> None:
    """The results so far become a report; what was predicted is not predicted again."""
    killer = calc("os.kill(os.getppid(), 9)", name="killer")
    arguments = (f"--mlip={model}", f"--mlip={killer}", f"--dataset={cuni}")
    outcome = judge(*arguments, **lennard_jones())
    assert outcome.code == -signal.SIGKILL
    (journal,) = Path("reports").glob("journal-*.jsonl")
    ms25("report", journal, "--out", "again", code=0)
    results = json.loads(Path("again/results.json").read_text())["results"]
    assert {r["potential"] for r in results} == {"model"}
    # A model that can predict nothing any more.
    broken = lennard_jones(evaluate="raise ValueError('computed again')")
    outcome = judge(f"--mlip={model}", f"--dataset={cuni}", check=False, **broken)
    assert "error" not in outcome.verdicts, outcome.reasons()
