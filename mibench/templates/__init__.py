"""What ``mibench new`` writes: texts in which ``$name`` stands for the name given."""
