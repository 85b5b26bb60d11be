"""Which job and which cache belong to a potential; no worker is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.architectures.mtp.model import MtpArchitecture
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ModelFileError
from ms25_suite.environments.installation import Installation
from ms25_suite.potentials import opening
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.opening import from_baseline, from_calculator, from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.workers.jobs import BaselineJob, CalculatorJob, ModelJob
from tests.helpers.fake_training import manifest

OPTIONS = PotentialOptions(device="cuda:1", dtype="float32", batch_atoms=99, species=("Si", "O"))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Arguments of the potential that is opened."""
    found: dict[str, Any] = {}

    def potential(name: str, architecture: str, job: object, options: object, **more: Any) -> None:
        found.update(name=name, architecture=architecture, job=job, **more)

    monkeypatch.setattr(opening, "Potential", potential)
    monkeypatch.setattr(opening, "PredictionCache", lambda identity: identity)
    monkeypatch.setattr(opening, "require_installed", lambda family: Installation())
    return found


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "some.mtp"
    path.write_text("MTP\n")
    return path


def test_the_job_of_a_model_file(opened: dict[str, Any], model_file: Path) -> None:
    from_model_file(model_file, "mtp", "some", OPTIONS)
    assert replace(opened["job"], threads=0, sizes="") == ModelJob(
        implementation="ms25_suite.architectures.mtp.model:MtpArchitecture",
        path=str(model_file),
        sha256=file_sha256(model_file),
        device="cuda:1",
        dtype="float32",
        batch_atoms=99,
        species=("Si", "O"),
    )
    # All that a prediction depends on, but not which of several GPUs computes it.
    identity = opened["cache"]
    assert identity["model"] == file_sha256(model_file)
    assert (identity["device"], identity["dtype"]) == ("cuda", "float32")
    assert identity["species"] == ("Si", "O")
    assert "compiled" not in identity


def test_the_manifest_comes_before_the_option(opened: dict[str, Any], model_file: Path) -> None:
    known = manifest(species=("Ni", "Cu"))
    from_model_file(model_file, "mtp", "some", OPTIONS, manifest=known)
    assert opened["job"].species == ("Ni", "Cu")
    assert opened["manifest"] is known


def test_unknown_species(opened: dict[str, Any], model_file: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no sidecar some\.mtp\.json.*--mlip-species=Si,O"):
        from_model_file(model_file, "mtp", "some", replace(OPTIONS, species=()))


def test_files_that_name_their_elements_need_no_species(
    opened: dict[str, Any], model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MtpArchitecture, "names_species", True)
    from_model_file(model_file, "mtp", "some", OPTIONS)
    assert opened["job"].species == ()
    assert "species" not in opened["cache"]


def test_a_compiled_model_is_another_file(
    opened: dict[str, Any], model_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiled = tmp_path / "compiled"
    compiled.write_text("native")
    monkeypatch.setattr(MtpArchitecture, "compiled_target", "batch")
    monkeypatch.setattr(opening, "deployed", lambda *args, **options: compiled)
    from_model_file(model_file, "mtp", "some", replace(OPTIONS, compiled=True))
    assert opened["job"].path == str(compiled)
    assert opened["job"].sha256 == file_sha256(compiled)
    # The report names the file that the user gave.
    assert (opened["path"], opened["sha256"]) == (model_file, file_sha256(model_file))
    assert opened["cache"]["compiled"] == "batch"


def test_without_a_cache(opened: dict[str, Any], model_file: Path) -> None:
    from_model_file(model_file, "mtp", "some", replace(OPTIONS, use_cache=False))
    assert opened["cache"] is None


def test_calculators_and_the_baseline(opened: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "calc.py"
    path.write_text("calculator = None\n")
    from_calculator(str(path), "calc", OPTIONS)
    assert opened["job"] == CalculatorJob(str(path))
    assert opened["sha256"] == file_sha256(path)
    from_calculator("package.module:factory", "other", OPTIONS, architecture="reference")
    assert opened["job"] == CalculatorJob("package.module:factory")
    assert (opened["architecture"], opened["sha256"]) == ("reference", "")
    baseline = MeanBaseline((28,), (-1.0,), None)
    from_baseline(baseline, "baseline", OPTIONS)
    assert opened["job"] == BaselineJob(baseline.to_dict())
