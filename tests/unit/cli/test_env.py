"""`ms25 env` with an interpreter that only pretends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.cli import main as cli
from ms25_suite.cli.env import check_environment
from ms25_suite.core.errors import EnvironmentSetupError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.environments.installation import Installation
from ms25_suite.environments.spec import environment_for
from ms25_suite.potentials.workers import pool
from tests.helpers.pretended_python import POSIX, pretended_python

pytestmark = POSIX


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return pretended_python(tmp_path, monkeypatch)


def test_the_command(
    python: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ms25_suite.cli.env.check_environment", lambda spec, place: None)
    assert cli.main(["env", "list"]) == 0
    assert "nequip  missing" in capsys.readouterr().out
    assert cli.main(["env", "check", "nequip"]) == 1
    assert "ms25 env create nequip" in capsys.readouterr().out
    assert cli.main(["env", "create", "allegro", "--python", python, "--find-links", "/w"]) == 0
    assert "created; serves nequip, allegro" in capsys.readouterr().out
    assert cli.main(["env", "create", "nequip"]) == 0
    assert "ready already" in capsys.readouterr().out
    assert cli.main(["env", "check", "nequip"]) == 0
    assert cli.main(["env", "list"]) == 0
    assert "nequip  ready" in capsys.readouterr().out
    assert cli.main(["env", "remove", "nequip"]) == 0
    assert "removed" in capsys.readouterr().out
    assert cli.main(["env", "create", "mace"]) == 1
    assert "no managed environment for 'mace'" in capsys.readouterr().err


def water(force: float) -> Any:
    """Predictions for water and for both displacements, with a slope of 2 eV/Å."""

    class Pool:
        def __init__(self, job: Any, python: Path | None) -> None:
            assert python == Path("/some/python")

        def predict(self, frames: Frames, tasks: Any) -> list[Predictions]:
            assert frames.n_atoms.tolist() == [3, 3, 3]
            forces = np.zeros((9, 3))
            forces[0, 2] = force
            return [Predictions(-2.0 * frames.positions[::3, 2], forces)]

        def close(self) -> None:
            pass

    return Pool


PLACE = Installation(Path("/some/python"), Path("/some/site"))


def test_an_environment_works_if_forces_are_the_derivative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "WorkerPool", water(2.0))
    check_environment(environment_for("nequip"), PLACE)
    monkeypatch.setattr(pool, "WorkerPool", water(-2.0))
    with pytest.raises(
        EnvironmentSetupError, match=r"does not work for nequip: .*found -2\.0 eV/Å"
    ):
        check_environment(environment_for("nequip"), PLACE)
