"""The looks of estimators: told apart by the colour-blind, and in grey."""

import itertools

import numpy as np
import pytest

from mibench.board.build import build_board
from mibench.board.figures.style import _PLACES, COLOURS, REFERENCE_COLOUR, SHAPES, Style, looks
from mibench.board.selection import Selection

#: What linear RGB becomes without one kind of cone: Machado, Oliveira and Fernandes (2009), DOI 10.1109/TVCG.2009.113.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, seen):
    """CIE L*a*b* of a colour as someone sees it."""
    encoded = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(seen @ linear, 0, 1) / XYZ.sum(axis=1)
    f = [np.cbrt(value) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_colours_are_told_apart(vision):
    seen = {colour: lab(colour, VISION[vision]) for colour in (*COLOURS, REFERENCE_COLOUR)}
    assert len(seen) == len(COLOURS) + 1 >= 13
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) > 9, (one, other)


def test_twelve_estimators_differ_in_colour_and_in_grey(make_frame, environments):
    methods = {f"method-{letter}": (0.0, 0.1, 1.0) for letter in "abcdefghijkl"}
    tasks = {"gaussian:dim=1,mi=1.0": ("gaussian", 1.0)}
    style = Style(build_board(Selection("trial", make_frame(methods, tasks)), environments))
    for channel in (style.colour(), style.shape()):
        assert len(set(channel.to_dict()["scale"]["range"])) == 13


def test_colour_and_shape_together_do_not_repeat():
    count = len(COLOURS) * len(SHAPES)
    looks = {(COLOURS[index % len(COLOURS)], SHAPES[index % len(SHAPES)]) for index in range(count)}
    assert len(looks) == count


def test_an_estimator_looks_the_same_on_every_board():
    """Whatever stands beside it: names that boards have in common keep their places, others their own."""
    small = looks(["ksg", "mine", "zero", "made-up"])
    large = looks(["binning", "gaussian", "infonce", "ksg", "ksg:k=3", "mine", "zero", "made-up", "chain-rule"])
    assert {label: large[label] for label in small} == small
    assert len(set(_PLACES.values())) == len(_PLACES)


def test_the_order_of_the_board_changes_no_look():
    labels = ["ksg:k=3", "ksg", "alpha", "beta", "gamma:x=1", "zero"]
    assert looks(labels) == looks(labels[::-1])


def test_variants_share_the_hue_and_differ_in_shape():
    found = looks(["ksg", "ksg:k=3", "ksg:k=10", "ksg:algorithm=2"])
    assert len({look.shape for look in found.values()}) == 4
    blue = [look.colour for look in found.values()]
    for colour in blue:
        red, green, light = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert light > green > red


def test_forty_estimators_differ_in_colour_and_shape_together():
    names = [f"method-{number}" for number in range(30)] + [f"ksg:k={k}" for k in range(1, 11)]
    found = looks(names)
    assert len({(look.colour, look.shape) for look in found.values()}) >= 38
