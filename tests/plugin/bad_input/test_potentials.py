"""Rows of the table "Potentials"."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from ms25_suite.core.sealed import sealed_json, unseal_json
from ms25_suite.environments.own import own_spec, remember
from ms25_suite.environments.spec import environment_for
from ms25_suite.environments.store import open_environment
from ms25_suite.potentials.registry import get_architecture
from ms25_suite.potentials.workers.pool import WorkerPool
from tests.conftest import REPOSITORY
from tests.helpers.nequip_files import METADATA, checkpoint, compiled
from tests.helpers.pretended_models import pretended_mace
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Dataset = Callable[..., str]
Calc = Callable[..., str]


@pytest.fixture
def here(pytester: pytest.Pytester) -> Path:
    return Path(pytester.path)


def archive(path: Path, pickled: bytes) -> Path:
    """A file as PyTorch writes them, with a pickle of one's own."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", pickled)
    return path


@row("`--mlip` without `--dataset`, or the reverse")
@pytest.mark.parametrize("given", ["--mlip=reference", "--dataset=hea"])
def test_one_of_two_options(judge: Judge, given: str) -> None:
    option = given.partition("=")[0]
    (missing,) = {"--mlip", "--dataset"} - {option}
    assert f"{option} was given without {missing}" in judge(given).text


@row("model file that is missing, empty, or a folder")
@pytest.mark.parametrize("how", ["there is no such file", "is empty (0 bytes)", "a folder"])
def test_no_file(judge: Judge, here: Path, cuni: Path, how: str) -> None:
    if how == "a folder":
        (here / "model.pt").mkdir()
    elif "empty" in how:
        (here / "model.pt").touch()
    outcome = judge("--mlip=model.pt", f"--dataset={cuni}")
    assert "model.pt" in outcome.text
    assert how in outcome.text


@row("text file or damaged archive called `model.pt`")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"just some text\n", r"it starts with b'just some text"),
        (b"PK\x03\x04 and then nothing", r"is a damaged archive .*found 21 bytes"),
    ],
    ids=["text", "damaged"],
)
def test_no_model(judge: Judge, here: Path, cuni: Path, content: bytes, words: str) -> None:
    (here / "model.pt").write_bytes(content)
    assert re.search(words, judge("--mlip=model.pt", f"--dataset={cuni}").text)


@row("checkpoint that contains only a state dict")
@pytest.mark.mace
def test_a_state_dict(judge: Judge, cuni: Path, tiny_mace: Path) -> None:
    weights = tiny_mace.with_name("tiny_epoch-0.pt")
    text = judge(f"--mlip={weights}", f"--dataset={cuni}").text
    assert "holds weights only" in text
    assert "Give the final model file instead" in text


@row("model of an unknown architecture")
def test_an_unknown_architecture(judge: Judge, here: Path, cuni: Path) -> None:
    archive(here / "model.pt", pickle.dumps([EMT, subprocess.Popen]))
    text = judge("--mlip=model.pt", f"--dataset={cuni}").text
    assert "its pickle mentions ['ase', 'subprocess']" in text
    assert "--mlip=calc.py" in text


@row("unknown architecture in `train:ARCH`")
def test_a_misspelled_architecture(judge: Judge) -> None:
    text = judge("--mlip=train:mcae", "--dataset=hea").text
    assert "unknown architecture 'mcae'. Did you mean 'mace'?" in text


NOT_INSTALLED = (
    "architecture not installed, or its managed environment missing, incomplete or outdated"
)


@row(NOT_INSTALLED)
def test_a_package_that_is_not_installed(
    judge: Judge, here: Path, cuni: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(get_architecture("mace")), "package", "no_such_package_here")
    archive(here / "model.pt", b"cmace.modules.models\nScaleShiftMACE\n.")
    outcome = judge("--mlip=model.pt", f"--dataset={cuni}")
    assert 'Install it with: pip install "ms25-suite[mace]"' in outcome.reasons()


@row(NOT_INSTALLED)
@pytest.mark.parametrize("state", ["missing", "incomplete", "outdated"])
def test_an_environment_that_is_not_ready(
    judge: Judge, here: Path, cuni: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setenv("MS25_ENV_DIR", str(here / "environments"))
    monkeypatch.setattr(type(get_architecture("nequip")), "package", "no_such_package_here")
    environment = open_environment(environment_for("nequip"))
    if state != "missing":
        environment.python.parent.mkdir(parents=True)
        environment.python.touch()
    if state == "outdated":
        environment.complete(site_packages=str(here), base="Python")
        marker = environment.folder / "ms25-environment.json"
        values = unseal_json(marker.read_bytes(), str(marker))
        marker.write_text(sealed_json({**values, "fingerprint": "other pins"}))
    checkpoint(here / "model.ckpt", "nequip.model.NequIPGNNModel")
    outcome = judge("--mlip=model.ckpt", f"--dataset={cuni}")
    assert f"needs its managed environment, which is {state}" in outcome.reasons()
    assert "Create it with: ms25 env create nequip" in outcome.reasons()


@row(NOT_INSTALLED)
@pytest.mark.parametrize(
    ("mlip", "command"),
    [("sevennet:7net-0", "ms25 env create sevennet"), ("calc.py:env=mine", "ms25 env create mine")],
)
def test_the_environment_of_a_framework_is_not_there(
    judge: Judge, here: Path, cuni: Path, monkeypatch: pytest.MonkeyPatch, mlip: str, command: str
) -> None:
    monkeypatch.setenv("MS25_ENV_DIR", str(here / "environments"))
    remember(own_spec("mine", ["some-package"]))
    (here / "calc.py").write_text("from ase.calculators.emt import EMT\ncalculator = EMT\n")
    outcome = judge(f"--mlip={mlip}", f"--dataset={cuni}")
    assert "needs its managed environment, which is missing" in outcome.reasons()
    assert command in outcome.reasons()


@row("framework with an unknown option, a head that it has not, weights that are not there")
@pytest.mark.parametrize(
    ("mlip", "words"),
    [
        ("sevennet:7net-0:heads=mpa", "Did you mean 'head'"),
        ("chgnet:0.3.0:head=mpa", "models of CHGNet have no head"),
        ("deepmd", "deepmd:weights=FILE"),
        ("chgnet:weights=nowhere.pt", "weights=nowhere.pt"),
        ("calc.py:env=nobody", "no managed environment for 'nobody'"),
        ("calc.py:environment=mine", "calc.py:env=NAME"),
    ],
)
def test_a_framework_that_cannot_be_named_so(
    judge: Judge, here: Path, cuni: Path, mlip: str, words: str
) -> None:
    (here / "calc.py").write_text("from ase.calculators.emt import EMT\ncalculator = EMT\n")
    assert words in judge(f"--mlip={mlip}", f"--dataset={cuni}").text


@pytest.fixture
def nequip(here: Path) -> Callable[..., dict[str, str]]:
    """A nequip that can do nothing but load a compiled model, or fail at it."""

    def install(version: str = "0.19.1", load: str = "return None, None") -> dict[str, str]:
        modules = {
            "nequip/model/inference_models.py": f"def load_aotinductor_model(*_):\n    {load}\n",
            "nequip/utils/global_state.py": "def set_global_state(**_):\n    pass\n",
            f"nequip-{version}.dist-info/METADATA": "Metadata-Version: 2.1\nName: nequip\n"
            f"Version: {version}\n",
        }
        for folder in ("nequip", "nequip/model", "nequip/utils"):
            modules[f"{folder}/__init__.py"] = ""
        for name, text in modules.items():
            path = here / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return {"PYTHONPATH": str(here / "site")}

    return install


@row("nequip older than 0.17 in this environment")
def test_an_old_nequip(judge: Judge, here: Path, cuni: Path, nequip: Any) -> None:
    checkpoint(here / "model.ckpt", "nequip.model.NequIPGNNModel")
    outcome = judge("--mlip=model.ckpt", f"--dataset={cuni}", **nequip("0.16.2"))
    assert "needs nequip 0.17 or newer, and nequip 0.16.2 is installed" in outcome.reasons()
    assert "ms25 env create nequip" in outcome.reasons()


@row("`.nequip.pt2` compiled for another device, processor or PyTorch")
@pytest.mark.parametrize(
    ("metadata", "load", "words"),
    [
        (
            {"AOTI_DEVICE_KEY": "cuda"},
            "pass",
            "compiled for the device 'cuda' and cannot run on 'cpu'.*nequip-compile --device cpu",
        ),
        (
            {"AOTI_MACHINE": "alpha"},
            "pass",
            r"another processor \(alpha instead of .*\): compile it again .* with nequip-compile",
        ),
        (
            {},
            "raise RuntimeError('undefined symbol')",
            r"undefined symbol.*for the version of PyTorch that made them.*with nequip-compile",
        ),
    ],
    ids=["device", "processor", "PyTorch"],
)
def test_a_compiled_model_from_elsewhere(
    judge: Judge,
    here: Path,
    cuni: Path,
    nequip: Any,
    metadata: dict[str, str],
    load: str,
    words: str,
) -> None:
    pytest.importorskip("torch")
    compiled(here / "model.nequip.pt2", {**METADATA, **metadata})
    outcome = judge("--mlip=model.nequip.pt2", f"--dataset={cuni}", **nequip(load=load))
    assert re.search(words, outcome.reasons(), re.DOTALL)


@row("NequIP or Allegro model whose atom types are not elements")
def test_types_that_are_no_elements(judge: Judge, here: Path, cuni: Path, nequip: Any) -> None:
    pytest.importorskip("torch")
    compiled(here / "model.nequip.pt2", {**METADATA, "type_names": "Cu_surface Ni"})
    outcome = judge("--mlip=model.nequip.pt2", f"--dataset={cuni}", **nequip())
    assert "found the types Cu_surface, Ni" in outcome.reasons()
    assert "--mlip=calc.py" in outcome.reasons()


@row("elements that the potential does not support")
def test_other_elements(judge: Judge, cuni: Path, calc: Calc) -> None:
    potential = calc("pass\n    elements = ['Cu', 'Al']")
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}")
    assert "does not support Ni: it supports Al Cu, the data holds Ni Cu" in outcome.reasons()


@row("`calc.py` that cannot be imported, or defines no calculator")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_module", r'calc.py", line 1.*No module named .no_such_module'),
        ("def (", r"SyntaxError"),
        ("raise SystemExit(3)", r"SystemExit: 3"),
        ("potential = 1", r"does not define `calculator`"),
        ("calculator = 1", r"calling `calculator` of .* failed"),
        ("def calculator():\n    return 1", r"expected an ASE calculator"),
    ],
)
def test_a_file_without_calculator(
    judge: Judge, here: Path, cuni: Path, text: str, words: str
) -> None:
    (here / "calc.py").write_text(text + "\n")
    outcome = judge("--mlip=calc.py", f"--dataset={cuni}")
    assert re.search(words, outcome.reasons(), re.DOTALL), outcome.text


@row("`calc.py` that raises an exception")
def test_a_calculator_that_raises(judge: Judge, cuni: Path, calc: Calc) -> None:
    potential = calc("if Calculator.frame == 8: raise ValueError('no such luck')")
    reasons = judge(f"--mlip={potential}", f"--dataset={cuni}").reasons()
    assert "frame numbers, counted from 0: 7" in reasons
    assert re.search(r'calc.py", line \d+, in calculate.*ValueError: no such luck', reasons, re.S)


@row("option behind a model file that is not known, has no value, or is given twice")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("haed=pbe", "Did you mean 'head'"),
        ("head=", "'head=' is not one of head=NAME"),
        ("backend=cueq,backend=oeq", "backend is given twice"),
    ],
)
def test_options_of_a_file(judge: Judge, here: Path, cuni: Path, options: str, words: str) -> None:
    pretended_mace(here / "m.model")
    assert words in judge(f"--mlip=m.model:{options}", f"--dataset={cuni}").text


@row(
    "`backend=NAME` or `tf32=on` that this device or architecture has not, or that is not installed"
)
@pytest.mark.mace
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("backend=cueq", "runs on cuda only, and the device is cpu"),
        ("backend=quick", "unknown for mace. Known: e3nn, cueq, oeq, compile"),
        ("tf32=on", "only NVIDIA GPUs have TF32"),
    ],
)
def test_back_ends(judge: Judge, here: Path, cuni: Path, options: str, words: str) -> None:
    pytest.importorskip("mace")
    pretended_mace(here / "m.model")
    assert words in judge(f"--mlip=m.model:{options}", f"--dataset={cuni}").reasons()


@row("`FILE:head=NAME` of a head that the model has not")
@pytest.mark.mace
def test_no_such_head(judge: Judge, here: Path, cuni: Path, tiny_mace: Path) -> None:
    (here / "m.model").write_bytes(tiny_mace.read_bytes())
    outcome = judge("--mlip=m.model:head=pbe", f"--dataset={cuni}")
    assert "has no head 'pbe'. Its heads: Default" in outcome.reasons()


@row("several heads (MACE), none of them called Default, and none named")
@pytest.mark.mace
@pytest.mark.slow
def test_heads(judge: Judge, here: Path, cuni: Path) -> None:
    script = REPOSITORY / "tests" / "helpers" / "scripts" / "make_mace.py"
    command = [sys.executable, str(script), "two.model", "28,29", "4.0", "8", "pbe,r2scan"]
    subprocess.run(command, check=True, capture_output=True, cwd=here)
    outcome = judge("--mlip=two.model", f"--dataset={cuni}")
    assert "has the heads pbe, r2scan, and none of them is called Default" in outcome.reasons()


@row("model file that is overwritten while it is in use")
@pytest.mark.mace
@pytest.mark.usefixtures("own_cache")  # With stored predictions the model is not asked at all.
def test_an_overwritten_file(
    judge: Judge, here: Path, cuni: Path, tiny_mace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = here / "m.model"
    model.write_bytes(tiny_mace.read_bytes())
    start = WorkerPool.start

    def overwrite(pool: WorkerPool) -> Any:
        with model.open("ab") as file:
            file.write(b" ")
        return start(pool)

    monkeypatch.setattr(WorkerPool, "start", overwrite)
    outcome = judge("--mlip=m.model", f"--dataset={cuni}")
    assert "was changed while it was in use" in outcome.reasons()


@row("`--device=auto` where PyTorch finds no GPU")
def test_auto_without_a_gpu(
    judge: Judge, cuni: Path, emt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", "--device=auto")
    assert "device cpu, dtype float64" in outcome.text


@pytest.mark.slow
@row("`--dtype=float32` for total energies of thousands of eV for each atom")
@pytest.mark.mace
def test_single_precision_for_large_energies(
    judge: Judge, images: list[Atoms], dataset: Dataset, tiny_mace: Path
) -> None:
    for atoms in images:
        atoms.info["REF_energy"] -= 5000.0 * len(atoms)
    data = dataset(images)
    coarse = "threshold of 2.5 meV/atom for energy is finer than float32"
    outcome = judge(f"--mlip={tiny_mace}", f"--dataset={data}", "--dtype=float32")
    assert coarse in " ".join(outcome.text.split())
    # Forces and stresses are not that large.
    assert "for forces is finer" not in outcome.text
    outcome = judge(f"--mlip={tiny_mace}", f"--dataset={data}")
    assert "finer than float32" not in outcome.text


@row("device that does not exist")
@pytest.mark.mace
def test_a_device_that_is_not_there(judge: Judge, cuni: Path, tiny_mace: Path) -> None:
    outcome = judge(f"--mlip={tiny_mace}", f"--dataset={cuni}", "--device=cuda:63")
    assert "cuda" in outcome.reasons()
