"""Estimators of other packages and programs, wrapped."""
