"""Pages that are made of the code say all that the code has."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator

import pytest

from ms25_suite.cli.main import command_parser
from ms25_suite.core.catalogue import built_in
from ms25_suite.core.schemas import SCHEMAS, schema_of
from ms25_suite.plugin.options import OPTIONS, SHORT, long_name
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    from ms25_site.reference import generated_pages

    return dict(generated_pages(REPOSITORY))


def test_every_option_has_its_names_and_its_meaning(pages: dict[str, str]) -> None:
    page = pages["reference/options.md"]
    for name, attributes in OPTIONS.items():
        _, found, section = page.partition(f"\n## {name}\n")
        assert found, name
        section = section.partition("\n## ")[0]
        assert f"`{long_name(name)}" in section
        assert (f"`--{name}" in section) == (f"--{name}" in SHORT)
        assert attributes["help"].replace("%%", "%").replace("<", "&lt;")[1:] in section
    # What argparse would fill in must not be left open.
    assert "%(" not in page
    assert "%%" not in page


def _commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield command
                yield from _commands(command)


def test_every_subcommand_has_its_arguments(pages: dict[str, str]) -> None:
    page = pages["reference/commands.md"]
    commands = list(_commands(command_parser()))
    assert len(commands) > 20
    for command in commands:
        _, found, section = page.partition(f"# {command.prog}\n")
        assert found, command.prog
        section = re.split(r"\n#+ ms25 ", section)[0]
        options = [name for action in command._actions for name in action.option_strings]
        missing = [name for name in options if f"`{name}" not in section and "help" not in name]
        missing = [name for name in missing if name != "-h"]
        assert missing == [], command.prog
    assert "%(" not in page


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_every_key_of_a_file_has_a_row(name: str, pages: dict[str, str]) -> None:
    page, schema = pages[f"reference/{name}.md"], schema_of(name)
    for declared in (schema, *schema.get("$defs", {}).values()):
        for key in declared.get("properties", {}):
            assert f"| `{key}` | " in page
    for title in schema.get("$defs", {}):
        assert f"\n## {title}\n" in page
    # Links to tables of the page lead to one.
    titles = {title.lower() for title in schema.get("$defs", {})}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= titles


def test_types_are_in_words() -> None:
    from ms25_site.schemas import _type

    assert _type({"anyOf": [{"type": "string"}, {"type": "null"}]}) == "text or null"
    assert _type({"type": "array", "items": {"type": "number"}}) == "list of number"
    assert _type({"$ref": "#/$defs/CardFile"}) == "[CardFile](#cardfile)"
    assert _type({"enum": ["a", "b"]}) == '`"a"` or `"b"`'
    assert _type({"type": "object", "additionalProperties": {"type": "integer"}}) == (
        "table of integer"
    )


def test_every_threshold_has_value_unit_and_source(pages: dict[str, str]) -> None:
    page = pages["reference/thresholds.md"]
    text = (REPOSITORY / "checks" / "thresholds.toml").read_text(encoding="utf-8")
    for criterion, classes in tomllib.loads(text).items():
        _, found, section = page.partition(f"\n## {criterion}\n")
        assert found, criterion
        section = section.partition("\n## ")[0]
        for kind, quantities in classes.items():
            for quantity, entry in quantities.items():
                (row,) = re.findall(rf"^\| {kind} \| `{quantity}` .*$", section, re.MULTILINE)
                assert f"{entry['value']:g} {entry['unit']}" in row
                source = " ".join(entry["source"].split())
                assert source.replace("|", "\\|").replace("<", "&lt;") in row


def test_every_check_is_listed_with_its_question(pages: dict[str, str]) -> None:
    page = pages["checks/index.md"]
    for criterion in built_in().values():
        assert f"| [{criterion.name}]({criterion.name}.md) | {criterion.question} |" in page


@pytest.mark.parametrize("name", list(built_in()))
def test_a_page_of_a_check_has_formula_threshold_and_source(name: str) -> None:
    text = (REPOSITORY / "docs" / "checks" / f"{name}.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert "How it is measured" in heads
    assert {"Threshold", "Thresholds"} & set(heads)
    assert any(head.startswith("How to read") for head in heads)


def test_links_to_files_beside_the_documentation_lead_to_pages() -> None:
    from ms25_site.outside import with_links

    text = "[a](../../README.md#use-it) [b](../ci.md) [c](https://a.org) [d](#x) "
    text += "[e](../examples/p/q)"
    assert with_links(text, "docs/checks/eos.md", "checks/eos.md") == (
        "[a](../overview.md#use-it) [b](../ci.md) [c](https://a.org) [d](#x) [e](../examples/p.md)"
    )
    assert with_links("[a](docs/ci.md#b)", "README.md", "overview.md") == "[a](ci.md#b)"
    # What has no page stays as it is, and the build refuses it.
    assert with_links("[a](../ms25_suite/x.py)", "docs/ci.md", "ci.md") == "[a](../ms25_suite/x.py)"


def test_every_page_stands_in_the_side_bar(pages: dict[str, str]) -> None:
    from make_site import SITE, _trees

    nav = tomllib.loads((SITE / "nav.toml").read_text(encoding="utf-8"))
    folders = (REPOSITORY / "docs", SITE / "pages")
    found = {
        file.relative_to(folder).with_suffix("").as_posix()
        for folder in folders
        for file in folder.rglob("*")
        if file.suffix in {".md", ".ipynb"}
        and file.relative_to(folder).parts[0] not in {"site", "examples"}
    } | {name.removesuffix(".md") for name in pages}
    listed = {
        page
        for tree in _trees(nav, sorted(found)).values()
        for page in re.findall(r"^(?:.+ <)?/([^>\n]+)>?$", tree, re.MULTILINE)
    }
    assert listed == found - {"index"}


def test_notebooks_are_kept_without_outputs() -> None:
    """They are run when the site is built, so that what is shown is true of this version."""
    notebooks = sorted((REPOSITORY / "docs" / "tutorials").glob("*.ipynb"))
    assert len(notebooks) >= 4
    for file in notebooks:
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        kept = [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
        assert kept == [], file.name
