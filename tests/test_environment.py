"""The environment of a measuring process."""

import json
import os
import subprocess
import sys

from mibench.environment import SINGLE_THREAD
from mibench.gates.cost import interpreters

#: From the documentation of OpenMP, OpenBLAS, oneMKL, BLIS, Apple's Accelerate, Numba and NumExpr.
DOCUMENTED = {
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS",
}  # fmt: skip


def test_one_thread_is_asked_of_every_library_by_its_documented_variable():
    assert dict.fromkeys(DOCUMENTED, "1") == SINGLE_THREAD


def test_both_interpreters_of_the_cost_gate_get_them():
    assert SINGLE_THREAD.items() <= interpreters._environment().items()


def test_the_libraries_at_hand_obey():
    code = (
        "import json, numba, numpy, scipy.linalg, threadpoolctl; "
        "pools = [pool['num_threads'] for pool in threadpoolctl.threadpool_info()]; "
        "print(json.dumps([numba.get_num_threads(), *pools]))"
    )
    environment = {**os.environ, **SINGLE_THREAD}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert set(json.loads(result.stdout)) == {1}
