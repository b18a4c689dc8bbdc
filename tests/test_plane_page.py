"""The page on the information plane: its numbers are the truths of today, its commands draw its figures."""

import re
from pathlib import Path

import pytest

from mibench import get_estimator, get_task

DOCS = Path(__file__).parents[1] / "docs"
PAGE = " ".join((DOCS / "information-plane.md").read_text(encoding="utf-8").split())
#: What stands on the page, and of which network, layer, epochs and pair it is.
SAID = [
    ("I(T₅; Y) grows from 0.000 to 0.233", "binary", 5, (0, 3000), "ty"),
    ("I(T₁; Y) from 0.007 to 0.339", "binary", 1, (0, 3000), "ty"),
    ("I(X; T₃) falls from 0.401 (epoch 10) to 0.307", "binary", 3, (10, 100), "xt"),
    ("I(T₃; Y) grows from 0.075 to 0.150", "binary", 3, (10, 100), "ty"),
    ("I(X; T₁) from 0.863 to 4.730", "binary", 1, (0, 3000), "xt"),
    ("from 8.310 to 6.747 (epoch 3), 7.932 (epoch 30) and 7.201", "quantised", 5, (0, 3, 30, 3000), "xt"),
    ("I(X; T₁) falls from 9.275 to 8.372", "linear", 1, (1000, 3000), "xt"),
    ("I(T₁; Y) still grows, from 1.884 to 1.902", "linear", 1, (1000, 3000), "ty"),
]


@pytest.mark.parametrize(("words", "net", "layer", "epochs", "pair"), SAID)
def test_the_numbers_are_the_truths(words, net, layer, epochs, pair):
    assert words in PAGE
    truths = [
        get_task(f"information-plane:net={net},layer={layer},epoch={epoch},pair={pair}").truth.nats for epoch in epochs
    ]
    assert re.findall(r"\d\.\d+", words) == [f"{nats:.3f}" for nats in truths]


def test_each_figure_stands_with_the_command_that_draws_it():
    figures = re.findall(r"\]\((figures/plane-(\w+)\.svg)\) \*`(mibench plane (\w+) [^`]*-o docs/figures)`\*", PAGE)
    assert [net for _, net, _, _ in figures] == ["binary", "quantised", "noisy"]
    for file, net, command, named in figures:
        assert net == named
        svg = (DOCS / file).read_text(encoding="utf-8")
        for spec in re.findall(r"-e (\S+)", command):
            assert f">{get_estimator(spec).label}<" in svg
