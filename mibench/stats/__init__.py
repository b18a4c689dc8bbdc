"""Metrics, ranking and comparison."""
