"""Estimators that fit a model of the density."""
