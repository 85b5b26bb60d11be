"""`ms25_suite.judge` gives what pytest records, wherever it is called from."""

from __future__ import annotations

import doctest
import gc
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from ase.io import read, write

import ms25_suite as ms
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import UsageError
from ms25_suite.core.results import CheckResult, Verdict
from tests.conftest import REPOSITORY

CALCULATOR = "ase.calculators.emt:EMT"

judge = partial(ms.judge, criteria="error_thresholds")

DIFFERENT = {"duration_s", "potential", "architecture", "artifact"}
"""What tells runs apart, and a calculator object from its code."""


class Failing(EMT):  # type: ignore[misc]
    """It fails for every frame."""

    def calculate(self, *arguments: Any, **options: Any) -> None:
        raise ValueError("no such luck")


class Noisy(EMT):  # type: ignore[misc]
    """Forces are 10 % too large. It cannot be pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.threads: set[int] = set()
        self.processes: set[int] = set()

    def calculate(self, *arguments: Any, **options: Any) -> None:
        super().calculate(*arguments, **options)
        self.threads.add(threading.get_ident())
        self.processes.add(os.getpid())
        self.results["forces"] = self.results["forces"] * 1.1


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written into the repository, and no conftest.py of it is used."""
    monkeypatch.chdir(tmp_path)


def numbers(results: Any) -> list[dict[str, Any]]:
    records = [each.to_dict() if isinstance(each, CheckResult) else each for each in results]
    return [{key: each[key] for key in each if key not in DIFFERENT} for each in records]


def test_a_command_and_a_call_give_the_same(cuni: Path, tmp_path: Path) -> None:
    """From results.json, but for times."""
    options = [f"--mlip={CALCULATOR}", f"--dataset={cuni}", "--ms25-seed=4", "--report-dir=command"]
    command = [sys.executable, "-m", "ms25_suite", *options, "-m", "error_thresholds"]
    subprocess.run(command, check=True, capture_output=True)
    results = judge(
        CALCULATOR, cuni, seed=4, criteria="error_thresholds", report_dir=tmp_path / "call"
    )
    assert results.passed
    first, second = (
        json.loads((tmp_path / name / "results.json").read_text()) for name in ("command", "call")
    )
    for document in (first, second):
        for result in document["results"]:
            del result["duration_s"]
        for key in ("id", "started", "finished", "command"):
            del document["run"][key]
        document["run"]["machine"] = document["run"]["packages"] = None
    assert first == second
    assert numbers(results) == numbers(second["results"])
    assert all(Path(each.artifact).is_file() for each in results if each.artifact)
    # Called again with the same folder, it does not take the old results for new ones.
    with pytest.raises(UsageError, match="there is no such file"):
        judge("no.model", cuni, report_dir=tmp_path / "call")


@pytest.mark.slow
def test_objects_give_the_same_as_files(cuni: Path) -> None:
    """A calculator object, and frames that were read, against their files."""
    results = judge([EMT(), CALCULATOR], [read(cuni, ":"), cuni])
    labels = {"frames", "cuni"}
    assert {each.dataset for each in results} == labels
    by_name = {
        (potential, dataset): numbers(results.where(potential=potential, dataset=dataset))
        for potential in ("EMT", "ase.calculators.emt.EMT")
        for dataset in labels
    }
    for found in by_name.values():
        for each in found:
            del each["dataset"], each["test_dataset"]
    assert len(by_name["EMT", "cuni"]) >= 6
    first, *others = by_name.values()
    assert all(found == first for found in others)
    (entry,) = [each for each in results.run.potentials if each.name == "EMT"]
    assert (entry.spec, entry.sha256, entry.path) == ("object:EMT", "", "")


def test_a_calculator_object_is_used_where_it_is(cuni: Path) -> None:
    """Also one that no other process could get, and in a thread."""
    noisy, found = Noisy(), []
    thread = threading.Thread(target=lambda: found.append(judge(noisy, cuni, workers=2)))
    thread.start()
    ident = thread.ident
    thread.join()
    assert found[0].where(metric="mae", quantity="forces")[0].verdict is Verdict.FAIL
    assert noisy.threads == {ident}
    assert noisy.processes == {os.getpid()}


def test_a_failing_calculator_is_a_result(cuni: Path, tmp_path: Path) -> None:
    """Whatever it is called."""
    name = "<script>alert('1')</script>; touch /"
    results = judge({name: Failing(), "good": EMT()}, cuni)
    assert (results.verdict, results.passed) == (Verdict.ERROR, False)
    bad = results.where(potential=name)
    assert {each.verdict for each in bad} == {Verdict.ERROR}
    assert "no such luck" in bad[0].reason
    assert results.where(potential="good", metric="mae").passed
    assert "<script>" not in results._repr_html_()
    assert "<script>alert" not in results.save(tmp_path / "r").html.read_text()


def test_mistakes_are_usage_errors(cuni: Path) -> None:
    with pytest.raises(UsageError, match=r"^unknown dataset 'chaa'.* Did you mean 'cha'"):
        judge(EMT(), "chaa")
    with pytest.raises(UsageError, match=r"^--md-steps must be at least"):
        judge(EMT(), cuni, md_steps=0)


def test_a_criterion_that_cannot_be_run_is_skipped_with_its_reason(cuni: Path) -> None:
    results = judge(EMT(), cuni, criteria=["eos", "error_thresholds"])
    (skipped,) = results["eos"]
    assert skipped.verdict is Verdict.SKIP
    assert "no [eos]" in skipped.reason
    assert results["error_thresholds"].passed


@pytest.mark.slow
def test_the_report_can_be_saved_later(cuni: Path, tmp_path: Path) -> None:
    results = judge(EMT(), cuni)
    kept = Path(results[0].artifact)
    assert kept.is_file()
    part = results.where(quantity="energy")
    del results
    gc.collect()
    files = part.save(tmp_path / "later")
    document = json.loads(files.json.read_text())
    artifacts = [result["artifact"] for result in document["results"] if result["artifact"]]
    assert [(tmp_path / "later" / name).is_file() for name in artifacts] == [True]
    del part
    gc.collect()
    assert not kept.exists()


@pytest.mark.slow
def test_pytests_output_is_shown_on_request(
    cuni: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also where standard output has no file descriptor, as in a notebook."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    judge(EMT(), cuni, quiet=False)
    shown = stream.getvalue()
    assert "3 passed" in shown
    assert "ms25-suite verdicts" in shown
    assert "potential: EMT (object:EMT), ase" in shown
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_this_process_stays_as_it_was(cuni: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Called inside a test, twice, with settings that would spoil another pytest."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option -k nothing")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    first = judge(EMT(), cuni)

    def state() -> tuple[Any, ...]:
        filters = list(warnings.filters)
        return list(sys.path), set(sys.modules), dict(os.environ), filters, threading.enumerate()

    before, current = state(), os.environ["PYTEST_CURRENT_TEST"]
    second = judge(EMT(), cuni)
    assert numbers(first) == numbers(second)
    assert state() == before
    assert os.environ["PYTEST_CURRENT_TEST"] == current


def test_a_test_of_somebody_else_may_call_it(pytester: pytest.Pytester, cuni: Path) -> None:
    pytester.makepyfile(
        f"""
        import ms25_suite as ms
        from ase.calculators.emt import EMT

        def test_potential():
            results = ms.judge(EMT(), {str(cuni)!r}, criteria="error_thresholds")
            assert results.passed, results
        """
    )
    done = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1)


def test_thresholds_of_a_dictionary_count(cuni: Path) -> None:
    mark = {"value": 500, "unit": "meV/Å", "metric": "mae", "source": "a rough potential will do"}
    thresholds = {"error_thresholds": {"standard": {"forces": mark}}}
    (result,) = judge(Noisy(), cuni, thresholds=thresholds).where(quantity="forces", metric="mae")
    assert (result.threshold, result.threshold_source) == (500.0, "a rough potential will do")
    assert result.verdict is Verdict.PASS


def test_an_interruption_ends_everything(cuni: Path, tmp_path: Path) -> None:
    """Ctrl-C while a calculator works: the exception comes out, and no process stays."""
    (tmp_path / "script.py").write_text(
        f"""
import signal
import time
import ms25_suite as ms
from ase.calculators.emt import EMT

# A shell that runs this in the background lets it ignore SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)

class Slow(EMT):
    def calculate(self, *arguments, **options):
        print("working", flush=True)
        time.sleep(60)

try:
    ms.judge(Slow(), {str(cuni)!r})
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    )
    problems = tmp_path / "stderr.txt"
    with problems.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "script.py"], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == "working\n"
        (guard,) = _children(process.pid)
        (run,) = _children(guard)
        workers = [worker for other in _children(run) for worker in _children(other)]
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = output.read()
    assert process.wait() == 0, problems.read_text()
    assert said == "interrupted\n", problems.read_text()
    assert time.monotonic() - start < 30.0
    assert workers
    assert not [pid for pid in (run, *workers) if _runs(pid)]


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
def test_the_page_of_the_docs_is_right(tmp_path: Path) -> None:
    page = REPOSITORY / "docs" / "python.md"
    found = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )
    assert found.attempted > 5
    assert found.failed == 0


def test_frames_keep_what_a_dataset_reads(cuni_images: list[Atoms], tmp_path: Path) -> None:
    """Splits and labels of `Atoms.info`, as from a file that ASE writes."""
    images = [atoms.copy() for atoms in cuni_images]
    for index, atoms in enumerate(images):
        atoms.info["split"] = "test" if index % 3 == 0 else "train"
    write(tmp_path / "frames.extxyz", images)
    results = judge(EMT(), [images])
    (entry,) = results.run.datasets
    assert (entry.n_frames, entry.n_test) == (30, 10)
    assert entry.sha256 == file_sha256(tmp_path / "frames.extxyz")
