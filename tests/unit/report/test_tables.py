from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.findings import Finding
from ms25_suite.core.machine import Machine
from ms25_suite.core.records import (
    AuditRecord,
    DatasetRecord,
    PotentialRecord,
    RunRecord,
    TrainedOn,
)
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.units import DIMENSIONLESS
from ms25_suite.report import CSV_COLUMNS, terminal_table
from ms25_suite.report.tables import csv_text, json_text
from tests.helpers.reports import make_result

DOCS = Path(__file__).parents[3] / "docs" / "report.md"


def result(**changes: Any) -> CheckResult:
    values = {
        "potential": "p",
        "quantity": "stress",
        "value": 1.25,
        "unit": "meV/Å^3",
        "interval": (1.125, 1.5),
        "threshold": 2.5,
        "threshold_source": "the paper",
    }
    return make_result(**(values | changes))


ERROR = result(
    potential="q",
    value=None,
    interval=None,
    verdict=Verdict.ERROR,
    reason="WorkerDiedError: signal 9",
)


def test_json_has_the_documented_layout() -> None:
    document = json.loads(json_text(RunRecord(id="r"), [result(), ERROR]))
    assert list(document) == ["schema", "run", "results"]
    assert document["schema"] == 1
    assert document["run"] == {"id": "r", "potentials": [], "datasets": []}
    assert [CheckResult.from_dict(record) for record in document["results"]] == [result(), ERROR]


def test_every_key_of_a_result_is_documented() -> None:
    names = [field.name for field in dataclasses.fields(CheckResult)]
    (record,) = json.loads(json_text(RunRecord(), [result()]))["results"]
    assert list(record) == names
    text = DOCS.read_text(encoding="utf-8")
    section = text.split("### `results`")[1].split("### `run`")[0]
    assert [name for name in names if f"| `{name}` |" not in section] == []
    columns = text.split("## `results.csv`")[1]
    assert [name for name in CSV_COLUMNS if f"`{name}`" not in columns] == []


def test_every_key_of_a_run_is_documented() -> None:
    section = DOCS.read_text(encoding="utf-8").split("### `run`")[1].split("## `results.csv`")[0]
    documented = set(re.findall(r"`(\w+)`", section))
    records = (RunRecord, PotentialRecord, TrainedOn, DatasetRecord, AuditRecord, Machine, Finding)
    names = {field.name for record in records for field in dataclasses.fields(record)}
    assert names - documented == set()


def test_json_takes_what_details_may_hold() -> None:
    details = {"path": Path("a/b"), "curve": np.array([1.0, np.nan]), "n": np.int64(3), "t": {"x"}}
    (record,) = json.loads(json_text(RunRecord(), [result(details=details)]))["results"]
    assert record["details"] == {
        "path": str(Path("a/b")),
        "curve": [1.0, None],
        "n": 3,
        "t": ["x"],
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("value", float("nan")), ("interval", (0.0, float("inf"))), ("threshold", float("nan"))],
)
def test_json_refuses_a_result_that_is_not_finite(name: str, value: object) -> None:
    with pytest.raises(ReportError, match=f"`{name}` of the result .* must be finite"):
        json_text(RunRecord(), [result(**{name: value})])


def test_json_refuses_what_json_cannot_hold() -> None:
    with pytest.raises(ReportError, match="not JSON-able"):
        json_text(RunRecord(), [result(details={"thing": object()})])


def test_csv_has_stable_columns() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text([result(stand_in=True), ERROR]))))
    assert tuple(rows[0]) == CSV_COLUMNS
    first, second = rows
    assert (float(first["value"]), first["unit"]) == (1.25, "meV/Å^3")
    assert (float(first["interval_low"]), float(first["interval_high"])) == (1.125, 1.5)
    assert (first["verdict"], first["stand_in"], first["n_frames"]) == ("pass", "true", "80")
    assert (second["value"], second["interval_low"], second["verdict"]) == ("", "", "error")
    assert second["reason"] == "WorkerDiedError: signal 9"
    assert second["stand_in"] == "false"


def test_csv_quotes_what_needs_it() -> None:
    name = 'a, "b"\nc'
    (row,) = csv.DictReader(io.StringIO(csv_text([result(potential=name)])))
    # A cell is one line.
    assert row["potential"] == 'a, "b"\\nc'
    assert csv_text([]).strip().split(",") == list(CSV_COLUMNS)


def test_csv_leaves_out_nothing_but_details() -> None:
    names = {field.name for field in dataclasses.fields(CheckResult)}
    assert names - set(CSV_COLUMNS) == {"interval", "details", "change"}


def test_terminal_table() -> None:
    table = terminal_table(
        [
            result(stand_in=True, level_of_theory="Buckingham"),
            ERROR,
            result(
                criterion="throughput",
                quantity="katoms_per_s",
                metric="measurement",
                value=12.0,
                unit="kAtoms/s",
                interval=None,
                threshold=None,
                verdict=None,
            ),
        ],
        width=110,
    )
    lines = table.splitlines()
    (line,) = [text for text in lines if "pass" in text]
    for part in ("p ", "stress mae", "1.25", "[1.12, 1.50]", "≤ 2.5", "meV/Å³", "✓ pass"):
        assert part in line
    assert (
        lines.index("error_thresholds: mgo†") < lines.index(line) < lines.index("throughput: mgo")
    )
    assert any("! error [1]" in text for text in lines)
    assert "[1] WorkerDiedError: signal 9" in lines
    assert "† stand-in reference: Buckingham (mgo)" in lines
    assert any("12.0" in text and "kAtoms/s" in text and "measured" in text for text in lines)
    assert max(map(len, lines)) <= 110
    assert "\x1b" not in table


def test_terminal_table_in_colour_says_the_same() -> None:
    colored = terminal_table([result(), ERROR], width=110, color=True)
    assert "\x1b[" in colored
    bare = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert bare.split() == terminal_table([result(), ERROR], width=110).split()


def test_terminal_table_groups_by_criterion() -> None:
    results = [result(), result(criterion="eos"), result(potential="z")]
    lines = terminal_table(results, width=100).splitlines()
    assert lines.count("error_thresholds: mgo") == 1


@pytest.mark.parametrize("width", [20, 80, 200])
def test_terminal_table_fits(width: int) -> None:
    long = result(potential="x" * 90, dataset="[red]d[/red]", test_dataset="[red]d[/red]")
    table = terminal_table([long], width=width)
    assert max(map(len, table.splitlines())) <= max(width, 72)
    assert table.count("x") == 90


def test_terminal_table_does_not_read_markup_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = terminal_table([result(potential="[bold]p[/bold]")], width=100)
    assert "[bold]p[/bold]" in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    assert terminal_table([result(potential="[bold]p[/bold]")], width=100) == plain


def test_terminal_table_of_nothing() -> None:
    assert terminal_table([]) == "no results\n"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A1", "+x", "-dash", "@x", "\tx"])
def test_no_name_is_a_formula_in_csv(name: str) -> None:
    text = csv_text([result(potential=name, dataset=name, reason=f"{name}\n{name}", value=-1.5)])
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["potential"].startswith("'")
    assert row["dataset"].startswith("'")
    assert row["reason"].startswith("'")
    assert "\n" not in row["reason"]
    # Numbers are numbers.
    assert float(row["value"]) == -1.5


@pytest.mark.parametrize("name", ["\x1b[31mred", "new\nline", "\u202eexe.pt", "bell\x07"])
def test_names_cannot_control_the_terminal(name: str) -> None:
    one = result(potential=name, dataset=name, test_dataset=name, reason=name)
    text = terminal_table([one], 200)
    assert [char for char in text if not char.isprintable() and char != "\n"] == []
    assert name.encode("unicode_escape").decode() in text


def test_a_terminal_without_utf8_has_a_straight_table() -> None:
    text = terminal_table(
        [result(), result(quantity="forces", unit="meV/Å")], 120, encoding="ascii"
    )
    assert text.isascii()
    assert "meV/A^3" in text
    assert "<= 2.5" in text
    heading, rule, _, first, second, *_ = text.splitlines()
    for line in (rule, first, second):
        assert line.index(" ", heading.index("unit")) >= heading.index("unit")
    assert first.index("meV/A^3") == second.index("meV/A") == heading.index("unit")


def test_a_name_that_would_be_folded_stands_above_its_rows() -> None:
    long = "ani-cha-n50-set1-seed0-smoke-of-another-folder"
    both = [make_result(potential=name) for name in (long, "b")]
    wide = terminal_table(both, 140)
    assert wide.splitlines()[0].startswith("potential")
    assert "error_thresholds: mgo\n" in wide
    narrow = terminal_table(both, 80).splitlines()
    assert narrow[0].startswith("quantity")
    assert narrow.index(f"error_thresholds: mgo · {long}") < narrow.index(
        "error_thresholds: mgo · b"
    )
    assert max(map(len, narrow)) <= 80
    # The only one needs no column.
    assert terminal_table(both[:1], 140).splitlines()[0].startswith("quantity")


def test_a_count_has_no_decimals_and_a_reason_no_traceback() -> None:
    failed = {"interval": None, "threshold": 0.0, "verdict": Verdict.FAIL}
    count = make_result(
        quantity="unfit_curves", metric="measurement", value=20.0, unit=DIMENSIONLESS, **failed
    )
    reason = "calc.py failed:\n  File 'calc.py', line 2\nValueError: no"
    broken = make_result(quantity="stress", value=None, verdict=Verdict.ERROR, reason=reason)
    text = terminal_table([count, broken], 80)
    assert re.search(r"unfit curves +20 +≤ 0", text)
    assert "[1] calc.py failed: ValueError: no\n" in text
