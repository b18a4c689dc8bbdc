"""Estimators that hold another and hand it other data: what they take over from it."""

from mibench import Estimator, Tags


class Wrapper(Estimator):
    """Base of the estimators with another among their parameters, ``base``: by default they promise what it does."""

    base: Estimator

    def get_tags(self) -> Tags:
        """Return the base's."""
        return self.base.get_tags()

    @property
    def expected_failures(self) -> dict[str, str]:  # type: ignore[override]
        """The base's, but for its docstring."""
        inherited = {name: why for name, why in self.base.expected_failures.items() if name != "check_docstring"}
        return {name: f"{why} ({self.base.label})" for name, why in inherited.items()}

    def prepare(self) -> None:
        """Prepare the base."""
        self.base.prepare()

    def ceiling(self, n: int) -> float | None:
        """Return the base's."""
        return self.base.ceiling(n)
