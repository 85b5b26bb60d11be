from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ms25_suite.core.errors import UsageError
from ms25_suite.core.records import RunRecord
from ms25_suite.core.schemas import SCHEMAS, schema_of, schema_text
from ms25_suite.report import load_results, write_report
from ms25_suite.training.manifest import sidecar_path, write_manifest
from tests.helpers.fake_training import manifest
from tests.helpers.reports import ERROR, RUN, make_result


def shipped(name: str) -> str:
    return files("ms25_suite.core.schemas").joinpath(f"{name}.schema.json").read_text("utf-8")


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_shipped_schema_is_that_of_the_code(name: str) -> None:
    again = f"ms25 schema {name} --out ms25_suite/core/schemas/{name}.schema.json"
    assert shipped(name) == schema_text(name), f"write it again: {again}"


def test_every_shipped_schema_is_registered() -> None:
    folder = files("ms25_suite.core.schemas")
    names = {path.name for path in folder.iterdir() if path.name.endswith(".json")}
    assert names == {f"{name}.schema.json" for name in SCHEMAS}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_and_describes_every_key(name: str) -> None:
    schema = schema_of(name)
    Draft202012Validator.check_schema(schema)
    for declared in (schema, *schema["$defs"].values()):
        assert "Parameters" not in declared["description"]
        for key, entry in declared.get("properties", {}).items():
            assert entry.get("description"), f"{declared['title']}.{key}"


def validated(document: object, name: str = "results") -> list[str]:
    validator = Draft202012Validator(json.loads(shipped(name)))
    return [error.message for error in validator.iter_errors(document)]


def test_a_written_results_json_fits(tmp_path: Path) -> None:
    details = {"per_element": {"Mg": 1.5}, "findings": [{"code": "a", "message": "b"}]}
    for name in ("a", "b"):
        run = RunRecord.from_dict({**RUN.to_dict(), "id": name})
        write_report(tmp_path / name, run, [make_result(potential=name, details=details), ERROR])
    merged, results = load_results([tmp_path / "a", tmp_path / "b"])
    for files_ in (tmp_path / "a", tmp_path / "b"):
        assert validated(json.loads((files_ / "results.json").read_text("utf-8"))) == []
    written = write_report(tmp_path / "both", merged, results)
    assert validated(json.loads(written.json.read_text("utf-8"))) == []


def test_the_built_in_cards_fit() -> None:
    cards = [
        path for path in files("ms25_suite.datasets.builtin").iterdir() if path.name[-5:] == ".toml"
    ]
    assert len(cards) >= 8
    for card in cards:
        assert validated(tomllib.loads(card.read_text("utf-8")), "card") == [], card.name
    assert validated({"titel": "misspelled"}, "card")


def test_a_written_manifest_fits(tmp_path: Path) -> None:
    model = tmp_path / "a.model"
    write_manifest(model, manifest(budget="short", r_max=5.0))
    document = json.loads(sidecar_path(model).read_text("utf-8"))
    assert validated(document, "manifest") == []
    assert validated({**document, "budget": 3}, "manifest")


@pytest.mark.parametrize(
    "document",
    [
        {"run": {}, "results": []},
        {"schema": 2, "run": {}, "results": []},
        {"schema": 1, "run": {"seed": "x"}, "results": []},
        {"schema": 1, "run": {}, "results": [{"criterion": "eos"}]},
    ],
)
def test_a_document_that_the_suite_refuses_does_not_fit(document: dict[str, Any]) -> None:
    assert validated(document)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match=r"unknown schema 'reslts'\. Did you mean 'results'\?"):
        schema_of("reslts")
