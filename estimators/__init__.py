"""The built-in estimators, one method per file. Installed as ``mibench.estimators``."""
