"""Projects and plugins with options, fixtures and hooks of the same names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ms25_suite.plugin.options import SHORT

OPTIONS = "".join(
    f"""
    parser.addoption("{name}", default="none", help="of this project")"""
    for name in SHORT
)
THEIRS = f"""
import pytest

def pytest_addoption(parser):{OPTIONS}
"""
FIXTURES = """
@pytest.fixture(scope="session")
def dataset(request):
    return "their dataset"

@pytest.fixture
def potential():
    return "their potential"

@pytest.fixture
def check_recorder():
    return "their recorder"
"""
HOOKS = """
@pytest.fixture(autouse=True)
def _set_up(pytestconfig, dataset):
    assert pytestconfig.getoption("device") == "tpu", "a GPU is needed"

def pytest_generate_tests(metafunc):
    if "dataset" in metafunc.fixturenames:
        metafunc.parametrize("dataset", ["one", "two"])

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.skip(reason="not on this machine"))
"""
TESTS = """
def test_theirs(pytestconfig, dataset, potential, check_recorder):
    assert pytestconfig.getoption("--device") == "tpu"
    assert pytestconfig.getoption("device") == "tpu"
    assert pytestconfig.getoption("mlip") == "x.pt"
    assert (dataset, potential, check_recorder) == (
        "their dataset", "their potential", "their recorder"
    )
"""
GIVEN = ("--device=tpu", "--mlip", "x.pt", "--workers=many", "--dataset=all")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(calc="from ase.calculators.emt import EMT\ncalculator = EMT\n")
    return pytester


def outcome(done: pytest.RunResult) -> str:
    return f"{done.stdout.str()}\n{done.stderr.str()}"


@pytest.mark.parametrize("where", ["conftest", "-p", "PYTEST_PLUGINS", "pytest_plugins"])
def test_their_session_is_theirs(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whether their plugin is loaded before ours (-p), or after."""
    project.makepyfile(test_it=TESTS)
    arguments = list(GIVEN)
    if where == "conftest":
        project.makeconftest(THEIRS + FIXTURES)
    else:
        project.makepyfile(theirs=THEIRS + FIXTURES)
        monkeypatch.setenv("PYTHONPATH", str(project.path))
        if where == "-p":
            arguments += ["-p", "theirs"]
        elif where == "PYTEST_PLUGINS":
            monkeypatch.setenv("PYTEST_PLUGINS", "theirs")
        else:
            project.makeconftest("pytest_plugins = ['theirs']")
    done = project.runpytest_subprocess(*arguments, "-q")
    assert done.ret == pytest.ExitCode.OK, outcome(done)


def test_a_conftest_that_is_loaded_late_may_have_the_same_options(
    project: pytest.Pytester, cuni: Path
) -> None:
    folder = project.mkdir("deep") / "er"
    folder.mkdir()
    (folder / "conftest.py").write_text(THEIRS)
    (folder / "test_it.py").write_text("def test_it(): pass\n")
    done = project.runpytest_subprocess("-q")
    assert done.ret == pytest.ExitCode.OK, outcome(done)
    options = ("--mlip=calc.py", f"--dataset={cuni}", "--device=cpu")
    done = project.runpytest_subprocess(*options, "--collect-only", "-q", ".")
    assert done.ret == pytest.ExitCode.OK, outcome(done)


def test_a_flag_of_theirs_before_a_path_takes_no_value(project: pytest.Pytester) -> None:
    """``--data tests``: if ours took the path, their conftest.py would not be found."""
    folder = project.mkdir("deep")
    conftest = "def pytest_addoption(parser): parser.addoption('--data', action='store_true')"
    (folder / "conftest.py").write_text(conftest)
    test = "def test_it(pytestconfig): assert pytestconfig.getoption('data') is True\n"
    (folder / "test_it.py").write_text(test)
    done = project.runpytest_subprocess("--data", "deep", "-q")
    assert done.ret == pytest.ExitCode.OK, outcome(done)
    done.assert_outcomes(passed=1)


def test_names_that_are_taken_are_told(project: pytest.Pytester, cuni: Path) -> None:
    project.makeconftest("def pytest_addoption(parser): parser.addoption('--dataset')")
    done = project.runpytest_subprocess("--mlip=calc.py", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        "*--dataset is an option of another plugin or a conftest.py *: write --ms25-dataset=NAME*"
    )
    project.makeconftest("def pytest_addoption(parser): parser.addoption('--mlip')")
    done = project.runpytest_subprocess("--mlip=calc.py", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines("*write --ms25-mlip=POTENTIAL*")
    # With both taken it is their session; but it must not look like one of the suite.
    project.makeconftest(THEIRS)
    project.makepyfile(test_it="def test_it(): pass")
    done = project.runpytest_subprocess("--mlip=calc.py", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines("*not to the suite: write --ms25-mlip, --ms25-dataset")


def test_the_suite_judges_under_its_own_names(project: pytest.Pytester, cuni: Path) -> None:
    """Beside their tests, in one session."""
    project.makeconftest(THEIRS + FIXTURES)
    project.makepyfile(test_it=TESTS.replace("'x.pt'", '"none"').replace('"x.pt"', '"none"'))
    own = ("--ms25-mlip=calc.py", f"--ms25-dataset={cuni}", "--ms25-device=cpu")
    done = project.runpytest_subprocess(
        *own, "--device=tpu", "--pyargs", "ms25_suite.checks", "test_it.py"
    )
    assert done.ret == pytest.ExitCode.OK, outcome(done)
    done.assert_outcomes(passed=4)
    done.stdout.fnmatch_lines("*--device went to another plugin or a conftest.py*")
    done.stdout.fnmatch_lines("error_thresholds: cuni · calc")


def test_the_command_needs_nothing_of_the_folder(project: pytest.Pytester, cuni: Path) -> None:
    project.makeconftest(THEIRS + FIXTURES + HOOKS + "import no_such_module\n")
    project.makeini("[pytest]\naddopts = --no-such-option\nrequired_plugins = no-such-plugin\n")
    command = [sys.executable, "-m", "ms25_suite", "--mlip=calc.py", f"--dataset={cuni}"]
    done = project.run(*command, "--device", "cpu", "--workers=1")
    assert done.ret == pytest.ExitCode.OK, outcome(done)
    done.assert_outcomes(passed=3)
    # Tests of the project are run with its conftest.
    project.makeconftest("import pytest\n" + FIXTURES)
    project.makepyfile(test_it="def test_it(dataset): assert dataset == 'their dataset'")
    done = project.run(*command, "test_it.py")
    # They pass, but no potential was judged.
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED, outcome(done)
    done.assert_outcomes(passed=1)


def test_a_fixture_of_another_plugin_stays(
    project: pytest.Pytester, cuni: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(
        theirs="import pytest\n" + FIXTURES,
        test_it="""
        import pytest

        def test_theirs(dataset, check_recorder):
            assert (dataset, check_recorder) == ("their dataset", "their recorder")

        @pytest.mark.error_thresholds
        def test_ours(ms25_dataset, ms25_potential, compared_frames, run_settings):
            assert ms25_dataset.name == "cuni"
            assert ms25_potential.name == "calc"
            assert run_settings.seed == 0

        @pytest.mark.throughput
        @pytest.mark.parametrize("dataset", ["a", "b"])
        @pytest.mark.parametrize("potential", ["c"])
        def test_own_parameters(dataset, potential):
            assert dataset + potential in ("ac", "bc")
        """,
    )
    monkeypatch.setenv("PYTHONPATH", str(project.path))
    monkeypatch.setenv("PYTEST_PLUGINS", "theirs")
    options = ("--mlip=calc.py", f"--dataset={cuni}")
    done = project.runpytest_subprocess(*options, "test_it.py", "-rs")
    # The check of the project forgot to record a result.
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines("*the check ended without a result*")


def test_without_the_plugin_nothing_is_left_of_it(project: pytest.Pytester) -> None:
    project.makepyfile(test_it="def test_it(pytestconfig): pytestconfig.getoption('ms25_mlip')")
    done = project.runpytest_subprocess("-p", "no:ms25_suite.plugin")
    done.assert_outcomes(failed=1)
    done = project.runpytest_subprocess("-p", "no:ms25_suite.plugin", "--mlip=calc.py")
    assert done.ret == pytest.ExitCode.USAGE_ERROR


def test_a_conftest_may_load_the_plugin(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    project.makeconftest("pytest_plugins = ['ms25_suite.plugin']")
    done = project.runpytest_subprocess("--mlip=calc.py", "--ms25-seed=3")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines("*--mlip was given without --dataset=NAME*")


def test_values_apart_from_their_options_are_no_paths(project: pytest.Pytester, cuni: Path) -> None:
    """pytest reads conftest.py files beside paths, and would have taken these for some."""
    folder = project.mkdir("data")
    (folder / "conftest.py").write_text("raise SystemExit('was loaded')\n")
    (folder / "cuni.extxyz").write_bytes(cuni.read_bytes())
    done = project.runpytest_subprocess(
        "--mlip", "calc.py", "--dataset", "data/cuni.extxyz", "--collect-only", "-q"
    )
    assert done.ret == pytest.ExitCode.OK, outcome(done)
