from __future__ import annotations

from dataclasses import replace

import pytest

from ms25_suite.core.changes import Change, ChangeVerdict
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.wording import (
    cell_number,
    count_sentence,
    exit_words,
    footnote,
    in_mev,
    middle_cut,
    number,
    pair_label,
    plain_number,
    pretty_unit,
    result_number,
    result_text,
    value_text,
)
from tests.helpers.reports import ERROR, make_result


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


def test_counts_are_whole_numbers_with_words() -> None:
    counted = make_result(
        criterion="eos",
        quantity="unfit_curves",
        metric="measurement",
        unit="1",
        value=20.0,
        interval=None,
    )
    assert result_number(counted) == "20 curves"
    assert result_text(counted) == ("20", "")
    assert result_number(replace(counted, value=1.0)) == "1 curve"
    assert result_number(replace(counted, quantity="broken_runs", value=0.0)) == "0 runs"
    # Measured: a rate, and an error that happens to be whole.
    rate = make_result(quantity="forces", metric="rate", unit="1", value=1.0, interval=None)
    assert result_number(rate) == "1.00"
    assert result_number(make_result(value=20.0)) == "20.0 meV/Å"
    assert result_number(make_result(value=20.0), unit=False) == "20.0"
    assert result_text(make_result()) == ("31.2", "[30.5, 32.0]")
    assert (result_number(ERROR), result_text(ERROR)) == ("", ("", ""))


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("needs three training sizes", "needs three training sizes"),
        ("/data/my models/a.pt: not a model", "my models/a.pt: not a model"),
        ("~/x/a.pt and C:\\Users\\me\\b.pt", "a.pt and b.pt"),
        ("0.1 meV/atom and eV/Å, 2/3, mgo-2x2/set1", "0.1 meV/atom and eV/Å, 2/3, mgo-2x2/set1"),
        (
            (
                "calling `calculator` of /home/me/calc.py failed:\n"
                '  File "/home/me/calc.py", line 3, in calculator\n'
                "    raise ValueError('no')\n"
                "ValueError: no"
            ),
            "calling `calculator` of calc.py failed: ValueError: no",
        ),
        (
            (
                "WorkerError: it died\n\nIn the worker process:\n"
                "Traceback (most recent call last):\n"
                '  File "a.py", line 1\nKeyError: 3'
            ),
            "WorkerError: it died",
        ),
    ],
)
def test_a_footnote_has_neither_traceback_nor_folders(reason: str, shown: str) -> None:
    assert footnote(reason) == shown


def test_energies_are_shown_in_mev() -> None:
    assert in_mev("eV/Å^3") == ("meV/Å^3", 1000.0)
    assert in_mev("meV/atom") == ("meV/atom", 1.0)
    assert in_mev("") == ("", 1.0)
