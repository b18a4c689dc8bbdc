"""Estimators that count nearest neighbours."""
