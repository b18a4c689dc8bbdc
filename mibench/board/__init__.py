"""The board: one view-model and its renderers."""
