"""A mixture-model estimator, an additive-noise task and a suite for mibench."""
