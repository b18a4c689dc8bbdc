"""The peers return what their libraries return, and say in words what they cannot take."""

import importlib.metadata
import importlib.util

import numpy as np
import pytest

from mibench import estimate, get_estimator, get_task
from mibench.api import missing_requirements
from mibench.cell import make_cell, unsupported
from mibench.errors import InputError, MissingExtraError
from mibench.estimators.peers._peers import release
from mibench.registry import version_of

PEERS = {"scikit-learn": "sklearn", "ennemi": "ennemi", "infomeasure": "infomeasure"}


def require(peer):
    pytest.importorskip(PEERS[peer])


@pytest.fixture(autouse=True)
def _clear_cache():
    yield
    release.cache_clear()


@pytest.fixture(scope="module")
def pair():
    return get_task("gaussian:mi=0.8").sample(400)


@pytest.mark.parametrize(
    ("peer", "same"),
    [
        ("scikit-learn:k=3", "ksg:k=3,ties=none"),
        ("scikit-learn:k=7", "ksg:k=7,ties=none"),
        ("ennemi:k=3", "ksg:k=3,ties=none"),
        ("ennemi:k=5,preprocess=false", "ksg:k=5,ties=none,standardize=false"),
        ("infomeasure:k=4", "ksg:k=4,ties=none,standardize=false"),
    ],
)
def test_they_are_the_estimator_of_kraskov_stoegbauer_and_grassberger(peer, same, pair):
    """Their noise of 1e-10 moves no neighbour here; ennemi's own digamma is good to 1e-6."""
    name = peer.partition(":")[0]
    require(name)
    near = 1e-6 if name == "ennemi" else 1e-9
    assert estimate(*pair, estimator=peer).nats == pytest.approx(estimate(*pair, estimator=same).nats, abs=near)


@pytest.mark.parametrize("task", ["gaussian:dim=3,mi=1", "total-correlation:dim=4,kind=ar1,rho=0.5"])
def test_infomeasure_takes_wide_and_many_blocks(task):
    require("infomeasure")
    blocks = get_task(task).sample(200)
    ours = estimate(*blocks, estimator="ksg:k=4,ties=none,standardize=false").nats
    assert estimate(*blocks, estimator="infomeasure").nats == pytest.approx(ours, abs=1e-9)


def test_the_documented_example_of_ennemi():
    require("ennemi")
    rng = np.random.default_rng(1234)
    data = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=800)
    x, y = np.exp(5 * data[:, 0]), np.exp(data[:, 1])
    assert estimate(x, y, estimator="ennemi").nats == pytest.approx(0.18815, abs=1e-5)


def test_scikit_learn_returns_nothing_below_zero():
    for seed in range(20):
        x, y = get_task("gaussian:rho=0").sample(200, seed)
        ours = estimate(x, y, estimator="ksg:k=3,ties=none").nats
        assert estimate(x, y, estimator="scikit-learn").nats == pytest.approx(max(ours, 0), abs=1e-9)


@pytest.mark.parametrize("peer", ["scikit-learn", "ennemi"])
def test_blocks_they_cannot_take_are_unsupported_in_advance(peer):
    method = get_estimator(peer)
    assert unsupported(method, get_task("gaussian:mi=1")) is None
    assert unsupported(method, get_task("binary-gaussian")) is None
    wide = unsupported(method, get_task("gaussian:dim=2,mi=1"))
    assert wide == f"{peer} cannot take a block of 2 columns; allowed: at most 1"
    many = unsupported(method, get_task("total-correlation:dim=3,kind=ar1,rho=0.5"))
    assert many == f"{peer} cannot take a block of 2 columns (joined by the chain rule); allowed: at most 1"


@pytest.mark.parametrize("peer", PEERS)
class TestEveryPeer:
    def test_too_few_samples_are_refused_in_words(self, peer):
        require(peer)
        with pytest.raises(InputError, match=f"{peer}: n is 3; allowed: more than k=5 samples"):
            estimate([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], estimator=f"{peer}:k=5")

    def test_parameters_out_of_range_are_refused(self, peer):
        with pytest.raises(ValueError, match=f"{peer}: k is 0; allowed: 1 or more"):
            get_estimator(f"{peer}:k=0")

    def test_the_librarys_release_goes_into_the_key(self, peer, monkeypatch):
        require(peer)
        method, task = get_estimator(peer), get_task("gaussian:mi=1")
        assert version_of(method) == f"1+{peer}-{importlib.metadata.version(peer)}"
        before = make_cell(method, task, 100, 0).key
        release.cache_clear()
        monkeypatch.setattr(importlib.metadata, "version", lambda package: "99.0")
        assert make_cell(method, task, 100, 0).key != before

    def test_without_the_library_it_says_what_to_install(self, peer, monkeypatch):
        found = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == PEERS[peer] else found(name))
        release.cache_clear()
        monkeypatch.setattr(importlib.metadata, "version", _not_found)
        method = get_estimator(peer)
        install = {"scikit-learn": "scikit-learn"}.get(peer, "mibench[peers]")
        assert missing_requirements(method) == f"{peer} needs {PEERS[peer]}: pip install '{install}'"
        with pytest.raises(MissingExtraError, match="pip install"):
            estimate([1.0, 2.0], [2.0, 1.0], estimator=method)
        assert method.fingerprint() == ""


def _not_found(package):
    raise importlib.metadata.PackageNotFoundError(package)


@pytest.mark.parametrize("peer", PEERS)
def test_values_too_large_for_the_library_are_an_error_in_words(peer):
    """Their scaling or their distances overflow, and what the library then says is about values nobody gave it."""
    require(peer)
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"), pytest.raises(InputError, match=f"{peer}: the library refuses these values: "):
        estimate(np.where(rng.normal(size=60) > 0, 1.7e308, -1.7e308), rng.normal(size=60), estimator=peer)
