"""What a board says of an estimator: what it is known not to pass, and the package that brings it."""

from mibench import load_plugin
from mibench.board.definitions import describe_estimator, describe_task
from mibench.registry import ESTIMATORS, forget


def facts(described):
    return dict(described.definition.facts)


def test_expected_failures_stand_beside_the_promises():
    shown = facts(describe_estimator("zero"))
    declared = ESTIMATORS.build("zero").expected_failures
    assert declared
    assert {name: text for name, text in shown.items() if name.startswith("Known")} == {
        f"Known not to pass {check}": reason for check, reason in declared.items()
    }
    assert not any(name.startswith("Known") for name in facts(describe_estimator("ksg")))


def test_a_bound_on_columns_is_shown():
    assert facts(describe_estimator("ennemi"))["Blocks"] == "2, more by the chain rule, of at most 1 column(s)"


def test_only_third_parties_are_shown_with_their_origin(tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text(
        "from dataclasses import dataclass\n"
        "from mibench import Estimate, Estimator, register_estimator\n"
        "@register_estimator('from-a-file')\n"
        "@dataclass(frozen=True)\n"
        "class FromAFile(Estimator):\n"
        "    def estimate(self, *blocks, rng):\n"
        "        return Estimate(0.0)\n"
    )
    load_plugin(path)
    try:
        assert facts(describe_estimator("from-a-file"))["From"] == "the file plugin.py"
    finally:
        forget(ESTIMATORS.get("from-a-file").__module__)
    assert "From" not in facts(describe_estimator("ksg"))
    assert "From" not in facts(describe_task("gaussian:mi=1"))
