"""The estimators and tasks to be checked, by the names a person gives."""

from mibench.aliases import resolve
from mibench.errors import MibenchError, SpecError, UnknownNameError, did_you_mean
from mibench.registry import ESTIMATORS, TASKS, Registry
from mibench.spec import Spec, Specified
from mibench.suite import list_suites, load_suite


def find_subjects(text: str) -> list[Specified]:
    """Build every estimator and task that a spec string with or without grids names.

    A bare name of a task that has no defaults stands for the specs by which the suites name it.

    Raises:
        UnknownNameError: neither an estimator nor a task has the name.
        SpecError: no estimator and no task of that name takes the parameters.
    """
    spec = Spec.parse(text)
    registries: list[Registry] = [registry for registry in (ESTIMATORS, TASKS) if registry.named(spec)]
    if not registries:
        if ":" in spec.name:
            resolve("task", spec)
        known = {*ESTIMATORS.names(), *TASKS.names()}
        raise UnknownNameError(f"unknown estimator or task {spec.name!r}{did_you_mean(spec.name, known)}")
    found: list[Specified] = []
    errors: list[SpecError] = []
    for registry in registries:
        try:
            found += [registry.build(one) for one in spec.expand()]
        except SpecError as error:
            errors.append(error)
            found += [] if spec.params or registry is ESTIMATORS else map(registry.build, _suite_specs(spec.name))
    if not found:
        raise errors[0]
    return found


def _suite_specs(name: str) -> list[str]:
    """Return the specs of the task *name* in all suites that can be read, without repeats."""
    found: dict[str, None] = {}
    for suite in list_suites():
        try:
            tasks = load_suite(suite).tasks
        except MibenchError:
            continue
        found |= {str(one): None for text in tasks for one in Spec.parse(text).expand() if one.name == name}
    return list(found)
