import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mibench import estimate, get_estimator, get_task  # noqa: E402
from mibench.estimators.neural._scores import Scores  # noqa: E402


def run(spec, blocks, seed=0):
    return get_estimator(spec).estimate(*blocks, rng=np.random.default_rng(seed))


def bound(matrix):
    return get_estimator("infonce").bound(Scores(matrix.diagonal(dim1=1, dim2=2)), Scores(matrix))


def test_bound_by_hand():
    by_hand = (math.log(2 / 1.5) + math.log(3 / 2)) / 2
    assert bound(torch.log(torch.tensor([[[2.0, 1.0], [1.0, 3.0]]]))).tolist() == pytest.approx([by_hand], abs=1e-6)


@pytest.mark.parametrize("rows", [2, 7, 50])
def test_bound_never_exceeds_the_logarithm_of_its_rows_and_reaches_it(rows):
    random = 30 * torch.randn((1, rows, rows), generator=torch.Generator().manual_seed(rows))
    perfect = 100 * torch.eye(rows)[None]
    assert bound(random).item() < math.log(rows)
    assert bound(perfect).item() == pytest.approx(math.log(rows), rel=1e-5)


def test_ceiling_is_the_logarithm_of_the_report_batch():
    method = get_estimator("infonce")
    assert method.ceiling(1000) == math.log(200)
    assert method.ceiling(250) == pytest.approx(math.log(50), rel=1e-15)
    assert method.ceiling(252) == pytest.approx((2 * 51 * math.log(51) + 3 * 50 * math.log(50)) / 252, rel=1e-15)


@pytest.mark.parametrize("n", [103, 252, 1000])
def test_ceiling_stands_in_the_diagnostics(n):
    method = get_estimator("infonce:max_steps=10")
    found = run(method.spec, get_task("gaussian:dim=1,mi=0.5").sample(n))
    assert found.diagnostics["ceiling"] == pytest.approx(method.ceiling(n), rel=1e-12)


def test_no_value_exceeds_the_ceiling_however_strong_the_dependence():
    x = np.random.default_rng(0).normal(size=(120, 1))
    found = run("infonce:max_steps=400", (x, x))
    assert 1 < found.nats <= found.diagnostics["ceiling"] + 1e-12


def test_more_than_two_blocks_are_lifted_by_the_chain_rule():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, 1))
    blocks = [z + rng.normal(size=(300, 1)) for _ in range(3)]
    assert get_estimator("infonce").tags.max_blocks == 2
    assert estimate(*blocks, estimator="infonce:max_steps=200").nats == pytest.approx(0.35, abs=0.15)
