"""Rows of the table "Download, import, build" on the formats of others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read

from tests.helpers.vasp_samples import outcar, vasprun
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row
from tests.unit.datasets.formats import test_deepmd, test_mtp, test_npz, test_pymatgen_json

Refuses = Callable[..., str]


@pytest.fixture
def refuses(ms25: Callable[..., Outcome]) -> Refuses:
    """The message of an import that writes nothing."""

    def run(source: object, *options: str) -> str:
        said = ms25("data", "import", source, "--out", "out.extxyz", *options).text
        assert not list(Path().glob("out.*"))
        return said

    return run


REACHED, NOT_REACHED = "aborting loop because EDIFF is reached", "EDIFF was not reached"

UNCONVERGED = (
    "OUTCAR, vasprun.xml, output of CP2K or another program with calculations that did not "
    "converge, also `.gz`"
)


@row(UNCONVERGED)
@pytest.mark.parametrize("name", ["OUTCAR", "OUTCAR.gz", "vasprun.xml", "vasprun.xml.gz"])
def test_calculations_that_did_not_converge(
    refuses: Refuses, ms25: Callable[..., Outcome], name: str
) -> None:
    text = (
        outcar([REACHED, f"aborting loop {NOT_REACHED} (unconverged)", REACHED])
        if "OUTCAR" in name
        else vasprun([2, 3, 2], nelm=3)
    )
    content = text.encode()
    Path(name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    said = refuses(name)
    assert "1 of 3 frames did not converge: frame 1" in said
    assert "--keep-unconverged" in said
    ms25("data", "import", name, "--out", "out.extxyz", "--keep-unconverged", code=0)
    marks = [atoms.info.get("converged", True) for atoms in read("out.extxyz", ":")]
    assert marks == [True, False, True]


@row(
    "`.npz` of MD17 or rMD17, or with other names than those of Si-ZEO22, that does not state its "
    "units"
)
@pytest.mark.parametrize("names", [test_npz.MD17, test_npz.RMD17], ids=["MD17", "rMD17"])
def test_archives_without_units(refuses: Refuses, names: dict[str, str]) -> None:
    assert "--units" in refuses(test_npz.renamed(Path(), names))


@row("`.npz` without labels, or whose arrays do not fit together")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"energies": None, "forces": None}, "no labels"),
        ({"forces": np.zeros((5, 3, 3))}, "`forces` must have shape (6, 3, 3)"),
    ],
)
def test_arrays_that_are_no_data(refuses: Refuses, changes: dict[str, Any], words: str) -> None:
    assert words in refuses(test_npz.npz(Path(), **changes))


@pytest.fixture
def cfg() -> str:
    """Three configurations of two types."""
    return "".join(map(test_mtp.configuration, test_mtp.alloy()))


@row("`.cfg` of MLIP without `--species`, or with too few")
@pytest.mark.parametrize("options", [(), ("--species", "Au")])
def test_types_without_elements(refuses: Refuses, cfg: str, options: tuple[str, ...]) -> None:
    said = refuses(test_mtp.cfg(Path(), cfg), *options)
    assert "0 to 1" in said
    assert "--species" in said


@row("`.cfg` of MLIP that is cut off")
def test_configurations_that_are_cut_off(refuses: Refuses, cfg: str) -> None:
    path = test_mtp.cfg(Path(), cfg.rsplit("END_CFG", 1)[0])
    said = refuses(path, "--species", "Au", "Cu")
    assert "3" in said
    assert "2" in said
    assert "cut off" in said


@row("folder of DeePMD-kit that is incomplete")
def test_a_folder_that_is_incomplete(refuses: Refuses) -> None:
    pytest.importorskip("dpdata")
    folder = test_deepmd.folder(Path())
    (folder / "set.000" / "energy.npy").unlink()
    assert "energy.npy" in refuses(folder)


@row("any other folder")
def test_any_other_folder(refuses: Refuses) -> None:
    Path("folder").mkdir()
    Path("folder/notes.txt").write_text("x")
    said = refuses("folder")
    assert "is a folder" in said
    assert "notes.txt" in said


@row("JSON of pymatgen with a stress whose unit is not known, or with disordered structures")
@pytest.mark.parametrize(
    ("wrong", "words"), [("stress", "stress"), ("disorder", "structure 1 is not a structure")]
)
def test_structures_that_are_no_frames(refuses: Refuses, wrong: str, words: str) -> None:
    content = []
    for atoms in test_pymatgen_json.images():
        structure = test_pymatgen_json.structure(atoms)
        entry = {"structure": structure, **test_pymatgen_json.labels(atoms, "energy", "forces")}
        content.append(entry)
    if wrong == "stress":
        content[1]["stress"] = test_pymatgen_json.vasp_stress(test_pymatgen_json.images()[1])
    else:
        content[1]["structure"]["sites"][0]["species"] = [
            {"element": "Cu", "occu": 0.5},
            {"element": "Ni", "occu": 0.5},
        ]
    Path("x.json").write_text(json.dumps(content))
    said = refuses("x.json")
    assert words in said


@row("`--units` for a format that fixes its units, for some labels only, or with an unknown unit")
@pytest.mark.parametrize(
    ("source", "units"),
    [
        ("OUTCAR", ["energy=Hartree", "forces=Hartree/Bohr"]),
        ("x.npz", ["energy=kcal/mol"]),
        ("x.npz", ["energy=furlong", "forces=eV/Å"]),
    ],
    ids=["fixed", "some", "unknown"],
)
def test_units_that_say_too_little(refuses: Refuses, source: str, units: list[str]) -> None:
    Path("OUTCAR").write_text(outcar([REACHED]))
    test_npz.renamed(Path(), test_npz.MD17)
    assert "unit" in refuses(source, "--units", *units)


@row(
    "`ms25 data import` with a split that the frames do not allow, `--sets` above 1000, or a "
    "`--name` that no card may have"
)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--n-train", "31"), "needs train = 31, validation = 0, but there are"),
        (("--n-train", "3", "--sets", "1000000"), "expected at most 1000 for sets, got 1000000"),
        (("--name", "../../x"), "printable characters without /"),
    ],
    ids=["split", "sets", "name"],
)
def test_cards_that_would_be_unusable(
    refuses: Refuses, cuni: Path, options: tuple[str, ...], words: str
) -> None:
    assert words in refuses(cuni, *options)


@row(
    "`ms25 data import --out` that is the source itself or its card, by another spelling or a link "
    "too, also with `--overwrite`"
)
@pytest.mark.parametrize("out", ["x.extxyz", "./sub/../x.extxyz", "link.extxyz", "x.extxyz.xz"])
@pytest.mark.parametrize("options", [(), ("--overwrite",)], ids=["", "overwrite"])
def test_a_source_that_would_be_replaced(
    ms25: Callable[..., Outcome], cuni: Path, out: str, options: tuple[str, ...]
) -> None:
    source = Path("x.extxyz")
    source.write_bytes(cuni.read_bytes())
    Path("x.toml").write_text('files = "x.extxyz"')
    Path("link.extxyz").symlink_to(source)
    Path("sub").mkdir()
    said = ms25("data", "import", source, "--out", out, *options).text
    assert "replaced: name another file with --out" in " ".join(said.split())
    assert source.read_bytes() == cuni.read_bytes()
    assert Path("x.toml").read_text() == 'files = "x.extxyz"'
    assert not Path("x.extxyz.xz").exists()


@row("`ms25 data import --out` with a name that is not UTF-8")
def test_a_name_that_is_not_utf8(ms25: Callable[..., Outcome], cuni: Path) -> None:
    said = ms25("data", "import", cuni, "--out", "x\udcff.extxyz").text
    assert "UTF-8" in said
    assert not list(Path().glob("x*"))
