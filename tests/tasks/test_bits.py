"""Samples are the same to the last bit whichever kernels BLAS and NumPy choose for the processor."""

import os
import subprocess
import sys

import pytest

GAUSSIAN = "base=(gaussian:dim=3,mi=2)"
UNIFORM = "base=(normal-cdf:base=(gaussian:rho=0.75))"
SAMPLES = {
    "dimension-scaling:dim=20,mode=embedded,mi=1,signal_dims=2": "780652d2375974f5",
    f"rotation:{GAUSSIAN}": "157ba9f0da3bf959",
    f"spiral:{GAUSSIAN}": "c9d722ddaeba4729",
    f"half-cube:{GAUSSIAN}": "36f089a3efa62c6c",
    f"normal-cdf:{GAUSSIAN}": "42fc733c26520178",
    f"asinh:{GAUSSIAN}": "420cbe3ab178cb60",
    f"wiggly:{GAUSSIAN}": "83e713a3d2572539",
    f"swiss-roll:{UNIFORM}": "3290d2fb4dd0b852",
    f"marginals:{UNIFORM},to=exponential": "65e7f04c329b806a",
    f"marginals:{UNIFORM},to=laplace": "57c957d75b61d2ce",
    f"marginals:{UNIFORM},to=lognormal": "31a2fca5731d8539",
    f"marginals:{UNIFORM},to=pareto": "7d49b09e00dfc40f",
    f"marginals:{UNIFORM},to=cauchy": "50662ab6c50c7939",
    f"marginals:{UNIFORM},to=bimodal": "1079886c514512dd",
}
CODE = """
import hashlib, sys
from mibench import get_task
for spec in sys.argv[1:]:
    print(hashlib.sha256(b"".join(block.tobytes() for block in get_task(spec).sample(500))).hexdigest()[:16])
"""


def hashes(**environment):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *SAMPLES], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_CORETYPE": "Prescott"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512_SKX"},
    ],
    ids=lambda environment: " ".join(environment.values()) or "default",
)
def test_a_sample_is_the_same_on_every_processor(environment):
    assert dict(zip(SAMPLES, hashes(**environment), strict=True)) == SAMPLES
