from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ms25_suite.cli import schema as cli_schema
from ms25_suite.cli.main import main
from ms25_suite.core.errors import UsageError
from ms25_suite.core.schemas import schema_of


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    cli_schema.add_parser(parser.add_subparsers(required=True))
    return cli_schema.run(parser.parse_args(["schema", *map(str, arguments)]))


def test_a_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("results") == 0
    assert json.loads(capsys.readouterr().out) == schema_of("results")


def test_a_schema_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results.schema.json"
    assert run("results", "--out", out) == 0
    assert json.loads(out.read_text(encoding="utf-8")) == schema_of("results")
    assert str(out) in capsys.readouterr().out


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write the schema to .* choose another file"):
        run("results", "--out", tmp_path / "absent" / "x.json")


def test_an_unknown_schema_ends_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "result"]) == 1
    assert "Did you mean 'results'?" in capsys.readouterr().err
