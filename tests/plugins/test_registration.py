"""The decorators refuse what would go wrong later, and allow what a notebook does."""

from dataclasses import dataclass

import pytest

from mibench import Block, Estimate, Estimator, Tags, Task, Truth, get_estimator, register_estimator, register_task
from mibench.errors import RegistrationError
from mibench.registry import forget, version_of


class Base(Estimator):
    def estimate(self, *blocks, rng):
        return Estimate(0.0)


@pytest.fixture(autouse=True)
def _clean():
    yield
    forget(__name__)


def refused(match, decorator, cls):
    with pytest.raises(RegistrationError, match=match):
        decorator(cls)


def frozen(**options):
    return dataclass(frozen=True, **options)(type("Made", (Base,), {"__module__": __name__}))


def test_what_is_no_frozen_dataclass_is_refused():
    plain = type("Plain", (Base,), {})
    refused("Plain must be a frozen dataclass", register_estimator("plain"), plain)
    refused("Plain must be a frozen dataclass", register_estimator("plain"), dataclass(plain))
    refused("must be a frozen dataclass without slots", register_estimator("s"), frozen(slots=True))
    refused("is no subclass of Task", register_task("plain"), frozen())


@pytest.mark.parametrize("name", ["Upper", "under_score", "-x", "a--b", "ü", "a b", ""])
def test_names_are_lower_case_words_joined_by_hyphens(name):
    refused("allowed: lower-case words joined by hyphens", register_estimator(name), frozen())


def test_the_declarations_have_to_be_of_their_types():
    @dataclass(frozen=True)
    class Version(Base):
        version = "1.0"

    @dataclass(frozen=True)
    class Kinds(Base):
        tags = {"continuous"}

    @dataclass(frozen=True)
    class Homeless(Task):
        blocks = (Block(1), Block(1))
        truth = Truth(0.0, "closed form")

        def draw(self, n, rng):
            return None

    @dataclass(frozen=True)
    class Sequence(Base):
        sizes: tuple[int, ...] = ()

    refused("Version.version is '1.0'; allowed: a whole number", register_estimator("v"), Version)
    refused("Kinds.tags is .*; allowed: Tags", register_estimator("t"), Kinds)
    refused("Homeless.family is ''; allowed: the name of the family", register_task("h"), Homeless)
    refused("parameter 'sizes' is annotated tuple", register_estimator("s"), Sequence)


def test_what_is_left_abstract_is_named():
    @dataclass(frozen=True)
    class Half(Estimator):
        pass

    refused("Half does not define estimate", register_estimator("half"), Half)


def test_one_class_has_one_name():
    cls = register_estimator("one")(frozen())
    refused("Made is already registered as 'one'", register_estimator("two"), cls)


def test_a_taken_name_is_an_error_naming_both_origins():
    @dataclass(frozen=True)
    class First(Base):
        pass

    @dataclass(frozen=True)
    class Second(Base):
        pass

    register_estimator("taken")(First)
    refused(
        rf"'taken' of the module {__name__} .*Second.* already registered by .*First",
        register_estimator("taken"),
        Second,
    )
    refused(
        rf"'ksg' of the module {__name__} is already registered by mibench itself", register_estimator("ksg"), Second
    )


def test_running_a_definition_again_replaces_it():
    def define(value):
        @dataclass(frozen=True)
        class Cell(Base):
            tags = Tags()

            def estimate(self, *blocks, rng):
                return Estimate(value)

        return register_estimator("cell")(Cell)

    define(1.0)
    old = get_estimator("cell")
    define(2.0)
    assert get_estimator("cell").estimate(rng=None).nats == 2.0
    with pytest.raises(RegistrationError, match="not the class registered as estimator 'cell'"):
        version_of(old)


def test_an_undecorated_subclass_does_not_pass_for_its_parent():
    @dataclass(frozen=True)
    class Better(type(get_estimator("zero"))):
        pass

    with pytest.raises(RegistrationError, match="decorate it with @register_estimator"):
        version_of(Better())
