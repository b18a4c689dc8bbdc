"""Classes of a notebook or script: known by their definition, and carried to workers by value."""

import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOK = '''
{before}
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator
import math

def helper(x):
    return {helper}

LEVEL = {level}

@register_estimator("mine-own")
@dataclass(frozen=True)
class Own(Estimator):
    """A method."""

    k: int = {k}

    def estimate(self, *blocks, rng):
        return Estimate(helper(self.k) + LEVEL)

from mibench import get_estimator
from mibench.registry import version_of
'''


def run(code, folder=None):
    """Run *code* as a notebook would: in ``__main__`` without a file."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def version(before="", helper="2 * x", level=1, k=3):
    return run(
        NOTEBOOK.format(before=before, helper=helper, level=level, k=k) + "print(version_of(get_estimator('mine-own')))"
    )


@pytest.fixture(scope="module")
def original():
    return version()


def test_it_is_the_same_in_every_process_and_cell(original):
    assert original.startswith("1+sha256:")
    assert version(before="unrelated = 1\n\n") == original


@pytest.mark.parametrize("change", [{"k": 4}, {"level": 2}, {"helper": "3 * x"}, {"helper": "math.sqrt(x)"}])
def test_any_change_of_what_it_uses_changes_it(change, original):
    assert version(**change) != original


def test_a_script_is_known_by_its_file(tmp_path):
    script = tmp_path / "script.py"
    found = []
    for comment in ("# one", "# two", "# one"):
        script.write_text(
            NOTEBOOK.format(before=comment, helper="x", level=1, k=1) + "print(version_of(get_estimator('mine-own')))"
        )
        found.append(subprocess.run([sys.executable, script], capture_output=True, text=True, check=True).stdout)
    assert found[0] == found[2] != found[1]


RECEIVE = """
import sys
from pathlib import Path
from mibench import get_estimator
from mibench.plugin import import_session
from mibench.registry import version_of
import_session(Path(sys.argv[1]).read_bytes())
method = get_estimator("mine-own:k=5")
print(method.spec, method.estimate(rng=None).nats, version_of(method), version_of(get_estimator("helped")))
"""


def test_it_travels_to_another_process_by_value(tmp_path):
    (tmp_path / "own_module.py").write_text(
        NOTEBOOK.format(before="", helper="x", level=1, k=1).replace("mine-own", "helped").replace("Own", "Helped")
    )
    send = NOTEBOOK.format(before="", helper="2 * x", level=1, k=3) + (
        "import own_module\n"
        "from pathlib import Path\n"
        "from mibench.plugin import export_session\n"
        "Path('payload').write_bytes(export_session())\n"
        "print(version_of(get_estimator('mine-own')), version_of(get_estimator('helped')))"
    )
    sent = run(send, tmp_path)
    receiver = [sys.executable, "-c", RECEIVE, tmp_path / "payload"]
    received = subprocess.run(receiver, capture_output=True, text=True, cwd=Path("/"), timeout=60)
    assert received.stdout.strip() == f"mine-own:k=5 11.0 {sent}", received.stderr


def test_nothing_registered_is_nothing_sent():
    code = "from mibench.plugin import export_session, import_session; import_session(export_session())"
    assert run(f"{code}; print(export_session())") == "b''"


def test_it_runs_in_workers(tmp_path):
    suite = 'tasks = ["gaussian:mi=1"]\nestimators = ["zero"]\nsamples = [20]\nseeds = 2\n'
    (tmp_path / "small.toml").write_text(suite)
    code = NOTEBOOK.format(before="", helper="2 * x", level=1, k=3) + (
        "from mibench import run\n"
        "frame = run('small.toml', estimators=['mine-own', 'mine-own:k=5'], workers=1, progress=False)\n"
        "assert set(frame['estimator_version']) == {version_of(get_estimator('mine-own'))}\n"
        "print(sorted(zip(frame['estimator'], frame['status'], frame['nats'])))"
    )
    cells = [(f"mine-own:k={k}", "ok", value) for k, value in ((3, 7.0), (5, 11.0)) for _ in range(2)]
    assert run(code, tmp_path) == str(cells)


def test_a_class_made_by_a_function_travels_too():
    """``type()`` of an abstract class says that its module is abc."""
    code = (
        "import pickle\n"
        "from dataclasses import dataclass\n"
        "from mibench import Estimate, Estimator, register_estimator\n"
        "from mibench.plugin import export_session\n"
        "made = type('Made', (Estimator,), {'estimate': lambda self, *blocks, rng: Estimate(2.0)})\n"
        "register_estimator('made')(dataclass(frozen=True)(made))\n"
        "((kind, name, cls, origin),) = pickle.loads(export_session())\n"
        "print(kind, name, cls().estimate(rng=None).nats, cls.__module__)"
    )
    assert run(code) == "estimator made 2.0 abc"
