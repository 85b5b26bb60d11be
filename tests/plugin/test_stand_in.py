"""Stand-in labels judge only what learned them; for anything else they are no verdict."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.sealed import sealed_json
from ms25_suite.plugin.outcome import NOT_RUN

Calc = Callable[..., str]
Document = Callable[..., dict[str, Any]]

CARD = """
level_of_theory = "EMT"
paper_level_of_theory = "PBE"
stand_in = true
reference_calculator = "ase.calculators.emt:EMT"
[splits]
train = 12
validation = 3
test = 15
"""

BROKEN = "results['forces'] = results['forces'] * 1.5"
BLIND = """
        results['energy'] = -3.0 * len(self.atoms)
        results['forces'] = 0.0 * results['forces']
        results['stress'] = 0.0 * results['stress']
"""


@pytest.fixture
def data(pytester: pytest.Pytester, cuni_images: list[Atoms]) -> str:
    """Labels of EMT that stand in for others; returns what goes after --dataset=."""
    write(pytester.path / "data.extxyz", cuni_images)
    (pytester.path / "data.toml").write_text(CARD)
    return "data.toml"


def _verdicts(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (result["criterion"], result["quantity"]): result["verdict"]
        for result in document["results"]
        if result["verdict"] is not None
    }


def test_a_potential_of_unknown_origin_neither_passes_nor_fails(
    pytester: pytest.Pytester, data: str, calc: Calc, document: Document
) -> None:
    """Energies and stresses would pass, and forces fail."""
    arguments = (f"--dataset={data}", "--junit-xml=junit.xml")
    done = pytester.runpytest(f"--mlip={calc(BROKEN)}", *arguments)
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    found = document()
    assert set(_verdicts(found).values()) == {"incomparable"}
    assert {result["incomparable"] for result in found["results"]} == {True}
    assert found["run"]["exit_status"] == 5
    energy = next(result for result in found["results"] if result["metric"] == "mae")
    # The number and its threshold stay.
    assert (energy["value"] is not None, energy["threshold"]) == (True, 2.5)
    assert energy["reason"].startswith("two levels of theory: the labels of data are of EMT")
    text = done.stdout.str()
    assert "3 incomparable" in text
    assert "passed" not in text
    # What it means is said before any number, in the header and above the table.
    notice = "≠ two levels of theory: calc on data. The labels are of EMT, a stand-in for the"
    assert text.count(notice) == 2
    assert text.index(notice) < text.index("test_error_thresholds.py")
    assert text.rindex(notice) < text.index("95 % interval")
    for words in ("paper's PBE; what calc learned is", "-m stability", "--data=published"):
        assert words in " ".join(text.split())
    done.stdout.fnmatch_lines(
        [
            "*energy*≠ incomparable*",
            "*forces*≠*measured*",
            "nothing was judged: every number compares two levels*",
        ]
    )
    # And in every other file.
    page = Path("reports/report.html").read_text(encoding="utf-8")
    assert page.index("≠ two levels of theory") < page.index("</header>")
    assert 'class="banner v-incomparable"' in page
    table = Path("reports/results.csv").read_text(encoding="utf-8")
    row = next(csv.DictReader(io.StringIO(table)))
    assert (row["verdict"], row["incomparable"]) == ("incomparable", "true")
    suite = ElementTree.parse("junit.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("skipped"), suite.get("tests")) == ("0", "3", "3")
    skipped = suite.find("testcase/skipped")
    assert skipped is not None
    assert "incomparable: two levels of theory" in str(skipped.get("message"))
    flag = suite.find("testcase/properties/property[@name='ms25.incomparable']")
    assert flag is not None
    assert flag.get("value") == "true"


@pytest.mark.usefixtures("no_drawing")
def test_the_user_can_let_it_count(
    pytester: pytest.Pytester, data: str, calc: Calc, document: Document
) -> None:
    done = pytester.runpytest(f"--mlip={calc(BROKEN)}", f"--dataset={data}", "--stand-in=gate")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = document()
    assert _verdicts(found)["error_thresholds", "forces"] == "fail"
    assert _verdicts(found)["error_thresholds", "energy"] == "pass"
    # The mark stays, and so does the explanation.
    assert {result["incomparable"] for result in found["results"]} == {True}
    done.stdout.fnmatch_lines(["  compared:   two levels of theory*", "*forces*≠*✗ fail*"])
    assert "They are judged all the same" in " ".join(done.stdout.str().split())


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize("mlip", ["reference", "baseline:mean"])
def test_what_is_made_of_the_labels_is_judged(
    pytester: pytest.Pytester, data: str, document: Document, mlip: str
) -> None:
    done = pytester.runpytest(f"--mlip={mlip}", f"--dataset={data}")
    verdicts = set(_verdicts(document()).values())
    assert verdicts == ({"pass"} if mlip == "reference" else {"fail"})
    assert done.ret == (mlip != "reference")
    assert "two levels of theory" not in done.stdout.str()


@pytest.mark.usefixtures("no_drawing")
def test_what_needs_no_labels_counts(
    pytester: pytest.Pytester, data: str, calc: Calc, document: Document
) -> None:
    chosen = ("-m", "error_thresholds or size_extensivity")
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={data}", *chosen)
    assert done.ret == pytest.ExitCode.OK
    verdicts = _verdicts(document())
    assert verdicts["size_extensivity", "supercell_energy"] == "pass"
    assert verdicts["error_thresholds", "energy"] == "incomparable"
    done.stdout.fnmatch_lines(["not counted: * numbers of two levels of theory (calc on data)"])
    # A defect that needs no labels fails the run, whatever the level of theory.
    wrong = calc("results['energy'] += 0.3 * (len(self.atoms) > 16)")
    done = pytester.runpytest(f"--mlip={wrong}", f"--dataset={data}", *chosen)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert _verdicts(document())["size_extensivity", "supercell_energy"] == "fail"


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.parametrize(
    ("body", "verdict", "words"),
    [
        (BLIND, "fail", "does not respond to the structure"),
        ("raise ValueError('no such luck')", "error", "no such luck"),
    ],
    ids=["constant", "crash"],
)
def test_what_is_wrong_at_every_level_of_theory_fails(
    pytester: pytest.Pytester,
    data: str,
    calc: Calc,
    document: Document,
    body: str,
    verdict: str,
    words: str,
) -> None:
    done = pytester.runpytest(f"--mlip={calc(body)}", f"--dataset={data}")
    assert done.ret == (NOT_RUN if verdict == "error" else pytest.ExitCode.TESTS_FAILED)
    found = document()
    assert set(_verdicts(found).values()) == {verdict}
    assert words in found["results"][0]["reason"]


@pytest.mark.usefixtures("no_drawing")
@pytest.mark.slow
def test_a_process_of_xdist_says_the_same(
    pytester: pytest.Pytester, data: str, calc: Calc, document: Document
) -> None:
    done = pytester.runpytest_subprocess(f"--mlip={calc()}", f"--dataset={data}", "-n1")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert set(_verdicts(document()).values()) == {"incomparable"}
    done.stdout.fnmatch_lines(["*3 incomparable*"])


@pytest.mark.usefixtures("no_drawing")
def test_potentials_are_told_apart(
    pytester: pytest.Pytester, data: str, calc: Calc, document: Document
) -> None:
    """The reference counts, and the page marks the other one alone."""
    done = pytester.runpytest("--mlip=reference", f"--mlip={calc()}", f"--dataset={data}")
    assert done.ret == pytest.ExitCode.OK
    marks = {(r["potential"], r["incomparable"]) for r in document()["results"]}
    assert marks == {("reference", False), ("calc", True)}
    done.stdout.fnmatch_lines(["not counted: * numbers of two levels of theory (calc on data)"])


@pytest.mark.mace
@pytest.mark.usefixtures("no_drawing")
def test_a_sidecar_says_what_a_model_learned(
    pytester: pytest.Pytester, data: str, document: Document, tiny_mace: Path
) -> None:
    for name, level in {"EMT": "EMT", "PBE": "PBE", "open": "EMT"}.items():
        model = Path(shutil.copy(tiny_mace, f"{name}.model"))
        manifest = {
            "schema": 1,
            "curve": {},
            "model": {"sha256": file_sha256(model)},
            "data": {"name": "other", "sha256": "ab" * 32, "level_of_theory": level},
        }
        # Anybody can write a sidecar: without a checksum, what it says opens no gate.
        text = json.dumps(manifest) if name == "open" else sealed_json(manifest)
        Path(f"{name}.model.json").write_text(text)
    mlips = ("--mlip=EMT.model", "--mlip=PBE.model", "--mlip=open.model")
    done = pytester.runpytest(*mlips, f"--dataset={data}", "-k", "forces")
    verdicts = {r["potential"]: r["verdict"] for r in document()["results"] if r["metric"] == "mae"}
    # Untrained: where it is judged, it fails.
    assert verdicts == {"EMT": "fail", "PBE": "incomparable", "open": "incomparable"}
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    text = " ".join(done.stdout.str().split())
    assert "PBE on data. The labels are of EMT" in text
    assert "PBE learned PBE" in text
    assert "EMT on data. The labels" not in text
    assert text.count("what open learned is unknown") == 2
    assert "nothing says that open learned them (its sidecar has no checksum" in text
