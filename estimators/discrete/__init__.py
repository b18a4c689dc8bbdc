"""Estimators from counts of discrete values, or of values put in bins."""
