import math

import pytest

from mibench.attempt import Attempt
from mibench.board.build import build_board
from mibench.board.selection import Selection

ENVIRONMENTS = {
    "e1": {
        "cpu": "Some CPU", "cores": 4, "memory_gb": 16, "system": "Linux", "machine": "x86_64", "python": "3.11.9",
        "packages": {"mibench": "0.1.0", "numpy": "2.0.0"},
    }
}  # fmt: skip

#: Real estimators, so that their definitions can be looked up; the numbers are made up.
METHODS = {
    "ksg:algorithm=1,k=5,standardize=true,ties=jitter": (0.0, 0.02, 0.05),
    "binning:bins=cochran,correction=none,strategy=equal-frequency": (-0.10, 0.02, 0.005),
    "made-up:level=3": (0.0, 0.20, 1.0),
}


@pytest.fixture(scope="session")
def environments():
    return ENVIRONMENTS


@pytest.fixture(scope="session")
def board_frame(make_frame):
    """Three estimators and zero: ``binning`` fails thrice on one task, ``made-up`` cannot take another."""
    frame = make_frame(METHODS)
    frame["curve"] = None
    frame["attempts"] = 1
    mine = frame["estimator"].str.startswith
    failed = frame.index[mine("binning") & (frame["task"] == "gaussian:dim=1,mi=2.0")][[1, 4, 9]]
    frame.loc[failed, "status"] = "timeout"
    frame.loc[failed, "nats"] = math.nan
    frame.loc[failed, "attempts"] = 2
    refused = frame.index[mine("made-up") & (frame["task"] == "gaussian:dim=5,rho=0.0")]
    frame.loc[refused, "status"] = "unsupported"
    frame.loc[refused, "nats"] = math.nan
    for index in frame.index[mine("ksg") & (frame["seed"] < 2)]:
        frame.at[index, "curve"] = tuple((float(step), 0.01 * step) for step in range(0, 300, 3))
    return frame


@pytest.fixture(scope="session")
def board(board_frame):
    return build_board(Selection("trial", board_frame), ENVIRONMENTS)


@pytest.fixture(scope="session")
def attempts(board_frame):
    """The same as attempts."""
    names = Attempt.__dataclass_fields__
    return [
        Attempt(**{key: _plain(value) for key, value in row.items() if key in names})
        for row in board_frame.to_dict("records")
    ]


def _plain(value):
    return None if isinstance(value, float) and math.isnan(value) else value
