"""What the package promises, and the values it is known to be right on."""

import numpy as np
import pytest

from mibench import estimate, get_task
from mibench.testing import parametrize_with_checks


@parametrize_with_checks(["gaussian-mixture", "uniform-noise", "uniform-noise:epsilon=0.75"])
def test_it_keeps_its_promises(subject, check):
    check(subject)


def test_one_component_is_the_closed_form_for_gaussians():
    x, y = get_task("gaussian:dim=2,mi=1").sample(1000)
    one = estimate(x, y, estimator="gaussian-mixture:components=1").nats
    assert one == pytest.approx(estimate(x, y, estimator="gaussian").nats, abs=1e-3)


@pytest.mark.parametrize("epsilon", [0.05, 0.5, 2.0])
def test_the_truth_is_the_integral_of_the_trapezoid(epsilon):
    y = np.linspace(-epsilon, 1 + epsilon, 2_000_001)[1:-1]
    density = np.minimum.reduce([y + epsilon, 1 + epsilon - y, np.full_like(y, min(1, 2 * epsilon))]) / (2 * epsilon)
    entropy = -np.mean(density * np.log(density)) * (1 + 2 * epsilon)
    truth = get_task(f"uniform-noise:epsilon={epsilon}").truth.nats
    assert entropy - np.log(2 * epsilon) == pytest.approx(truth, abs=1e-5)
