"""What is uploaded: an sdist that builds, the wheel that is made of it, and their metadata."""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.packaging.conftest import run

pytestmark = pytest.mark.packaging

BUILD = [sys.executable, "-m", "build", "--no-isolation"]


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = run(["git", *who, *words], folder)
    assert done.returncode == 0, done.stderr


def _version(folder: Path) -> str:
    done = run([sys.executable, "-m", "setuptools_scm"], folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def tagged(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with git and a tag, whose account is filled in."""
    folder = tmp_path_factory.mktemp("tagged") / "ms25-suite"
    shutil.copytree(clone, folder)
    for name in ("pyproject.toml", "recipe/recipe.yaml"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace("OWNER", "someone"), encoding="utf-8")
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "all")
    _git(folder, "tag", "v9.8.7")
    return folder


@pytest.fixture(scope="module")
def built(tagged: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist of that clone, and the wheel of the sdist, as they are uploaded."""
    out = tmp_path_factory.mktemp("built")
    done = run([*BUILD, "--outdir", out, tagged], tagged)
    assert done.returncode == 0, done.stderr
    return out / "ms25_suite-9.8.7.tar.gz", out / "ms25_suite-9.8.7-py3-none-any.whl"


def _files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if "dist-info" not in name}


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("dist-info/METADATA")]
        return HeaderParser().parsestr(archive.read(name).decode())


def test_a_tag_is_the_version_and_a_commit_after_it_is_of_the_next(tagged: Path) -> None:
    assert _version(tagged) == "9.8.7"
    _git(tagged, "commit", "--quiet", "--allow-empty", "--message", "more")
    assert re.fullmatch(r"9\.8\.8\.dev1\+g[0-9a-f]+", _version(tagged))
    _git(tagged, "reset", "--quiet", "--hard", "v9.8.7")


def test_a_clone_without_tags_or_git_has_a_version(
    clone: Path, wheel: Path, tmp_path: Path
) -> None:
    project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))
    coming = project["tool"]["setuptools_scm"]["fallback_version"]
    assert _metadata(wheel)["Version"] == coming
    shutil.copytree(clone, tmp_path / "untagged")
    _git(tmp_path / "untagged", "init", "--quiet")
    _git(tmp_path / "untagged", "add", "pyproject.toml")
    _git(tmp_path / "untagged", "commit", "--quiet", "--message", "one")
    assert _version(tmp_path / "untagged").startswith(f"{coming.removesuffix('0')}1+g")


def test_the_wheel_of_the_sdist_is_that_of_the_clone(
    built: tuple[Path, Path], wheel: Path, tmp_path: Path
) -> None:
    assert _files(built[1]) == _files(wheel)
    # The sdist builds where there is no git, and keeps its version.
    with tarfile.open(built[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert _version(folder) == "9.8.7"
    assert (folder / "tests" / "packaging" / Path(__file__).name).is_file()
    assert built[0].stat().st_size < 40e6


def test_nothing_of_the_documentation_but_its_pages_is_in_the_wheel(wheel: Path) -> None:
    files = {name for name in _files(wheel) if name.startswith("ms25_suite/docs/")}
    assert {Path(name).suffix for name in files} == {".md"}


def test_links_of_the_description_lead_somewhere_from_pypi(
    built: tuple[Path, Path], wheel: Path
) -> None:
    description = str(_metadata(built[1]).get_payload())
    links = set(re.findall(r"\]\(([^)\s]+)\)", description))
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert "https://someone.github.io/ms25-suite/checks/eos.html" in links
    assert any(link.startswith("https://github.com/someone/ms25-suite/raw/HEAD/") for link in links)
    # Nobody knows yet where the site and the repository will be: words without a link.
    unknown = str(_metadata(wheel).get_payload())
    assert "OWNER" not in unknown
    assert [link for link in re.findall(r"\]\(([^)\s]+)\)", unknown) if link[0] != "#"] == []
    assert "eos" in unknown


def test_the_recipe_of_conda_forge_needs_what_the_wheel_needs(wheel: Path) -> None:
    recipe = yaml.safe_load((REPOSITORY / "recipe" / "recipe.yaml").read_text(encoding="utf-8"))
    needed = [
        found.partition(";")[0].strip().replace("matplotlib>", "matplotlib-base>")
        for found in _metadata(wheel).get_all("Requires-Dist", [])
        if "extra ==" not in found
    ]
    python, *others = (found.replace(" ", "") for found in recipe["requirements"]["run"])
    assert sorted(others) == sorted(needed)
    assert python == "python>=${{python_min}}"
    assert f">={recipe['context']['python_min']}" == _metadata(wheel)["Requires-Python"]
    assert recipe["about"]["license"] == _metadata(wheel)["License-Expression"]
    scripts = [line.replace(" ", "") for line in recipe["build"]["python"]["entry_points"]]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert scripts == [f"{name}={where}" for name, where in project["scripts"].items()]


def test_the_account_is_the_same_everywhere() -> None:
    """Addresses stand in pyproject.toml, and in the recipe, which moves to another repository."""
    urls = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "urls"
    ]
    (account,) = re.findall(r"^https://github\.com/([^/]+)/ms25-suite$", urls["Source"])
    assert urls["Documentation"] == f"https://{account}.github.io/ms25-suite/"
    assert all(url.startswith((urls["Source"], urls["Documentation"])) for url in urls.values())
    about = yaml.safe_load((REPOSITORY / "recipe" / "recipe.yaml").read_text("utf-8"))["about"]
    assert (about["repository"], about["documentation"]) == (urls["Source"], urls["Documentation"])
