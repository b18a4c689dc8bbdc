import hashlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench import Estimate, Estimator, Tags, get_estimator, get_task, register_estimator
from mibench.cell import KEY_FORMAT, Cell, lift, make_cell, unsupported

GOLDEN = Cell("ksg:algorithm=1,k=5", "1", "gaussian:dim=1,mi=1.0", "1", 1000, 3)

cells = st.builds(
    Cell,
    st.text(max_size=5),
    st.text(max_size=5),
    st.text(max_size=5),
    st.text(max_size=5),
    st.integers(),
    st.integers(),
)


@pytest.fixture
def define(temporary_classes):
    """Register a method for one test only and return it."""

    def estimate(self, *blocks, rng):
        return Estimate(0.0)

    def make(name, **attributes):
        body = {"estimate": estimate, "__module__": __name__, "tags": Tags(), **attributes}
        register_estimator(name)(dataclass(frozen=True)(type("Method", (Estimator,), body)))
        return get_estimator(name)

    return make


def test_the_key_is_the_digest_of_canonical_json():
    text = (
        '{"estimator":"ksg:algorithm=1,k=5","estimator_version":"1","format":1,"n":1000,"seed":3,'
        '"task":"gaussian:dim=1,mi=1.0","task_version":"1"}'
    )
    assert KEY_FORMAT == 1
    assert GOLDEN.key == hashlib.sha256(text.encode()).hexdigest()
    assert GOLDEN.key == "7c464ff3988f9666eb1a1e6ad0607f68b23243f927f9abe94161d5c9b73ac260"


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": "ksg:algorithm=1,k=3"},
        {"estimator_version": "2"},
        {"task": "gaussian:dim=1,mi=2.0"},
        {"task_version": "1+sha256:0"},
        {"n": 1001},
        {"seed": 4},
    ],
)
def test_every_ingredient_changes_the_key(change):
    assert GOLDEN._replace(**change).key != GOLDEN.key


@given(cells, cells)
def test_two_cells_share_a_key_exactly_when_they_are_equal(first, second):
    assert (first.key == second.key) == (first == second)


def test_a_cell_holds_canonical_specs_and_versions():
    cell = make_cell(get_estimator("zero"), get_task("gaussian:mi=1"), 100, 7)
    assert cell == Cell("zero", "1", "gaussian:dim=1,mi=1.0", "1", 100, 7)
    assert cell == make_cell(get_estimator("zero"), get_task("gaussian:mi=1.0,dim=1"), 100, 7)


def test_a_two_block_method_is_lifted_where_there_are_more_and_its_version_says_so(define):
    method = define("two-blocks", tags=Tags(max_blocks=2), version=3)
    pair, triple = get_task("gaussian:mi=1"), get_task("total-correlation:dim=3,kind=ar1")
    assert lift(method, pair) is method
    assert lift(method, triple).spec == "chain-rule:base=(two-blocks),order=given"
    plain, lifted = (make_cell(method, task, 100, 0) for task in (pair, triple))
    assert plain.estimator == lifted.estimator == "two-blocks"
    assert lifted.estimator_version.startswith(plain.estimator_version + ";chain-rule=1")
    assert plain.estimator_version.startswith("3")


def test_a_method_of_any_number_of_blocks_is_never_lifted():
    zero = get_estimator("zero")
    assert lift(zero, get_task("total-correlation:dim=6,kind=student")) is zero


def test_a_class_version_changes_the_key(define):
    task = get_task("gaussian:mi=1")
    first = make_cell(define("some-method", version=1), task, 10, 0)
    second = make_cell(define("some-method", version=2), task, 10, 0)
    assert first.estimator == second.estimator
    assert first.key != second.key


def test_a_kind_that_the_tags_leave_out_is_unsupported(define):
    method = define("continuous-only", tags=Tags(kinds=frozenset({"continuous"})))
    assert unsupported(method, get_task("gaussian:mi=1")) is None
    assert unsupported(method, get_task("binary-gaussian")) == (
        "continuous-only cannot take discrete blocks; allowed: continuous"
    )


def test_blocks_wider_than_the_tags_allow_are_unsupported_counting_those_the_chain_rule_joins(define):
    method = define("narrow", tags=Tags(max_blocks=2, max_dim=2))
    assert unsupported(method, get_task("gaussian:dim=2,mi=1")) is None
    assert "a block of 3 columns; allowed: at most 2" in unsupported(method, get_task("gaussian:dim=3,mi=1"))
    assert unsupported(method, get_task("total-correlation:dim=3,kind=ar1")) is None
    assert "joined by the chain rule" in unsupported(method, get_task("total-correlation:dim=4,kind=ar1"))


#: Keys under which results are published; a change of one would leave them unused.
PUBLISHED = {
    (
        "gaussian:correction=none",
        "binary-gaussian:dim=1,levels=2,noise_var=0.2",
    ): "811c746cd5dc8e3a697596d6230bd30920c05a8df81746a833ac2d86c06ae332",
    (
        "gaussian:correction=none",
        "gaussian:dim=1,mi=0.2",
    ): "6457d7439e02f9f18126c7338ba07a5f79d7aeb4f3312e15ac73150eabaeab0a",
    (
        "gaussian:correction=none",
        "total-correlation:angle=0.0,dim=2,kind=rotated-uniform",
    ): "d58ece9fe712361f3f46e0dd75062b02b3962f8ca196cba4aa752ee9bdd07ff3",
    (
        "zero",
        "binary-gaussian:dim=1,levels=2,noise_var=0.2",
    ): "2ecae80629b247f04dc398538170488344251186ed71c8880a7751a9d262b9db",
    ("zero", "gaussian:dim=1,mi=0.2"): "e4c9aa2ce23a2bc82fb2ddc74d5ed32ce9d0121f1f3818e2a3230b1ad954b054",
    (
        "zero",
        "total-correlation:angle=0.0,dim=2,kind=rotated-uniform",
    ): "0c6de538b1823bafcf9a7944f9275ffa014fede9c52b22abc4aec6ce9942a90c",
}


@pytest.mark.parametrize("pair", PUBLISHED)
def test_published_results_keep_their_keys(pair):
    estimator, task = pair
    assert make_cell(get_estimator(estimator), get_task(task), 250, 0).key == PUBLISHED[pair]
