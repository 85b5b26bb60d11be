"""Rows of the table "Options and runs"."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms

from tests.helpers.imported import import_some
from tests.helpers.killing import KILL_PYTEST
from tests.helpers.runs import left_out
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]


@row("unknown device or ensemble, negative seed, too few steps")
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--device=gpu", "expected auto, cpu, mps, cuda"),
        ("--batch-atoms=0", "--batch-atoms must be at least 1, got 0"),
        ("--md-ensembles=npt", "expected one or more of nve, nvt"),
        ("--ms25-seed=-1", "must not be negative, got -1"),
        ("--md-steps=3", "--md-steps must be at least"),
        ("--neb-steps=0", "--neb-steps must be at least 1, got 0"),
    ],
)
def test_senseless_values(judge: Judge, emt: str, option: str, words: str) -> None:
    assert words in judge(f"--mlip={emt}", "--dataset=hea", option).text


@row(
    "`--align=element`, and fewer than three training or validation frames for each element that "
    "are no test frames"
)
def test_nothing_to_align_with(judge: Judge, emt: str, cuni: Path) -> None:
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", "--align=element")
    assert "not judged: energy" in outcome.text
    assert "leave out --align" in outcome.text
    judged = {result["quantity"] for result in outcome.results if result["verdict"] == "pass"}
    assert {"forces", "stress"} <= judged


@row("`--align` that is neither `none` nor `element`")
def test_an_unknown_alignment(judge: Judge, emt: str, cuni: Path) -> None:
    text = judge(f"--mlip={emt}", f"--dataset={cuni}", "--align=elements").text
    assert "'none', 'element'" in text or "none, element" in text


@row(
    "`--data` or `MS25_DATA` that is no tier: a misspelled word, a file, an empty folder, the "
    "archive itself"
)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("publishd", "there is no folder"),
        ("file.zip", "expected a folder, found a file"),
        ("empty", "holds no cards"),
        ("raw", "import it first: `ms25 data archive"),
    ],
)
@pytest.mark.parametrize("place", ["--data", "MS25_DATA"])
def test_what_is_no_tier(
    judge: Judge, emt: str, monkeypatch: pytest.MonkeyPatch, text: str, words: str, place: str
) -> None:
    Path("file.zip").touch()
    Path("empty").mkdir()
    Path("raw/CHA/set1").mkdir(parents=True)
    Path("raw/CHA/set1/train-1000.traj").touch()
    option = [f"--data={text}"]
    if place == "MS25_DATA":
        option = []
        monkeypatch.setenv(place, text)
    said = judge(f"--mlip={emt}", "--dataset=hea", *option).text
    assert f"{place}={text}: " in said
    assert words in said
    assert "Expected mini, published, or a folder" in said


@row("published data that are not imported, or without the dataset that is named")
@pytest.mark.parametrize("imported", [(), ("cha",)], ids=["nothing", "another one"])
def test_what_was_not_imported(
    judge: Judge, emt: str, own_cache: Path, imported: tuple[str, ...]
) -> None:
    if imported:
        import_some(own_cache / "published" / "datasets", *imported)
    said = judge(f"--mlip={emt}", "--dataset=hea", "--data=published").text
    assert ("hold no hea" if imported else "are not imported") in said
    assert "ms25 data download" in said


@row("group of datasets of which some are not imported")
def test_a_group_that_was_imported_in_part(judge: Judge, own_cache: Path) -> None:
    import_some(own_cache / "published" / "datasets", "lta")
    arguments = ("--mlip=ase.calculators.lj:LennardJones", "--dataset=zeolites")
    outcome = judge(*arguments, "--data=published", "-k", "forces")
    assert {result["test_dataset"] for result in outcome.results} == {"lta"}
    assert {result["tier"] for result in outcome.results} == {"published"}
    words = "nothing is judged on cha, fau, mfi and bea, which the imported data lack"
    assert outcome.text.count(words) == 2
    assert "stand-in" not in outcome.text


@row("invalid thresholds, in a file or a card")
@pytest.mark.parametrize("place", ["file", "card"])
@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("value = -3", "positive number, found -3"),
        ("value = nan", "found nan"),
        ("value = 3\nunit = 'eV'", "is for the mae in 'eV', expected the mae in 'meV/atom'"),
        ("value = 3\nmetric = 'max'", "is for the max in 'meV/atom'"),
        ("limit = 3", "value"),
    ],
)
def test_invalid_thresholds(
    judge: Judge,
    images: list[Atoms],
    dataset: Dataset,
    emt: str,
    place: str,
    entry: str,
    words: str,
) -> None:
    if place == "card":
        frames, options = dataset(images, f"[thresholds.energy]\n{entry}\n"), ()
        table = "thresholds.energy"
    else:
        lines = {"unit": "'meV/atom'", "metric": "'mae'", "source": "'me'"}
        lines |= dict(line.split(" = ") for line in entry.split("\n"))
        text = "\n".join(f"{key} = {value}" for key, value in lines.items())
        Path("mine.toml").write_text(f"[error_thresholds.standard.energy]\n{text}\n")
        frames, options = dataset(images), ("--ms25-thresholds=mine.toml",)
        table = "error_thresholds.standard.energy"
    text = judge(f"--mlip={emt}", f"--dataset={frames}", *options).text
    assert words in text
    assert table in text


@row("report folder that cannot be written")
def test_a_folder_that_cannot_be_written(judge: Judge, emt: str, cuni: Path) -> None:
    Path("file").touch()
    text = judge(f"--mlip={emt}", f"--dataset={cuni}", "--report-dir=file/reports").text
    assert "--report-dir=file/reports: cannot write there" in text
    assert "Choose another folder" in text


THEIR_OPTIONS = """
def pytest_addoption(parser):
    for name in {names}:
        parser.addoption(name)
"""


@row("`--device`, `--workers` … are options of a conftest.py or of another plugin")
def test_options_of_the_project(
    pytester: pytest.Pytester, judge: Judge, emt: str, cuni: Path
) -> None:
    pytester.makeconftest(THEIR_OPTIONS.format(names=["--device", "--workers"]))
    own = (f"--mlip={emt}", f"--dataset={cuni}", "--ms25-workers=2")
    outcome = judge(*own, "--device=tpu", "--workers=many", plain=True)
    assert "write --ms25-device, --ms25-workers" in outcome.text
    assert "device cpu, dtype float64, seed 0, workers 2" in outcome.text
    assert outcome.verdicts == {"pass"}


@row("`--mlip` or `--dataset` is such an option")
@pytest.mark.parametrize("name", ["mlip", "dataset"])
def test_the_main_options_of_the_project(
    pytester: pytest.Pytester, judge: Judge, emt: str, cuni: Path, name: str
) -> None:
    pytester.makeconftest(THEIR_OPTIONS.format(names=[f"--{name}"]))
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", plain=True)
    assert f"write --ms25-{name}=" in outcome.text


THEIR_FIXTURES = """
import pytest

@pytest.fixture(scope="session")
def dataset():
    return "theirs"

@pytest.fixture(scope="session")
def potential():
    raise RuntimeError("the fixture of the project was called")
"""


@row("fixtures of a project called `dataset`, `potential` …")
def test_fixtures_of_the_project(
    pytester: pytest.Pytester, judge: Judge, emt: str, cuni: Path
) -> None:
    pytester.makeconftest(THEIR_FIXTURES)
    pytester.makepyfile(test_own="def test_own(dataset): assert dataset == 'theirs'")
    paths = ("--pyargs", "ms25_suite.checks", "test_own.py")
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", *paths, plain=True)
    assert outcome.verdicts == {"pass"}
    assert "4 passed" in outcome.text


@row("conftest.py or ini file of the folder that fails, or disturbs the checks")
def test_settings_of_the_project(
    pytester: pytest.Pytester, judge: Judge, emt: str, cuni: Path
) -> None:
    pytester.makeconftest("import no_such_module")
    pytester.makeini("[pytest]\naddopts = --no-such-option")
    # A variable, whatever it is, makes this the command `ms25`.
    outcome = judge(f"--mlip={emt}", f"--dataset={cuni}", MS25_TEST="1")
    assert outcome.verdicts == {"pass"}


@row(
    "files in the folder that are called like modules (`numpy.py`, `secrets.py`, "
    "also `--mlip=mace.py`)"
)
def test_files_called_like_modules(
    pytester: pytest.Pytester, judge: Judge, calc: Calc, cuni: Path
) -> None:
    for name in ("numpy", "secrets", "torch"):
        (pytester.path / f"{name}.py").write_text("raise RuntimeError('was imported')")
    outcome = judge(f"--mlip={calc(name='mace')}", f"--dataset={cuni}", plain=True)
    assert outcome.verdicts == {"pass"}


@pytest.mark.usefixtures("asked_by_default")
@row("check that does not apply to the dataset or the potential")
def test_a_check_that_does_not_apply(judge: Judge, emt: str, cuni: Path) -> None:
    arguments = (f"--mlip={emt}", f"--dataset={cuni}")
    outcome = judge(*arguments)
    assert {"training_rate", "size_extensivity"} <= left_out(outcome.text)
    assert outcome.verdicts == {"pass"}
    outcome = judge(*arguments, "-m", "eos or error_thresholds")
    (skipped,) = [r for r in outcome.results if r["verdict"] == "skip"]
    assert skipped["reason"].startswith("cuni has no curves of an equation of state")


@row("pytest or its terminal killed in the middle of a run")
def test_a_killed_run(
    judge: Judge,
    ms25: Callable[..., Outcome],
    cuni: Path,
    calc: Calc,
    lennard_jones: Callable[..., dict[str, str]],
    model: str,
) -> None:
    """The results so far become a report; what was predicted is not predicted again."""
    killer = calc(KILL_PYTEST, name="killer")
    arguments = (f"--mlip={model}", f"--mlip={killer}", f"--dataset={cuni}")
    outcome = judge(*arguments, **lennard_jones())
    assert outcome.code == -signal.SIGKILL
    (journal,) = Path("reports").glob("journal-*.jsonl")
    ms25("report", journal, "--out", "again", code=0)
    results = json.loads(Path("again/results.json").read_text())["results"]
    assert {r["potential"] for r in results} == {"model"}
    # A model that can predict nothing any more.
    broken = lennard_jones(evaluate="raise ValueError('computed again')")
    outcome = judge(f"--mlip={model}", f"--dataset={cuni}", check=False, **broken)
    assert "error" not in outcome.verdicts, outcome.reasons()


@row("`--ms25-allow-skip` of what nothing is called, or without a dataset after the colon")
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ms25-allow-skip=force", "Did you mean 'forces'"),
        ("--ms25-allow-skip=eos.volum", "Did you mean 'volume'"),
        ("--ms25-allow-skip=stress:", "expected the name of a dataset after the colon"),
    ],
)
def test_an_unknown_skip(judge: Judge, emt: str, cuni: Path, option: str, words: str) -> None:
    assert words in judge(f"--mlip={emt}", f"--dataset={cuni}", option).text
