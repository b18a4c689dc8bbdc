"""The accuracy gate: paired results of base and head, the permutation test, and the rule for a regression."""
