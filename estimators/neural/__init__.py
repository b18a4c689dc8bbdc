"""Estimators that train a neural network."""
