import numpy as np
import pytest

from mibench import estimate, get_estimator, get_task


@pytest.mark.parametrize(
    "task", ["gaussian:mi=20", "binary-gaussian", "total-correlation:dim=4,kind=equicorrelated,rho=0.5"]
)
def test_is_the_constant_0_on_any_number_and_kind_of_blocks(task):
    found = estimate(*get_task(task).sample(50), estimator="zero")
    assert found.nats == 0
    assert found.stderr is None


def test_takes_whatever_can_be_taken():
    tags = get_estimator("zero").tags
    assert tags.max_blocks is None
    assert tags.kinds == {"continuous", "discrete", "mixed"}
    assert tags.deterministic


def test_leaves_its_input_alone():
    x = np.arange(6.0).reshape(3, 2)
    x.flags.writeable = False
    assert get_estimator("zero").estimate(x, x, rng=np.random.default_rng(0)).nats == 0
