"""A notebook's class goes by all that it uses: a change of any part of it is another version, and nothing else is."""

import linecache
import subprocess
import sys
import textwrap
import threading
import types
import warnings

import numpy as np
import pytest

from mibench import get_estimator
from mibench.definition import DigestWarning
from mibench.registry import forget, version_of

CLASS = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator

{before}

@register_estimator("noted")
@dataclass(frozen=True)
class Noted(Estimator):
    """A method."""

    def estimate(self, *blocks, rng):
        return Estimate({value})
'''


class Notebook:
    """A module without a file, whose cells have a name of their own and their source kept, as in IPython."""

    def __init__(self):
        self.module = types.ModuleType("mibench_test_notebook")
        self.cells = 0

    def run(self, source):
        self.cells += 1
        name = f"<cell-{self.cells}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), self.module.__dict__)

    def define(self, before="", value="helper()"):
        self.run(CLASS.format(before=before, value=value))
        return self.version

    @property
    def version(self):
        return version_of(get_estimator("noted"))


@pytest.fixture
def notebook(monkeypatch):
    made = Notebook()
    monkeypatch.setitem(sys.modules, made.module.__name__, made.module)
    yield made
    forget(made.module.__name__)


@pytest.mark.parametrize(
    ("before", "value", "change"),
    [
        ("def helper():\n    return 1.0", "helper()", "def helper():\n    return 2.0"),
        ("def helper():\n    return inner()\ndef inner():\n    return 1.0", "helper()", "def inner():\n    return 2.0"),
        ("LEVEL = 1.0", "LEVEL", "LEVEL = 2.0"),
        ("LEVELS = {'a': [1.0]}", "LEVELS['a'][0]", "LEVELS['a'][0] = 2.0"),
        ("helper = lambda: 1.0", "helper()", "helper = lambda: 2.0"),
        ("both = [lambda: 1.0, lambda: 2.0]\nhelper = both[0]", "helper()", "helper = both[1]"),
        ("def make(k):\n    return lambda: k\nhelper = make(1.0)", "helper()", "helper = make(2.0)"),
        ("class Part:\n    def go(self):\n        return 1.0", "Part().go()",
         "class Part:\n    def go(self):\n        return 2.0"),
        ("import functools\n@functools.lru_cache\ndef helper():\n    return 1.0", "helper()",
         "@functools.lru_cache\ndef helper():\n    return 2.0"),
        ("import functools\nhelper = functools.partial(float, 1)", "helper()", "helper = functools.partial(float, 2)"),
        ("import numpy as np\nWEIGHTS = np.ones(3)", "WEIGHTS.sum()", "WEIGHTS = 2 * np.ones(3)"),
        ("from sklearn.preprocessing import FunctionTransformer\ndef f(x):\n    return x\nT = FunctionTransformer(f)",
         "T.transform([1.0])[0]", "def f(x):\n    return 2 * x\nT = FunctionTransformer(f)"),
    ],
)  # fmt: skip
def test_a_change_of_what_it_uses_is_another_version(notebook, before, value, change):
    first = notebook.define(before, value)
    notebook.run("unrelated = 1\ndef other():\n    return unrelated")
    assert notebook.version == first
    notebook.run(change)
    assert notebook.version != first


def test_the_same_definition_is_the_same_version(notebook):
    first = notebook.define("def helper():\n    return 1.0")
    notebook.run("def helper():\n    return 2.0")
    notebook.run("def helper():\n    return 1.0")
    assert notebook.version == first


LOCKED = """
import threading
class Guarded:
    def __init__(self, value):
        self.lock, self.value = threading.Lock(), value
GUARDED = Guarded(1.0)
"""


def test_an_object_with_a_lock_is_never_taken_for_an_earlier_one(notebook):
    with pytest.warns(DigestWarning, match="Noted uses GUARDED.*lock, which cannot be compared") as caught:
        first = notebook.define(LOCKED, "GUARDED.value")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert notebook.version == first
    assert len(caught) == 1
    notebook.run("GUARDED.value = 2.0")
    changed = notebook.version
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook.run("GUARDED = Guarded(1.0)")
        assert len({first, changed, notebook.version}) == 3


SESSION = CLASS.format(before=LOCKED, value="GUARDED.value") + textwrap.dedent("""
    import warnings
    warnings.simplefilter("ignore")
    from mibench import get_estimator
    from mibench.registry import version_of
    print(version_of(get_estimator("noted")))
""")


def test_what_cannot_be_digested_differs_between_sessions():
    found = {subprocess.run([sys.executable, "-c", SESSION], capture_output=True, check=True).stdout for _ in range(2)}
    assert len(found) == 2


def test_an_imported_local_module_counts_with_what_it_imports(notebook, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mibench_test_outer.py").write_text("from mibench_test_inner import helper\n")
    (tmp_path / "mibench_test_inner.py").write_text("def helper():\n    return 1.0\n")
    first = notebook.define("import mibench_test_outer", "mibench_test_outer.helper()")
    second = notebook.define("from mibench_test_outer import helper", "helper()")
    (tmp_path / "mibench_test_inner.py").write_text("def helper():\n    return 2.0\n")
    assert notebook.version != second
    assert notebook.define("import mibench_test_outer", "mibench_test_outer.helper()") != first
    for name in ("mibench_test_outer", "mibench_test_inner"):
        sys.modules.pop(name)


def test_libraries_go_by_name(notebook):
    """Neither what NumPy's own functions use nor the state of a lock within it enters."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = notebook.define("import numpy as np, threading", "np.linalg.norm([1.0])")
    np.mibench_unrelated = threading.Lock()
    try:
        assert notebook.version == first
    finally:
        del np.mibench_unrelated


SCRIPT = CLASS.format(
    before="import sys\nfrom beside import helper\nLEVEL = float(sys.argv[1])", value="helper() * LEVEL"
)


def test_a_script_goes_by_its_file_its_imports_and_its_constants(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT + "from mibench import get_estimator\nfrom mibench.registry import version_of\n"
                      "print(version_of(get_estimator('noted')))")  # fmt: skip

    def version(beside, level):
        (tmp_path / "beside.py").write_text(f"def helper():\n    return {beside}\n")
        done = subprocess.run([sys.executable, script, level], capture_output=True, check=True, text=True)
        return done.stdout

    first = version("1.0", "1")
    assert version("1.0", "1") == first
    assert len({first, version("2.0", "1"), version("1.0", "3")}) == 3


CHANGING = """
import threading
from mibench import get_estimator
from mibench.registry import version_of

lock = threading.Lock()
def show():
    print(version_of(get_estimator("noted")))

show(); show()
def helper(): return 2.0
show()
FACTOR = 2.0
show()
LIST[0] = 1.0
show()
TABLE["a"] = (1.0,)
show()
"""


def test_a_script_that_changes_what_a_class_uses_between_two_runs_makes_another_version_each_time(tmp_path):
    script = tmp_path / "script.py"
    before = "FACTOR = 1.0\nLIST = [0.0]\nTABLE = {'a': (0.0,)}\ndef helper(): return 1.0\n"
    value = "(helper() + FACTOR + LIST[0] + TABLE['a'][0], lock)[0]"
    script.write_text(CLASS.format(before=before, value=value) + CHANGING)
    once, again = (
        subprocess.run([sys.executable, script], capture_output=True, check=True, text=True).stdout.split()
        for _ in range(2)
    )
    assert once[0] == once[1]
    assert len(set(once)) == 5
    assert again == once, "a lock of a script leaves its results to be reused"


def test_a_script_that_goes_on_interactively_is_no_longer_its_file(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(CLASS.format(before="def helper():\n    return 1.0\n", value="helper()"))
    found = set()
    for change in ("", "def helper(): return 2.0\n\n", "def helper(): return 3.0\n\n"):
        command = f"{change}from mibench import *; from mibench.registry import version_of\n"
        command += "print(version_of(get_estimator('noted')))\n"
        done = subprocess.run([sys.executable, "-i", script], input=command, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 3
