"""How fast predictions are, against what people would do without the suite.

Not part of the tests: run `make benchmark` on an idle machine and compare within one run. The
numbers in parentheses are ratios to the fastest.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.core.frames import Frames
from ms25_suite.datasets import open_dataset
from ms25_suite.potentials.batching.graphs import build_graph
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions

pytestmark = pytest.mark.filterwarnings("ignore")

N_FRAMES = 100
BATCH_FRAMES = 4
R_MAX = 5.0
Run = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def frames() -> Frames:
    return open_dataset("hea").frames.select(range(N_FRAMES))


@pytest.fixture(scope="module")
def images(frames: Frames) -> list[Atoms]:
    return [frames.atoms(index) for index in range(len(frames))]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As large as a model of the smoke budget."""
    path = tmp_path_factory.mktemp("model") / "benchmark.model"
    script = Path(__file__).parents[1] / "helpers" / "scripts" / "make_mace.py"
    command = [sys.executable, str(script), str(path), "24,26,27,28,29", str(R_MAX), "24"]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mace.calculators  # noqa: F401
        import torch
    torch.set_num_threads(1)
    torch._C._jit_set_texpr_fuser_enabled(False)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def run(benchmark: Any) -> Run:
    def timed(function: Callable[[], Any]) -> Any:
        return benchmark.pedantic(function, rounds=3, warmup_rounds=1)

    return timed


@pytest.mark.benchmark(group="100 frames of 108 atoms")
def test_ase_loop(run: Run, model_file: Path, images: list[Atoms]) -> None:
    from mace.calculators import MACECalculator

    calculator = MACECalculator(model_paths=str(model_file), device="cpu", default_dtype="float64")

    def loop() -> None:
        for atoms in images:
            calculator.calculate(atoms, ["energy", "forces", "stress"])

    run(loop)


@pytest.mark.benchmark(group="100 frames of 108 atoms")
def test_raw_forward_on_prebuilt_batches(run: Run, model_file: Path, images: list[Atoms]) -> None:
    import torch
    from mace import data
    from mace.tools import AtomicNumberTable, torch_geometric

    torch.set_default_dtype(torch.float64)
    model = torch.load(model_file, weights_only=False).double()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    table = AtomicNumberTable([int(z) for z in model.atomic_numbers])
    graphs = [
        data.AtomicData.from_config(data.config_from_atoms(atoms), z_table=table, cutoff=R_MAX)
        for atoms in images
    ]
    loader = torch_geometric.dataloader.DataLoader(graphs, batch_size=BATCH_FRAMES, shuffle=False)
    batches = [batch.to_dict() for batch in loader]

    def forward() -> None:
        for batch in batches:
            model(dict(batch), compute_stress=True)

    run(forward)


@pytest.mark.benchmark(group="100 frames of 108 atoms")
@pytest.mark.parametrize("n_workers", [1, 2])
def test_predict(run: Run, model_file: Path, frames: Frames, n_workers: int) -> None:
    options = PotentialOptions(n_workers=n_workers, use_cache=False)
    potential = from_model_file(model_file, "mace", "benchmark", options)
    potential.info()
    run(lambda: potential.predict(frames))
    potential.close()


@pytest.mark.benchmark(group="100 frames of 108 atoms")
def test_mace_eval_configs(
    benchmark: Any, model_file: Path, images: list[Atoms], tmp_path: Path
) -> None:
    """A program of its own: most of its time is the import of MACE."""
    write(tmp_path / "frames.xyz", images)
    command = [str(Path(sys.executable).parent / "mace_eval_configs"), "--compute_stress"]
    command += [f"--configs={tmp_path / 'frames.xyz'}", f"--model={model_file}"]
    command += [f"--output={tmp_path / 'out.xyz'}", "--default_dtype=float64"]
    command += [f"--batch_size={BATCH_FRAMES}"]
    environment = {"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True, env=environment), rounds=1
    )


@pytest.mark.benchmark(group="parts of a prediction")
def test_neighbour_lists(run: Run, frames: Frames) -> None:
    graph = run(lambda: build_graph(frames, R_MAX))
    assert np.all(np.linalg.norm(graph.vectors, axis=1) <= R_MAX)


@pytest.mark.benchmark(group="start of a foreign pytest session")
def test_import_of_the_sleeping_plugin(benchmark: Any) -> None:
    """In a fresh interpreter that has pytest: what every session of the environment pays."""
    code = (
        "import pytest, time; start = time.perf_counter(); import ms25_suite.plugin;"
        "print(time.perf_counter() - start)"
    )

    def measure() -> float:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return float(done.stdout)

    seconds = [measure() for _ in range(10)]
    benchmark.extra_info["import_s"] = float(np.median(seconds))
    benchmark.pedantic(measure, rounds=3)
    print(f"\nimport of the plugin: {1000 * np.median(seconds):.2f} ms")
