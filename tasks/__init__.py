"""The built-in tasks, one family per file. Installed as ``mibench.tasks``."""
