from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.environments.processes import SAFE_PATH
from ms25_suite.plugin import distribution
from ms25_suite.plugin.distribution import Distribution, note_groups, settle


def item(name: str, *marks: pytest.MarkDecorator) -> Any:
    return SimpleNamespace(nodeid=name, iter_markers=lambda _: [mark.mark for mark in marks])


@pytest.fixture
def one() -> Any:
    """A main process, and a process of xdist that it has told what to do."""
    main = Distribution(grouped=True)
    process = SimpleNamespace(workerinput={"workerid": "gw0"})
    main.pytest_configure_node(process)
    yield main, process
    main.close()


def test_groups_are_passed_on_and_leave_no_file(one: tuple[Distribution, Any]) -> None:
    main, process = one
    group = pytest.mark.xdist_group
    items = [
        item("a[x]", group("x")),
        item("b", group(name="y"), group("x")),
        item("c"),
        item("d", group),
    ]
    note_groups(process, items)
    config = SimpleNamespace(
        option=SimpleNamespace(tx=["2*popen"]), getvalue=lambda name: ["2*popen"]
    )
    scheduler = main.pytest_xdist_make_scheduler(config, None)  # type: ignore[arg-type]
    found = [scheduler._split_scope(name) for name in ("a[x]", "b", "c", "d", "e")]
    assert found == ["x", "x_y", "c", "default", "e"]
    assert not Path(process.workerinput["ms25_groups"]).parent.exists()
    # A process that takes the place of another comes too late.
    note_groups(process, items)


def test_the_choice_of_the_user_counts() -> None:
    main = Distribution(grouped=False)
    assert main.pytest_xdist_make_scheduler(None, None) is None  # type: ignore[arg-type]
    main.close()


def test_groups_that_nobody_could_write(one: tuple[Distribution, Any]) -> None:
    main, _ = one
    assert distribution._read(main._folder / "groups.json") == {}


def test_the_environment_of_a_process_is_that_of_its_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(distribution, "die_with_parent", lambda: ended.append(1))
    for before in (None, "yes"):
        monkeypatch.delenv(SAFE_PATH, raising=False)
        if before:
            monkeypatch.setenv(SAFE_PATH, before)
        main = Distribution(grouped=True)
        process: Any = SimpleNamespace(workerinput={})
        main.pytest_configure_node(process)
        start = main.pytest_sessionstart()
        next(start)
        inherited = os.environ[SAFE_PATH]
        with pytest.raises(StopIteration):
            next(start)
        assert os.environ.get(SAFE_PATH) == before
        monkeypatch.setenv(SAFE_PATH, inherited)
        settle(process)
        assert os.environ.get(SAFE_PATH) == before
        main.close()
    assert ended == [1, 1]
