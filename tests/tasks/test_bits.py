"""Samples are the same to the last bit whichever kernels BLAS and NumPy choose for the processor."""

import os
import subprocess
import sys

import pytest

SAMPLES = {
    "dimension-scaling:dim=20,mode=embedded,mi=1,signal_dims=2": "780652d2375974f5",
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
