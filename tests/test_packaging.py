"""The wheel holds what the folders hold, and what is installed from it works outside the checkout."""

import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"mibench": "mibench", "mibench/estimators": "estimators", "mibench/tasks": "tasks"}


def shipped(folder):
    """Every file of a folder that belongs into a package."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".pyc", ".nbi", ".nbc"}
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the tracked sources."""
    out = tmp_path_factory.mktemp("wheel")
    source = out / "source"
    source.mkdir()
    archive = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, archive.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, source]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("mibench-*.whl"))


def test_the_wheel_holds_every_file_of_the_three_folders(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"{package}/{name}" for package, folder in FOLDERS.items() for name in shipped(folder)}
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_the_description_has_no_link_that_an_index_page_cannot_follow(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(name).decode()
    readme = (ROOT / "README.md").read_text()
    assert "Description-Content-Type: text/markdown" in text
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert all(target.startswith(("http://", "https://")) for target in targets), targets
    assert [line for line in readme.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]
    assert "| Protocol | What makes a number comparable" in text


@pytest.mark.slow
def test_an_installed_wheel_works_outside_the_checkout(wheel, tmp_path):
    environment = tmp_path / "env"
    venv.create(environment, with_pip=True, system_site_packages=False)
    python = environment / "bin" / "python"
    site = next((environment / "lib").glob("python*/site-packages"))
    (site / "outer.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", wheel]
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path)
    code = (
        "import mibench, mibench.estimators.zero as zero; print(zero.__file__, mibench.get_task('gaussian:mi=1').spec)"
    )
    result = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert str(site) in result.stdout
    assert "gaussian:dim=1,mi=1.0" in result.stdout


def test_every_extra_is_part_of_all():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"]) - {"all", "test"}
    assert project["optional-dependencies"]["all"] == [
        f"mibench[{','.join(e for e in project['optional-dependencies'] if e in extras)}]"
    ]


def test_constraints_pin_every_dependency_exactly():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = [*project["dependencies"], *(r for rs in project["optional-dependencies"].values() for r in rs)]
    wanted = {r.split(">=")[0].lower() for r in requirements if not r.startswith("mibench[")}
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(line.count("==") == 1 for line in lines)
    assert wanted <= {line.split("==")[0].lower() for line in lines}
    assert "torch==2.13.0" in lines
