from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.architectures.mace.model import MaceArchitecture
from ms25_suite.core.errors import UsageError
from ms25_suite.potentials.kernels.backend import expect_backend, expect_tf32
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from tests.helpers.pretended_models import pretended_mace

OPS = "cuequivariance-ops-torch-cu13"


def expect(name: str, device: str = "cuda:1", installed: tuple[str, ...] = ()) -> None:
    backends = MaceArchitecture.backends
    expect_backend("mace", backends, name, device=device, installed=installed)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_the_package_itself_has_runs_anywhere(device: str) -> None:
    expect("e3nn", device)
    expect("compile", device)


def test_what_is_installed_can_be_used() -> None:
    expect("cueq", installed=(OPS,))
    expect("oeq", installed=("openequivariance",))


@pytest.mark.parametrize(
    ("name", "device", "installed", "words"),
    [
        ("cueq", "cpu", (OPS,), "runs on cuda only, and the device is cpu"),
        ("oeq", "mps", (), "runs on cuda only"),
        ("cueq", "cuda", ("openequivariance",), "not installed: pip install cuequivariance-torch"),
        ("oeq", "cuda", (OPS,), "not installed: pip install openequivariance"),
        ("cuequ", "cuda", (), "Did you mean 'cueq'.* Known: e3nn, cueq, oeq, compile"),
    ],
)
def test_what_cannot_be_used_is_said(
    name: str, device: str, installed: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        expect(name, device, installed)


def test_an_architecture_without_back_ends() -> None:
    with pytest.raises(UsageError, match="models of ani have no choice of back ends"):
        expect_backend("ani", (), "cueq", device="cuda", installed=())


def test_tf32_needs_a_gpu_of_nvidia_and_float32() -> None:
    expect_tf32(device="cuda:0", dtype="float32")
    with pytest.raises(UsageError, match="only NVIDIA GPUs have TF32, and the device is cpu"):
        expect_tf32(device="cpu", dtype="float32")
    with pytest.raises(UsageError, match="rounds products of float32, found --dtype=float64"):
        expect_tf32(device="cuda", dtype="float64")


@pytest.mark.mace
def test_a_potential_is_not_opened_with_what_cannot_be_used(tmp_path: Path) -> None:
    pytest.importorskip("mace")
    path = pretended_mace(tmp_path / "a.model")
    for options, words in (
        (PotentialOptions(backend="cueq"), "runs on cuda only"),
        (PotentialOptions(tf32=True), "tf32=on: only NVIDIA GPUs"),
        (PotentialOptions(backend="e3nn", compiled=True), "--mlip-compile chooses"),
    ):
        with pytest.raises(UsageError, match=words):
            from_model_file(path, "mace", "a", options)
    # One model by two back ends is two entries in the cache.
    opened = [
        from_model_file(path, "mace", "a", PotentialOptions(backend=name, head=head))
        for name, head in (("", ""), ("e3nn", ""), ("compile", ""), ("", "pbe"), ("", "scan"))
    ]
    assert len({one._cache and one._cache._key for one in opened}) == 5
