import subprocess
import sys
import warnings
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from mibench import (
    Block,
    Estimate,
    Estimator,
    Tags,
    Task,
    Truth,
    get_estimator,
    get_task,
    list_estimators,
    list_tasks,
    load_plugin,
    register_estimator,
    register_task,
)  # fmt: skip
from mibench.cell import make_cell
from mibench.errors import PluginError, RegistrationError, SpecError, UnknownNameError
from mibench.registry import ESTIMATORS, TASKS, PluginWarning, origin_of, version_of
from mibench.runner.plan import Pair

pytestmark = pytest.mark.usefixtures("temporary_classes")

METHOD = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator

@register_estimator("{name}")
@dataclass(frozen=True)
class Method(Estimator):
    """A constant."""

    k: int = 3

    def estimate(self, *blocks, rng):
        return Estimate({value})
'''
POINTS = "mibench.estimators"


def method(name, value=0.0):
    return METHOD.format(name=name, value=value)


def body(**attributes):
    return {"estimate": lambda self, *blocks, rng: Estimate(0.0), "__module__": __name__, **attributes}


def session_class(qualname="Method", base=Estimator, **attributes):
    return dataclass(frozen=True)(type(qualname, (base,), body(**attributes)))


def plugin(text, name="plugin.py"):
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_listing_imports_no_module_of_an_estimator_or_task_and_no_heavy_library():
    code = (
        "import sys, mibench; mibench.list_estimators(); mibench.list_tasks(); mibench.list_suites()\n"
        "heavy = {'torch', 'numba', 'sklearn', 'pandas', 'scipy'} & set(sys.modules)\n"
        "loaded = [m for m in sys.modules if m.startswith(('mibench.estimators.', 'mibench.tasks.'))]\n"
        "sys.exit(str((heavy, loaded)) if heavy or loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_built_ins_are_listed_and_each_is_what_its_entry_point_promises():
    assert {"binning", "chain-rule", "gaussian", "infonce", "ksg", "mine", "zero"} <= set(list_estimators())
    assert {"binary-gaussian", "dimension-scaling", "gaussian", "total-correlation"} <= set(list_tasks())
    with warnings.catch_warnings():
        warnings.simplefilter("error", PluginWarning)
        for registry in (ESTIMATORS, TASKS):
            for name, cls in registry.items():
                assert cls.name == name


def test_an_estimator_and_a_task_may_share_a_name():
    assert get_estimator("gaussian").name == get_task("gaussian:mi=1").name == "gaussian"


@pytest.mark.parametrize(
    ("get", "name", "message"),
    [
        (get_estimator, "kgs", "unknown estimator 'kgs'; did you mean 'ksg'"),
        (get_task, "gausian:mi=1", "unknown task 'gausian'; did you mean 'gaussian'"),
        (get_estimator, "xqzw", "unknown estimator 'xqzw'; known: "),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(get, name, message):
    with pytest.raises(UnknownNameError, match=message):
        get(name)


def test_a_decorated_class_is_built_by_name_with_its_parameters():
    @register_estimator("shifted")
    @dataclass(frozen=True)
    class Shifted(Estimator):
        shift: float = 0.0
        base: Estimator | None = None

        def estimate(self, *blocks, rng):
            return Estimate(self.shift)

    built = get_estimator("shifted:shift=2,base=(zero)")
    assert built == Shifted(2.0, get_estimator("zero"))
    assert built.spec == "shifted:base=(zero),shift=2.0"
    assert get_estimator(built.spec) == built


def test_a_task_where_an_estimator_is_needed_is_refused():
    with pytest.raises((SpecError, UnknownNameError)):
        get_estimator("chain-rule:base=(binary-gaussian)")


def no_dataclass():
    return type("Method", (Estimator,), body())


def mutable():
    return dataclass(type("Method", (Estimator,), body()))


def slotted():
    return dataclass(frozen=True, slots=True)(type("Method", (Estimator,), body()))


def undecorated_child():
    return type("Child", (session_class(),), body())


def sequence_parameter():
    return session_class(**{"__annotations__": {"layers": list[int]}, "layers": None})


def unfinished():
    return dataclass(frozen=True)(type("Method", (Estimator,), {"__module__": __name__}))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: 5, "5 is no subclass of Estimator"),
        (lambda: int, "<class 'int'> is no subclass of Estimator"),
        (no_dataclass, "Method must be a frozen dataclass without slots: write @dataclass"),
        (mutable, "must be a frozen dataclass without slots"),
        (slotted, "must be a frozen dataclass without slots"),
        (undecorated_child, "Child must be a frozen dataclass without slots"),
        (sequence_parameter, r"parameter 'layers' is annotated list\[int\]; allowed: int, float"),
        (unfinished, "Method does not define estimate"),
        (lambda: session_class(tags="fast"), r"Method.tags is 'fast'; allowed: Tags\(...\)"),
        (lambda: session_class(version="2"), "Method.version is '2'; allowed: a whole number"),
    ],
)
def test_a_class_that_does_not_keep_the_contract_is_refused(make, message):
    with pytest.raises(RegistrationError, match=message) as caught:
        register_estimator("some-method")(make())
    assert str(caught.value).startswith("@register_estimator('some-method'): ")
    assert "some-method" not in list_estimators()


@pytest.mark.parametrize("name", ["", "My-Method", "two words", "under_score", "-x", "x-", "1st", "a:b"])
def test_a_name_that_no_spec_could_hold_is_refused(name):
    with pytest.raises(RegistrationError, match="allowed: lower-case words joined by hyphens"):
        register_estimator(name)(session_class())


def test_a_task_needs_a_family():
    truth = property(lambda self: Truth(0, "closed form"))
    members = {"blocks": property(lambda self: (Block(1),) * 2), "truth": truth, "draw": lambda self, n, rng: ()}
    with pytest.raises(RegistrationError, match=r"Method.family is ''; allowed: the name of the family"):
        register_task("some-task")(session_class(base=Task, **members))


def test_one_class_has_one_name():
    cls = register_estimator("first-name")(session_class())
    with pytest.raises(RegistrationError, match="Method is already registered as 'first-name'"):
        register_estimator("second-name")(cls)


def test_an_abstract_base_of_ones_own_is_no_obstacle():
    class Base(Estimator):
        @abstractmethod
        def value(self): ...

        def estimate(self, *blocks, rng):
            return Estimate(self.value())

    @register_estimator("concrete")
    @dataclass(frozen=True)
    class Concrete(Base):
        mode: Literal["low", "high"] = "low"

        def value(self):
            return 1.0

    assert get_estimator("concrete:mode=high").mode == "high"


def test_a_definition_may_be_run_again_but_no_other_may_take_its_name():
    register_estimator("again")(session_class())
    second = register_estimator("again")(session_class(version=2))
    assert type(get_estimator("again")) is second
    with pytest.raises(
        RegistrationError, match=r"'again' of .*\(Other\) is already registered by .*\(Method\); rename"
    ):
        register_estimator("again")(session_class("Other"))


@pytest.mark.parametrize("name", ["ksg", "zero"])
def test_a_built_in_name_is_taken_and_both_origins_are_named(name):
    with pytest.raises(RegistrationError, match=rf"'{name}' of the module .* is already registered by mibench itself"):
        register_estimator(name)(session_class())
    plugin(method(name))
    with pytest.raises(RegistrationError, match=r"of the file .*plugin.py is already registered by mibench itself"):
        load_plugin("plugin.py")
    assert origin_of(get_estimator(name)).kind == "built-in"


def test_an_installed_package_brings_an_estimator_that_is_imported_when_asked_for(install):
    install("boxes", {"box.py": method("boxed", 1.5)}, {POINTS: {"boxed": "boxes.box"}}, version="2.1")
    assert "boxed" in list_estimators()
    assert "boxes.box" not in sys.modules
    built = get_estimator("boxed:k=4")
    assert built.estimate(rng=None).nats == 1.5
    assert str(origin_of(built)) == "the package boxes 2.1"
    assert version_of(built) == "1+boxes-2.1"


def test_two_packages_that_bring_one_name_are_both_named(install):
    install("boxes", {"box.py": method("boxed")}, {POINTS: {"boxed": "boxes.box"}})
    install("crates", {"box.py": method("boxed")}, {POINTS: {"boxed": "crates.box"}}, version="3")
    with pytest.raises(
        RegistrationError, match=r"the package boxes 1\.0 .* and the package crates 3 .*; uninstall one"
    ):
        get_estimator("boxed")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (method("other"), "registers no estimator of that name"),
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
    ],
)
def test_a_broken_package_is_one_warning_and_leaves_the_others_alone(install, text, reason):
    files = {"box.py": text, "fine.py": method("fine")}
    points = {POINTS: {"boxed": "boxes.box", "fine": "boxes.fine", "other": "boxes.box"}}
    install("boxes", files, points)
    for _ in range(2):
        with pytest.raises(
            PluginError, match=r"estimator 'boxed' of the package boxes 1\.0 cannot be loaded"
        ) as caught:
            get_estimator("boxed")
        assert reason in str(caught.value)
    assert get_estimator("fine").k == 3
    with pytest.warns(PluginWarning) as caught:
        names = [name for name, _ in ESTIMATORS.items()]
    assert {"fine", "zero"} <= set(names)
    assert "boxed" not in names
    assert sum("'boxed'" in str(warning.message) for warning in caught) == 1


def test_a_package_that_announces_nothing_is_told_what_to_write(install):
    install("boxes", {"box.py": method("boxed"), "more.py": method("unannounced")}, {POINTS: {"boxed": "boxes.box"}})
    with pytest.raises(RegistrationError, match=r'has no entry point; add unannounced = "boxes.more"'):
        __import__("boxes.more")


def test_a_plugin_file_registers_its_classes_once():
    path = plugin(method("from-file", 2.5))
    assert load_plugin(path) == ["from-file"]
    first = type(get_estimator("from-file"))
    assert load_plugin(str(path)) == ["from-file"]
    assert type(get_estimator("from-file")) is first
    assert str(origin_of(get_estimator("from-file"))) == f"the file {path.resolve()}"
    assert origin_of(get_estimator("from-file")).public == f"the file {path.name}"


def test_a_plugin_file_is_recorded_without_its_folders():
    path = plugin(method("from-file", 2.5))
    load_plugin(path)
    pair = Pair(get_estimator("from-file"), get_task("gaussian:mi=1"))
    assert pair.fields["estimator_origin"] == f"the file {path.name}"


def test_an_edited_plugin_file_is_another_version_and_another_key():
    task = get_task("gaussian:mi=1")
    keys = []
    for value in (1.0, 2.0):
        load_plugin(plugin(method("edited", value)))
        built = get_estimator("edited")
        assert built.estimate(rng=None).nats == value
        assert version_of(built).startswith("1+sha256:")
        keys.append(make_cell(built, task, 100, 0).key)
    assert keys[0] != keys[1]


def test_the_versions_of_nested_estimators_count():
    load_plugin(plugin(method("nested", 1.0)))
    outer = version_of(get_estimator("chain-rule:base=(nested)"))
    assert outer == f"1({version_of(get_estimator('nested'))})"
    load_plugin(plugin(method("nested", 2.0)))
    assert version_of(get_estimator("chain-rule:base=(nested)")) != outer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "registers nothing; use @register_estimator or @register_task in it"),
        ("def (", "cannot be loaded: SyntaxError"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("import no_such_module_anywhere", "cannot be loaded: ModuleNotFoundError"),
        (method("half-way") + "\n1 / 0", "cannot be loaded: ZeroDivisionError"),
    ],
)
def test_a_broken_plugin_file_is_refused_and_leaves_nothing_behind(text, message):
    path = plugin(text)
    for _ in range(2):
        with pytest.raises(PluginError, match=message) as caught:
            load_plugin(path)
        assert "plugin.py" in str(caught.value)
    assert "half-way" not in list_estimators()


@pytest.mark.parametrize("path", ["absent.py", "."])
def test_a_plugin_that_is_no_file_is_refused(path):
    with pytest.raises(PluginError, match=r"is not a file; allowed: the path of a \.py file"):
        load_plugin(path)


def test_a_plugin_that_is_no_python_file_is_refused():
    with pytest.raises(PluginError, match=r"is no Python file; allowed: the path of a \.py file"):
        load_plugin(plugin("hello", "notes.txt"))


def test_an_undecorated_subclass_has_no_version():
    child = dataclass(frozen=True)(type("Child", (type(get_estimator("zero")),), {"__module__": __name__}))
    with pytest.raises(RegistrationError, match="Child is not the class registered as estimator 'zero'"):
        version_of(child())


def test_tags_may_depend_on_the_parameters():
    cls = session_class(tags=property(lambda self: Tags(max_blocks=2)))
    assert register_estimator("tagged")(cls)().tags.max_blocks == 2
