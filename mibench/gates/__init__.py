"""The regression gate: accuracy against a baseline, cost between two interpreters."""
