import json

import numpy as np
import pytest

from mibench import estimate, get_task
from mibench.generalisation import CompressionBound


def test_given_numbers_in_bits(cli):
    result = cli("bound", "--mi", "4", "--mi", "8", "--mi", "11", "--bits", "--rows", "3277")
    assert result.code == 0, result.err
    for text in ("0.05384", "0.1988", "0.5594", "unproven heuristic", "vacuous from 1", "m = 3,277"):
        assert text in result.out


def test_given_numbers_are_nats_by_default(cli):
    result = json.loads(cli("bound", "--mi", "2", "--rows", "50", "--delta", "0.1", "--json").out)
    (found,) = result["bounds"]
    assert found["epsilon"] == pytest.approx(CompressionBound(2.0, 50, 0.1).epsilon)
    assert (result["proven"], found["vacuous"], found["nats"]) == (False, False, 2.0)


def test_what_is_vacuous_is_called_so(cli):
    assert "nothing (vacuous)" in cli("bound", "--mi", "9", "--rows", "50").out


def test_from_data(cli, tmp_path):
    blocks = get_task("gaussian:dim=2,mi=1").sample(400)
    np.save(tmp_path / "data.npy", np.hstack(blocks))
    options = ["--x", "0:2", "--z", "2:4", "-e", "ksg", "-e", "gaussian", "--json"]
    result = json.loads(cli("bound", tmp_path / "data.npy", *options).out)
    assert result["rows"] == 400
    for each, name in zip(result["bounds"], ("ksg", "gaussian"), strict=True):
        nats = estimate(*blocks, estimator=name).nats
        assert each["nats"] == pytest.approx(nats, abs=1e-12)
        assert each["epsilon"] == pytest.approx(CompressionBound(nats, 400).epsilon)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mi", "1"], "--rows is missing beside --mi"),
        ([], "--mi and FILE: allowed is one of them"),
        (["data.npy", "--mi", "1", "--rows", "5"], "--mi and FILE: allowed is one of them"),
        (["data.npy", "--bits"], "--bits given; allowed: with --mi"),
        (["--mi", "1", "--rows", "5", "-e", "ksg"], "--x, --z and -e given; allowed: with FILE"),
        (["data.npy", "--x", "0"], "1 block(s) of columns given; allowed: two"),
        (["--mi", "1", "--rows", "0"], "rows is 0; allowed: 1 or more"),
        (["--mi", "1", "--rows", "9", "--delta", "2"], "delta is 2.0; allowed"),
    ],
)
def test_mistakes_are_one_line(cli, arguments, message):
    assert message in cli("bound", *arguments).complaint
