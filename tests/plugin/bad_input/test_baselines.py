"""Rows about baselines in the table "Options and runs"."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.baselines import baseline_of, result_of, sample_of
from tests.helpers.reports import make_result
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]

ACCEPTED = "results['forces'] = results['forces'] * 1.01"
ONLY = ("-m", "error_thresholds")
SAMPLE = sample_of(np.arange(1.0, 20.0))


@pytest.fixture
def accepted(judge: Judge, calc: Calc, cuni: Path) -> str:
    """Numbers of a potential whose forces are 1 % off."""
    words = (f"--mlip={calc(ACCEPTED, 'first')}", f"--dataset={cuni}", *ONLY)
    assert judge(*words, "--ms25-save-baseline=base.json", check=False).code == 0
    return "base.json"


def edited(**changes: Any) -> str:
    """A baseline of which something is another."""
    found = baseline_of(result_of(SAMPLE), sample=SAMPLE).to_dict()
    return json.dumps(found | changes)


def cut_short() -> str:
    numbers = json.loads(edited())["numbers"]
    numbers[0]["sample"]["errors"] = numbers[0]["sample"]["errors"][:-8]
    return edited(numbers=numbers)


@row("`--ms25-baseline` of a file that is missing, damaged, of another layout, or no baseline")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "base.json"),
        ("{", "base.json"),
        ('{"results": []}', "A run writes one with --ms25-save-baseline=FILE"),
        (edited(schema=9), "expected a baseline of schema 1, found 9"),
        (cut_short(), "are damaged"),
    ],
)
def test_no_baseline(judge: Judge, emt: str, cuni: Path, content: str | None, words: str) -> None:
    if content is not None:
        Path("base.json").write_text(content, encoding="utf-8")
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", "--ms25-baseline=base.json")
    assert words in outcome.text


@row(
    "`--ms25-fail-if` without a baseline, of a quantity that nothing has, or with a unit that it "
    "has not"
)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--ms25-fail-if=forces:5%",), "add --ms25-baseline=FILE"),
        (("--ms25-baseline=base.json", "--ms25-fail-if=force:5%"), "Did you mean 'forces'"),
        (("--ms25-baseline=base.json", "--ms25-fail-if=forces:5eV"), "expected % or meV/Å"),
    ],
)
def test_no_rule(
    judge: Judge, emt: str, cuni: Path, arguments: tuple[str, ...], words: str
) -> None:
    baseline_of(make_result()).write(Path("base.json"))
    assert words in judge(f"--mlip={emt}", f"--dataset={cuni}", *arguments).text


@row("baseline of another dtype, of other frames, of other datasets")
def test_other_conditions(judge: Judge, calc: Calc, cuni: Path, accepted: str) -> None:
    words = (f"--mlip={calc(ACCEPTED)}", f"--ms25-baseline={accepted}", *ONLY)
    outcome = judge(*words, f"--dataset={cuni}", "--dtype=float32")
    assert "the baseline is of float64, and this run of float32" in outcome.text
    # Under another name it is another dataset, of which the baseline has no number.
    Path("other.extxyz").write_bytes(cuni.read_bytes())
    outcome = judge(*words, "--dataset=other.extxyz")
    assert "nothing was compared with the baseline: it has no number of calc" in outcome.text
    assert {one["change"]["verdict"] for one in outcome.results if one["change"]} == {"new"}


@row("number of the baseline that this run has not any more")
def test_a_number_that_is_lost(judge: Judge, calc: Calc, cuni: Path, accepted: str) -> None:
    without = calc(f"{ACCEPTED}; results.pop('stress')")
    outcome = judge(f"--mlip={without}", f"--dataset={cuni}", f"--ms25-baseline={accepted}", *ONLY)
    assert "stress of calc on cuni" in outcome.text
    assert "the baseline has a number, and this run has none" in outcome.text


@row("`--ms25-save-baseline` of a run of which a check could not be run")
def test_what_could_not_be_run_is_not_left_out(
    judge: Judge, calc: Calc, emt: str, cuni: Path
) -> None:
    potentials = (f"--mlip={emt}", f"--mlip={calc('results[0]')}")
    words = (*potentials, f"--dataset={cuni}", "--ms25-save-baseline=base.json")
    outcome = judge(*words, *ONLY)
    assert "no baseline was written to" in outcome.text
    assert "what could not be run has no number: " in outcome.text
    assert not Path("base.json").exists()


@row("`--ms25-save-baseline` of numbers that are worse than those of `--ms25-baseline`")
def test_worse_is_not_accepted(judge: Judge, calc: Calc, cuni: Path, accepted: str) -> None:
    before = Path(accepted).read_bytes()
    worse = calc("results['forces'] = results['forces'] * 1.02")
    words = (f"--ms25-baseline={accepted}", f"--ms25-save-baseline={accepted}")
    outcome = judge(f"--mlip={worse}", f"--dataset={cuni}", *words, *ONLY)
    assert "no baseline was written to" in outcome.text
    assert "ms25 baseline update base.json" in outcome.text
    assert Path(accepted).read_bytes() == before
