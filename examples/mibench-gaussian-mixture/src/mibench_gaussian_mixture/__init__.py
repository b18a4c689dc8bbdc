"""A mixture-model estimator, a uniform-noise task and a suite for mibench."""
