"""The bundled suites, one TOML file each."""
