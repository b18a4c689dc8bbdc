"""The long description of the package: the README without what only a checkout can follow."""

import re
from pathlib import Path

from setuptools import setup

_RELATIVE = r"\[([^\]]*)\]\((?!https?://)[^)]*\)"


def standalone(markdown: str) -> str:
    """Return a Markdown text without images and links to files beside it; the words of a link stay."""
    without_images = re.sub(rf"^!{_RELATIVE}\n+", "", markdown, flags=re.MULTILINE)
    return re.sub(_RELATIVE, r"\1", without_images)


if __name__ == "__main__":
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    setup(long_description=standalone(readme), long_description_content_type="text/markdown")
