"""The cost gate: interleaved timings of two interpreters, and the statistics of their ratios."""
