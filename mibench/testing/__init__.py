"""The conformance kit: tests of the properties that an estimator or a task declares, one at a time.

In a test file of a plugin::

    from mibench.testing import parametrize_with_checks

    @parametrize_with_checks(["my-estimator", "my-estimator:k=3", "my-task"])
    def test_conformance(subject, check):
        check(subject)

In a terminal: ``mibench check my-estimator``. Every check is a function ``check_<property>(subject)`` that raises
:class:`AssertionError` where the property does not hold and :class:`NotClaimed` where it is not declared; its docstring
says what is checked, and its decorator what failing means for a user. Known failures are declared with their reasons in
the class, and one that passes is an error::

    expected_failures = {"check_additivity": "plug-in entropies are biased where most bins are empty"}
"""

from mibench.spec import Specified
from mibench.task import Task

from .behaviour import (
    check_additivity,
    check_ceiling,
    check_data_processing,
    check_direction,
    check_independent_block,
    check_monotone,
    check_monotone_maps,
    check_permutation,
    check_scaling,
    check_swap,
)
from .calibration import (
    check_calibration,
    check_independence,
    check_raw_values,
    check_row_order,
    check_spread,
    check_total_correlation,
    check_uncorrelated_dependence,
)
from .contract import (
    check_docstring,
    check_estimate_many,
    check_expected_failures,
    check_global_random_state,
    check_inputs_not_mutated,
    check_kinds,
    check_many_blocks,
    check_picklable,
    check_same_seed,
    check_shapes,
    check_spec_round_trip,
    check_typed_failure,
)
from .parametrize import parametrize_with_checks
from .sampling import (
    check_agreement,
    check_block_kinds,
    check_declared_dimension,
    check_family,
    check_pointwise,
    check_sample_seeds,
    check_sample_shapes,
    check_substreams,
    check_truth,
)
from .subjects import find_subjects
from .verdict import Check, NotClaimed, Verdict, judge, meaning

_SHARED: tuple[Check, ...] = (
    check_docstring, check_spec_round_trip, check_picklable, check_global_random_state, check_expected_failures,
)  # fmt: skip

#: The checks of an estimator, cheap ones first.
ESTIMATOR_CHECKS: tuple[Check, ...] = (
    *_SHARED, check_shapes, check_same_seed, check_estimate_many, check_inputs_not_mutated, check_kinds,
    check_many_blocks, check_typed_failure,
    check_permutation, check_scaling, check_monotone_maps, check_swap, check_ceiling, check_direction,
    check_independence, check_raw_values, check_calibration, check_spread, check_total_correlation, check_row_order,
    check_uncorrelated_dependence, check_monotone, check_data_processing, check_additivity, check_independent_block,
)  # fmt: skip

#: The checks of a task.
TASK_CHECKS: tuple[Check, ...] = (
    *_SHARED, check_sample_shapes, check_sample_seeds, check_block_kinds, check_declared_dimension, check_truth,
    check_family, check_substreams, check_pointwise, check_agreement,
)  # fmt: skip

__all__ = [
    "ESTIMATOR_CHECKS", "TASK_CHECKS", "Check", "NotClaimed", "Verdict", "checks_of", "find_subjects", "judge",
    "meaning", "parametrize_with_checks", *sorted(check.__name__ for check in {*ESTIMATOR_CHECKS, *TASK_CHECKS}),
]  # fmt: skip


def checks_of(subject: Specified) -> tuple[Check, ...]:
    """Return the checks that apply to an estimator or a task."""
    return TASK_CHECKS if isinstance(subject, Task) else ESTIMATOR_CHECKS
