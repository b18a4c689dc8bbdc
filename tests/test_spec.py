import contextlib
import dataclasses
import itertools
import math
import string
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.errors import SpecError
from mibench.spec import Grid, Spec, Specified, build, coerce, describe, unsupported_annotation


@dataclass(frozen=True)
class Inner(Specified):
    depth: int = 1

    name = "inner"


@dataclass(frozen=True)
class Thing(Specified):
    count: int = 5
    rate: float = 0.5
    flag: bool = False
    text: str = "plain"
    mode: Literal["fast", "exact"] = "fast"
    limit: float | None = None
    note: str | None = None
    bins: int | Literal["sturges", "scott"] = "sturges"
    inner: Inner | None = None

    name = "thing"


def resolve(spec, wanted):
    return build(wanted, spec, resolve)


def rebuild(spec):
    return build(Thing, Spec.parse(spec), resolve)


names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True)
keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(max_size=12) | st.text(alphabet=string.printable, max_size=12)
specs = st.deferred(lambda: st.builds(make_spec, names, st.dictionaries(keys, values, max_size=4)))
values = st.deferred(lambda: texts | specs | st.builds(Grid, st.lists(values, min_size=1, max_size=3).map(tuple)))
finite = st.floats(allow_nan=False, allow_infinity=False)
things = st.builds(
    Thing,
    count=st.integers(),
    rate=finite,
    flag=st.booleans(),
    text=texts,
    mode=st.sampled_from(["fast", "exact"]),
    limit=st.none() | finite,
    note=st.none() | texts.filter(lambda text: text != "none"),
    bins=st.integers() | st.sampled_from(["sturges", "scott"]),
    inner=st.none() | st.builds(Inner, depth=st.integers()),
)


def make_spec(name, params):
    return Spec(name, tuple(params.items()))


@given(specs)
def test_a_spec_written_and_parsed_is_the_same(spec):
    assert Spec.parse(str(spec)) == spec


@given(things)
def test_an_object_is_rebuilt_from_its_canonical_spec_and_from_its_label(thing):
    for text in (thing.spec, thing.label):
        assert rebuild(text) == thing
        assert rebuild(text).spec == thing.spec


@given(things, st.randoms())
def test_the_order_of_the_parameters_makes_no_difference(thing, random):
    spec = Spec.parse(thing.spec)
    params = list(spec.params)
    random.shuffle(params)
    assert rebuild(str(Spec(spec.name, tuple(params)))).spec == thing.spec


@given(things, things)
def test_two_objects_have_one_spec_exactly_when_they_are_equal(first, second):
    assert (first.spec == second.spec) == (first == second)


@given(st.text(max_size=40) | st.text(alphabet='abc:=,()[]" 1.5', max_size=30))
def test_any_text_is_parsed_or_refused(text):
    with contextlib.suppress(SpecError):
        spec = Spec.parse(text)
        assert Spec.parse(str(spec)) == spec


@given(
    names,
    st.lists(
        st.tuples(keys, st.lists(st.integers(0, 99), min_size=1, max_size=4)),
        max_size=4,
        unique_by=lambda pair: pair[0],
    ),
)
def test_a_grid_expands_to_every_combination_the_last_varying_fastest(name, axes):
    text = name + (":" if axes else "") + ",".join(f"{key}=[{','.join(map(str, values))}]" for key, values in axes)
    expanded = [str(spec) for spec in Spec.parse(text).expand()]
    combinations = itertools.product(*[[f"{key}={value}" for value in values] for key, values in axes])
    assert expanded == [name + (":" if axes else "") + ",".join(combination) for combination in combinations]


def test_grids_within_nested_specs_and_grids_are_expanded():
    assert [str(spec) for spec in Spec.parse("a:b=(c:d=[1,2]),e=[[3,4],5]").expand()] == [
        "a:b=(c:d=1),e=3", "a:b=(c:d=1),e=4", "a:b=(c:d=1),e=5",
        "a:b=(c:d=2),e=3", "a:b=(c:d=2),e=4", "a:b=(c:d=2),e=5",
    ]  # fmt: skip


def test_the_canonical_form_holds_all_defaults_sorted():
    assert Thing().spec == "thing:bins=sturges,count=5,flag=false,mode=fast,rate=0.5,text=plain"
    assert Thing(limit=1.0, inner=Inner(2)).spec == (
        "thing:bins=sturges,count=5,flag=false,inner=(inner:depth=2),limit=1.0,mode=fast,rate=0.5,text=plain"
    )


def test_the_label_holds_what_differs_from_the_defaults_in_the_order_of_the_definition():
    assert Thing().label == "thing"
    assert Thing(flag=True, count=7).label == "thing:count=7,flag=true"
    assert Thing(inner=Inner()).label == "thing:inner=(inner)"
    assert Thing(inner=Inner(4)).label == "thing:inner=(inner:depth=4)"


@pytest.mark.parametrize(
    "equal",
    [
        ["thing:count=3", "thing:count=3.0", "thing: count = 3 ", 'thing:count="3"', "thing:count=+3"],
        ["thing:rate=1", "thing:rate=1.0", "thing:rate=1e0", "thing:rate=01.00"],
        ["thing:rate=0", "thing:rate=-0.0", "thing:rate=0.0"],
        ["thing:flag=true", "thing:flag=True"],
        ["thing:bins=4", "thing:bins=4.0"],
        ["thing:limit=none", "thing:"[:-1], "thing:note=none"],
        ["thing:inner=(inner:depth=2)", "thing:inner=( inner:depth=2 ) ", "thing:inner=inner:depth=2"],
        ['thing:text="plain" , count=5', "thing"],
    ],
)
def test_other_ways_to_write_a_value_give_one_spec(equal):
    assert len({rebuild(text).spec for text in equal}) == 1


def test_python_values_of_other_types_give_the_same_spec():
    assert Thing(rate=1).spec == Thing(rate=1.0).spec == Thing(rate=np.float64(1)).spec
    assert Thing(count=np.int64(7)).spec == Thing(count=7).spec == Thing(count=7.0).spec
    assert Thing(rate=-0.0).spec == Thing(rate=0.0).spec


@pytest.mark.parametrize("number", [2**53 + 1, -(10**30) - 1, 0])
def test_whole_numbers_keep_every_digit(number):
    assert f"count={number}," in Thing(count=number).spec
    assert rebuild(f"thing:count={number}").count == number


@given(finite)
def test_floats_keep_every_digit(number):
    assert rebuild(Thing(rate=number).spec).rate == number


@pytest.mark.parametrize(
    "text", ["", " padded ", "a,b", "(x)", "[1]", 'say "no"', "line\nbreak", "back\\slash", "=", "é"]
)
def test_any_string_survives_quoting(text):
    assert rebuild(Thing(text=text).spec).text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a name at position 1, found the end"),
        (":k=3", "expected a name at position 1, found ':'"),
        ("thing:", "expected a parameter's name at position 7, found the end"),
        ("thing:count", "expected '=' at position 12, found the end"),
        ("thing:count=", "expected a value at position 13, found the end"),
        ("thing:count=3,", "expected a parameter's name"),
        ("thing:count=3 4)", "expected the end at position 16, found '\\)'"),
        ("thing:inner=(inner:depth=2", "expected '\\)' at position 27, found the end"),
        ("thing:count=[1,2", "expected '\\]' at position 17, found the end"),
        ('thing:text="open', "expected a string with a closing quote at position 12"),
        ('thing:text="\\q"', "expected a string quoted as in JSON at position 12"),
        ("thing:count=3,count=4", "parameter 'count' is given twice"),
        ("thing:cuont=3", "thing: unknown parameter 'cuont'; did you mean 'count'\\?"),
        ("thing:zzzzzz=3", "unknown parameter 'zzzzzz'; known: bins, count"),
        ("thing:count=2.5", "thing: count is '2.5'; allowed: a whole number"),
        ("thing:count=many", "count is 'many'; allowed: a whole number"),
        ("thing:rate=nan", "rate is 'nan'; allowed: a finite number"),
        ("thing:rate=1e999", "rate is '1e999'; allowed: a finite number"),
        ("thing:flag=1", "flag is '1'; allowed: true or false"),
        ("thing:mode=slow", "mode is 'slow'; allowed: fast or exact"),
        ("thing:mode=(fast)", "mode is \\(fast\\); allowed: fast or exact"),
        ("thing:bins=few", "bins is 'few'; allowed: a whole number or sturges or scott"),
        ("thing:count=[1,2]", "count: a grid \\[1,2\\] stands where one value is needed"),
        ("thing:inner=(inner:deep=2)", "inner: unknown parameter 'deep'; did you mean 'depth'"),
    ],
)
def test_what_cannot_be_read_or_built_is_refused_naming_what_is_allowed(text, message):
    with pytest.raises(SpecError, match=message) as caught:
        rebuild(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, "many", None, True, 1j])
def test_a_python_value_of_the_wrong_kind_has_no_spec(value):
    with pytest.raises(SpecError, match=r"thing: rate is .*; allowed: a finite number"):
        _ = dataclasses.replace(Thing(), rate=value).spec


def test_what_a_class_refuses_is_told_with_its_name():
    @dataclass(frozen=True)
    class Positive(Specified):
        k: int

        def __post_init__(self):
            if self.k < 1:
                raise ValueError(f"k is {self.k}; allowed: 1 or more")

    with pytest.raises(SpecError, match="positive: k is 0; allowed: 1 or more"):
        build(Positive, Spec.parse("positive:k=0"))
    with pytest.raises(SpecError, match="positive: k is missing; allowed: a whole number"):
        build(Positive, Spec.parse("positive"))


def test_coercion_takes_none_before_a_nested_spec_and_a_string_last():
    assert coerce("none", Inner | None, "what", resolve) is None
    assert coerce("3", str | int, "what") == 3
    assert coerce("3x", str | int, "what") == "3x"
    assert coerce(Inner(4), Inner, "what") == Inner(4)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "a whole number"),
        (float | None, "a finite number"),
        (bool | Literal["auto"], "true or false or auto"),
        (Inner, "the spec of an inner in parentheses"),
    ],
)
def test_annotations_are_described_in_words(annotation, words):
    assert describe(annotation) == words


@pytest.mark.parametrize("annotation", [int, float, bool, str, int | None, Literal["a", 1], Inner, Inner | None])
def test_annotations_a_spec_can_hold(annotation):
    assert unsupported_annotation(annotation) is None


@pytest.mark.parametrize("annotation", [list[int], tuple, dict, int | list[int], object, np.ndarray])
def test_annotations_no_spec_can_hold(annotation):
    assert unsupported_annotation(annotation) is not None


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("a:k=1 » b", "b:base=(a:k=1)"),
        ("a » b:k=x y » c:m=[1,2]", "c:base=(b:base=(a),k=x y),m=[1,2]"),
        ("a»b", "b:base=(a)"),
        ("c:inner=( a » b ),k=1", "c:inner=(b:base=(a)),k=1"),
        ("m:1-x » b", "b:base=(m:1-x)"),
        ('a:t="»" » b', r'b:base=(a:t="\u00bb")'),
    ],
)
def test_what_is_applied_to_something_may_stand_behind_it(short, full):
    assert str(Spec.parse(short)) == full
    assert Spec.parse(full) == Spec.parse(short)


@pytest.mark.parametrize(("text", "message"), [("a »", "expected a name"), ("a » b:base=(c)", "b has a base already")])
def test_what_is_applied_to_nothing_or_twice_is_refused(text, message):
    with pytest.raises(SpecError, match=message):
        Spec.parse(text)
