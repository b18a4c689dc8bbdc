"""Templates of ``mibench new``: texts in which ``$name`` stands for the name given."""
