"""``mibench new``: a package that works as it stands, and never over what is there."""

import os
import subprocess
import sys
import tomllib

import pytest


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_it_writes_is_told(here, cli):
    result = cli("new", "estimator", "my-mi")
    written = sorted(str(path.relative_to(here)) for path in here.rglob("*") if path.is_file())
    folder = "mibench-my-mi"
    assert written == [f"{folder}/README.md", f"{folder}/mibench_my_mi.py", f"{folder}/pyproject.toml",
                       f"{folder}/tests/test_mibench_my_mi.py"]  # fmt: skip
    assert all(f"wrote {path}" in result.out for path in written)
    assert "pip install -e ./mibench-my-mi" in result.out
    project = tomllib.loads((here / folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "mibench-my-mi"
    assert project["project"]["entry-points"]["mibench.estimators"] == {"my-mi": "mibench_my_mi"}
    assert all("$" not in (here / path).read_text() for path in written)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("ksg", "estimator 'ksg' exists already (see mibench info ksg); choose another name"),
        ("My_MI", "the name is 'My_MI'; allowed: lower-case words joined by hyphens"),
        ("../up", "the name is '../up'; allowed: lower-case words joined by hyphens"),
    ],
)
def test_names_that_are_taken_or_malformed_are_refused(name, complaint, here, cli):
    assert cli("new", "estimator", name).complaint == complaint
    assert list(here.iterdir()) == []


def test_nothing_is_overwritten(here, cli):
    target = here / "mine"
    target.mkdir()
    (target / "notes.txt").write_text("keep me")
    complaint = cli("new", "estimator", "my-mi", "-o", target).complaint
    assert complaint == f"'{target}': exists and is not an empty folder; nothing was written"
    assert [path.name for path in target.iterdir()] == ["notes.txt"]
    assert "not an empty folder" in cli("new", "estimator", "my-mi", "-o", target / "notes.txt").complaint


def test_an_empty_folder_is_filled(here, cli):
    (here / "mine").mkdir()
    assert cli("new", "estimator", "my-mi", "-o", here / "mine").code == 0
    assert (here / "mine" / "mibench_my_mi.py").is_file()


def test_the_package_installs_and_its_own_test_passes(here, cli):
    pytest.importorskip("setuptools", minversion="77")
    cli("new", "estimator", "fresh-mi")
    install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", "site"]
    subprocess.run([sys.executable, "-m", *install, "./mibench-fresh-mi"], check=True, timeout=120)
    environment = os.environ | {"PYTHONPATH": str(here / "site"), "OMP_NUM_THREADS": "1"}

    def python(*arguments):
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    tested = python("pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", "mibench-fresh-mi")
    assert not tested.returncode, tested.stdout
    assert " passed" in tested.stdout
    shown = python("mibench", "info", "fresh-mi")
    assert "from: the package mibench-fresh-mi 0.1.0, version 1+mibench-fresh-mi-0.1.0" in shown.stdout
