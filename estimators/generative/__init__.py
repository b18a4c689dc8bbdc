"""Estimators that train a generative model: flows, diffusions, autoencoders."""
