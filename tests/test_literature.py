"""The page on errors in print: every proof on it runs."""

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "literature.md"


@pytest.mark.slow
def test_every_proof_on_the_page_holds():
    pytest.importorskip("infomeasure")
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 15
    assert found.failed == 0
