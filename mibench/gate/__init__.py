"""The regression gate: red when accuracy or cost got worse, and at no other time."""
