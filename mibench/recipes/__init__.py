"""Bundled recipes of learning curves, one TOML file each."""
