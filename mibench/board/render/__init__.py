"""The renderers of a board: Markdown, HTML, LaTeX, CSV and JSON."""
