from __future__ import annotations

from dataclasses import replace

import pytest

from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.wording import (
    cell_number,
    count_sentence,
    exit_words,
    middle_cut,
    number,
    pair_label,
    plain_number,
    pretty_unit,
    value_text,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1.00"),
        (9.996, "10.0"),
        (12.345, "12.3"),
        (999.6, "1000"),
        (1234.5, "1234"),
        (0.012345, "0.0123"),
        (0.0009, "9.00e−4"),
        (123456.0, "1.23e5"),
        (-0.5, "−0.500"),
    ],
)
def test_number_has_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("exponent", range(-12, 13))
def test_cell_number_fits_into_a_cell(exponent: int) -> None:
    text = cell_number(9.876 * 10.0**exponent)
    assert len(text) <= 7
    assert float(text.replace("−", "-")) == pytest.approx(9.876 * 10.0**exponent, rel=0.01)


def test_interval_has_digits_enough_to_differ() -> None:
    assert value_text(12.34, None) == ("12.3", "")
    assert value_text(12.34, (11.02, 13.61)) == ("12.3", "[11.0, 13.6]")
    assert value_text(12.3412, (12.3395, 12.3431)) == ("12.3412", "[12.3395, 12.3431]")
    assert value_text(6e-6, (0.0, 0.00409)) == ("0.00001", "[0.00000, 0.00409]")
    assert value_text(0.0, (0.0, 0.0)) == ("0.00", "[0.00, 0.00]")
    assert value_text(2e6, (1e6, 3e6)) == ("2.00e6", "[1.00e6, 3.00e6]")


def test_plain_number_keeps_what_was_chosen() -> None:
    assert [plain_number(x) for x in (2.5, 35.0, 0.06)] == ["2.5", "35", "0.06"]


def test_middle_cut_keeps_both_ends() -> None:
    assert middle_cut("abcdefghij", 10) == "abcdefghij"
    assert middle_cut("abcdefghij", 5) == "ab…ij"
    assert len(middle_cut("x" * 99, 8)) == 8


def test_labels_and_units() -> None:
    assert pair_label("cha", "cha") == pair_label("cha", "") == "cha"
    assert pair_label("cha", "fau") == "cha → fau"
    assert pretty_unit("meV/Å^3") == "meV/Å³"


def test_exit_words() -> None:
    assert "no check failed" in exit_words(0)
    assert "did not pass" in exit_words(1)
    assert "cut off" in exit_words(None)
    assert exit_words(77) == "exit status 77"


def _result(verdict: Verdict | None) -> CheckResult:
    return CheckResult(
        criterion="eos",
        dataset="d",
        test_dataset="d",
        potential="p",
        quantity="volume",
        metric="error",
        verdict=verdict,
    )


def test_count_sentence() -> None:
    assert count_sentence([]) == "No check reported a result."
    assert count_sentence([_result(Verdict.ERROR)]) == "1 result could not be computed."
    verdicts = (*[Verdict.PASS] * 3, Verdict.FAIL, Verdict.UNDECIDED, Verdict.SKIP, None)
    assert count_sentence([_result(verdict) for verdict in verdicts]) == (
        "3 of 5 results meet their threshold, 1 failed, 1 undecided with these frames, "
        "1 skipped and 1 measured without a threshold."
    )
    worse = replace(_result(Verdict.FAIL), change=Change(verdict=ChangeVerdict.WORSE, before=1.0))
    assert count_sentence([_result(Verdict.PASS), worse]) == (
        "1 of 2 results passes and 1 failed (1 worse than the baseline)."
    )
