import numpy as np
import pytest
from scipy.linalg import subspace_angles

from mibench import Block, estimate, get_estimator, get_task
from mibench.cell import too_wide
from mibench.errors import InputError, SpecError
from mibench.estimators.density.projected import Projected, canonical_maps


def run(*blocks, seed=0, **parameters):
    return Projected(**parameters).estimate(*blocks, rng=np.random.default_rng(seed))


def test_principal_components_are_those_of_the_correlation_matrix():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 5)) * [1, 10, 1e3, 1e-6, 1]
    y = rng.normal(size=(300, 2)) + x[:, :2] / [1, 10]
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    _, _, right = np.linalg.svd(scaled, full_matrices=False)
    for base in ("ksg", "gaussian"):
        expected = estimate(scaled @ right[:2].T, y, estimator=base).nats
        assert estimate(x, y, estimator=f"projected:base=({base}),to=2").nats == pytest.approx(expected, abs=1e-9)


def test_canonical_maps_are_those_of_the_eigenvalue_problem():
    x, y = get_task("multivariate-normal:dim_x=4,dim_y=3,structure=dense,rho=0.4").sample(500)
    x = x @ np.random.default_rng(1).normal(size=(4, 4))
    scaled = [(block - block.mean(axis=0)) / block.std(axis=0) for block in (x, y)]
    n = len(x)
    xx, yy, xy = scaled[0].T @ scaled[0] / n, scaled[1].T @ scaled[1] / n, scaled[0].T @ scaled[1] / n
    roots, vectors = np.linalg.eig(np.linalg.solve(xx, xy) @ np.linalg.solve(yy, xy.T))
    leading = vectors[:, np.argsort(-roots.real)[:2]].real
    first, second = canonical_maps([x, y], 2)
    assert subspace_angles(first, leading).max() < 1e-6
    assert second.shape == (3, 2)
    assert canonical_maps([x, y], 3)[1] is None


def test_canonical_directions_of_as_many_columns_as_there_are_keep_everything():
    """Gaussian information is invariant under linear maps, and lies in the canonical pairs."""
    x, y = get_task("multivariate-normal:dim_x=5,dim_y=2,structure=dense,rho=0.4").sample(800)
    found = run(x, y, base=get_estimator("gaussian"), to=2, by="cca", seed=3)
    halves = np.array_split(np.random.default_rng(3).permutation(800), 2)
    for (known, rest), half in zip((halves, halves[::-1]), found.diagnostics["halves"], strict=True):
        direction = canonical_maps([x[known], y[known]], 2)[0]
        projected = x[rest] / x[known].std(axis=0) @ direction
        assert half == pytest.approx(estimate(projected, y[rest], estimator="gaussian").nats, abs=1e-10)
    assert found.nats == pytest.approx(np.mean(found.diagnostics["halves"]), abs=1e-15)


def test_directions_and_values_come_from_different_rows():
    """In-sample canonical correlations of 20 + 20 independent columns are far from 0 at n = 200."""
    x, y = np.random.default_rng(2).normal(size=(2, 200, 20))
    maps = canonical_maps([x, y], 1)
    inside = estimate(x @ maps[0], y @ maps[1], estimator="gaussian").nats
    assert inside > 0.15
    found = [
        run(x, y, base=get_estimator("gaussian:correction=wishart"), to=1, by="cca", seed=s).nats for s in range(5)
    ]
    assert abs(np.mean(found)) < 0.03


def test_finds_what_is_hidden_in_many_columns():
    task = get_task("hidden-structure:dim=12,signal_dims=2,mi=1")
    pairs = [task.sample(1500, seed) for seed in range(3)]
    direct = np.mean([estimate(*pair, estimator="ksg").nats for pair in pairs])
    found = np.mean([run(*pair, by="cca").nats for pair in pairs])
    assert direct < 0.7
    assert found == pytest.approx(task.truth.nats, abs=0.12)


def test_narrow_blocks_are_left_alone():
    x, y = get_task("gaussian:dim=2,mi=1").sample(300)
    for by in ("pca", "cca"):
        assert run(x, y, by=by).nats == estimate(x, y, estimator="ksg").nats


def test_a_base_of_one_column_takes_any():
    peer = get_estimator("projected:base=(scikit-learn),to=1")
    assert peer.base.get_tags().max_dim == 1
    assert peer.get_tags().max_dim is None
    assert too_wide(peer, [Block(30), Block(2)]) is None
    wide = Projected(base=peer.base, to=2)
    assert "cannot take a block of 2 columns" in too_wide(wide, [Block(30), Block(2)])
    assert get_estimator("projected").sees([Block(30, "discrete"), Block(1)]) == (Block(2, "discrete"), Block(1))


def test_promises():
    assert get_estimator("projected").get_tags().direction == "lower bound"
    assert get_estimator("projected:base=(gaussian)").get_tags().invariances == {"permutation", "scaling", "swap"}
    cca = get_estimator("projected:base=(gaussian),by=cca").get_tags()
    assert (cca.deterministic, cca.invariances) == (False, {"scaling", "swap"})


def test_mistakes_are_refused():
    with pytest.raises(SpecError, match="to is 0; allowed: 1 or more"):
        get_estimator("projected:to=0")
    x, y = get_task("gaussian:dim=20,mi=1").sample(80)
    with pytest.raises(InputError, match="n is 80 with 40 columns; allowed: more than 80 for by=cca"):
        run(x, y, by="cca")
