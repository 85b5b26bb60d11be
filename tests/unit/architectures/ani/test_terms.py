"""The compiled features of ANI against those of TorchANI."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.architectures.ani.file import (
    AniConfig,
    build_network,
    expect_no_extensions,
    write_network,
)
from ms25_suite.architectures.ani.model import AniModel, TorchaniArchitecture
from ms25_suite.architectures.ani.terms import AniTerms
from ms25_suite.architectures.testing import standard_frames
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.base import Graph
from ms25_suite.potentials.batching.graphs import build_graph
from tests.helpers.tiny_ani import tiny_network

pytestmark = pytest.mark.ani
expect_no_extensions()
pytest.importorskip("torchani")
pytest.importorskip("numba")

ANI_1X = AniConfig(("Ni", "Cu", "Fe"), radial_cutoff=5.2, angular_cutoff=3.5, hidden=(12, 6))
ANI_2X = replace(
    ANI_1X,
    radial_cutoff=5.1,
    angular_shifts=8,
    angular_sections=4,
    radial_eta=19.7,
    angular_eta=12.5,
    angular_zeta=14.1,
)


def load(folder: Path, config: AniConfig, dtype: str = "float64") -> AniModel:
    path = folder / "tiny.pt"
    write_network(path, tiny_network(config), config)
    return TorchaniArchitecture().load(path, device="cpu", dtype=dtype)


def agree(model: AniModel, graph: Graph) -> None:
    assert model._terms is not None
    energy, gradient = model.evaluate(graph)
    model._terms = None
    by_torchani, by_pair = model.evaluate(graph)
    np.testing.assert_allclose(energy, by_torchani, rtol=1e-13, atol=1e-12)

    def forces(slopes: np.ndarray) -> np.ndarray:
        found = np.zeros((len(graph.numbers), 3))
        np.add.at(found, graph.senders, slopes)
        np.subtract.at(found, graph.receivers, slopes)
        return found

    # TorchANI knows pairs, not edges: forces and the virial are what both have.
    np.testing.assert_allclose(forces(gradient), forces(by_pair), rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        graph.vectors.T @ gradient, graph.vectors.T @ by_pair, rtol=0, atol=1e-11
    )


@pytest.mark.parametrize("config", [ANI_1X, ANI_2X], ids=["1x", "2x"])
def test_a_mixed_batch(config: AniConfig, tmp_path: Path) -> None:
    images = standard_frames(("Ni", "Cu"))
    graph = build_graph(Frames.from_atoms(images.values()), config.radial_cutoff)
    agree(load(tmp_path, config), graph)


@pytest.mark.parametrize(
    "distances", [[], [2.2], [4.4], [3.5], [2.0, 2.0]], ids=["none", "pair", "far", "at", "line"]
)
def test_few_atoms(distances: list[float], tmp_path: Path) -> None:
    """No pair, a pair, a pair that takes part in no triple, and a triple on a straight line."""
    x = np.cumsum([0.0, *distances])
    atoms = Atoms(f"Ni{len(x)}", positions=np.outer(x, [1.0, 0.0, 0.0]))
    agree(load(tmp_path, ANI_1X), build_graph(Frames.from_atoms([atoms]), 5.2))


def test_edges_beyond_the_cutoff_count_nothing(tmp_path: Path) -> None:
    """As TorchANI drops them: a neighbour list may hold a little more."""
    frames = Frames.from_atoms([standard_frames(("Ni", "Cu"))["triclinic"]])
    model = load(tmp_path, ANI_1X)
    energy, _ = model.evaluate(build_graph(frames, 5.2))
    more, gradient = model.evaluate(build_graph(frames, 6.5))
    np.testing.assert_allclose(more, energy, rtol=1e-14)
    far = np.linalg.norm(build_graph(frames, 6.5).vectors, axis=1) > 5.2
    assert far.any()
    np.testing.assert_array_equal(gradient[far], 0.0)


@pytest.mark.parametrize(
    "changed", [{"cutoff_fn": "smooth"}, {"dtype": "float32"}, {"angular_zeta": 0.5}]
)
def test_other_terms_and_single_precision_are_left_to_torchani(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    config = replace(ANI_1X, **changed)
    model = load(tmp_path, config, dtype=changed.get("dtype", "float64"))
    assert model._terms is None
    energy, _ = model.evaluate(build_graph(Frames.from_atoms([Atoms("Ni")]), 5.2))
    assert np.isfinite(energy).all()


def test_without_numba_torchani_does_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ms25_suite.architectures.ani.terms.find_spec", lambda name: None)
    assert load(tmp_path, ANI_1X)._terms is None
    assert not AniTerms.supports(build_network(ANI_1X).aev_computer)
