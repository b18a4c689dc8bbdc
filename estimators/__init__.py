"""The built-in estimators, one per file. Installed as ``mibench.estimators``."""
