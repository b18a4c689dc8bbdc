"""What every kind of misbehaviour does to its own cell and to those beside it."""

import pytest

import mibench

GOOD = ["sloppy", "gaussian", "zero"]
#: Limits under which a fault of that status shows itself soon, and no other does however busy the machine.
LIMITS = {"timeout": {"timeout_s": 1.0, "seeds": 1}, "oom": {"memory": "300MB", "seeds": 1}}


def _specs(hostile, status):
    return [f"hostile:fault={fault}" for fault, wanted in hostile.STATUSES.items() if wanted == status]


@pytest.fixture(scope="module")
def clean(hostile, tmp_path_factory):
    """The values of the good estimators where nothing misbehaves."""
    frame = mibench.run(
        "quick", estimators=GOOD, tasks=["gaussian:dim=1,mi=1"], samples=[50], seeds=2,
        store=tmp_path_factory.mktemp("clean") / "clean.sqlite", plugins=[hostile.__file__], workers=1, progress=False,
    )  # fmt: skip
    assert set(frame["status"]) == {"ok"}
    return frame.set_index(["estimator", "seed"])


@pytest.mark.parametrize("statuses", [["timeout"], ["oom"], ["crash", "error", "nonfinite", "ok"]])
def test_a_hostile_cell_gets_its_status_and_a_good_one_its_value(hostile, small, clean, strays, statuses):
    bad = {spec: status for status in statuses for spec in _specs(hostile, status) if "flood" not in spec}
    frame = small([*GOOD[:2], *bad, GOOD[2]], **LIMITS.get(statuses[0], {}))
    expected = bad | dict.fromkeys(clean.index.get_level_values(0), "ok")
    assert {(row.estimator, row.status) for row in frame.itertuples()} == set(expected.items())
    for row in frame[~frame["estimator"].str.startswith("hostile")].itertuples():
        undisturbed = clean.loc[(row.estimator, row.seed)]
        assert row.nats == undisturbed["nats"], row.estimator
        assert row.diagnostics == undisturbed["diagnostics"], row.estimator


def test_a_record_says_what_happened(hostile, small):
    faults = ["segfault", "exit_1", "ask_64_gb", "unprintable", "wrong_type", "leave", "recurse", "nan"]
    frame = small([f"hostile:fault={fault}" for fault in faults], seeds=1, timeout_s=100_000.0)
    record = {row.estimator.removeprefix("hostile:fault="): row for row in frame.itertuples()}
    assert (record["segfault"].message, record["segfault"].signal) == ("the process was killed by SIGSEGV", 11)
    assert (record["exit_1"].message, record["exit_1"].exit_code) == ("the process ended with exit code 1", 1)
    assert "Unable to allocate 59.6 GiB" in record["ask_64_gb"].message
    assert record["wrong_type"].message == ("TypeError: hostile.estimate returned 3.0 (float); allowed: an Estimate")
    assert record["leave"].message == "SystemExit: 3"
    assert record["unprintable"].message == "Unprintable"
    assert "unprintable" in record["unprintable"].traceback
    assert len(record["recurse"].traceback) <= 8_000
    assert (record["nan"].message, str(record["nan"].nats)) == ("the estimate is nan", "nan")


def test_output_goes_to_the_record_and_not_to_the_terminal(hostile, small, capfd):
    frame = small(["sloppy", "hostile:fault=flood", "zero"], seeds=1, timeout_s=600.0)
    output = frame.set_index("estimator")["output"]
    assert capfd.readouterr() == ("", "")
    assert output["sloppy"] == "sloppy was here\n"
    assert output["zero"] == ""
    assert len(output["hostile:fault=flood"]) < 65_000
    assert output["hostile:fault=flood"].endswith("\n[cut here]")


def test_who_kills_the_fork_server_is_found_out(hostile, small, strays):
    frame = small(["zero", "murderous", "gaussian"], seeds=1)
    assert {row.estimator.partition(":")[0]: row.status for row in frame.itertuples()} == {
        "zero": "ok", "murderous": "crash", "gaussian": "ok",
    }  # fmt: skip
    assert "fork server" in frame.set_index("estimator").loc["murderous:victim=parent", "message"]


def test_cost_is_of_the_cell_and_not_of_its_workers_history(hostile, small):
    specs = ["spender:megabytes=200,seconds=0.3", "spender:megabytes=20,seconds=0.0"]
    frame = small(specs, workers=1, seeds=2, memory="2GB").set_index("estimator")
    large, little = frame.loc["spender:megabytes=200,seconds=0.3"], frame.loc["spender:megabytes=20,seconds=0.0"]
    assert (large["peak_mb"].between(190, 230)).all()
    assert (little["peak_mb"].between(15, 40)).all()
    assert (large["cpu_s"] >= 0.3).all()
    assert (little["cpu_s"] < 0.3).all()
    assert (frame["wall_s"] > 0).all()
    assert (frame["setup_s"] >= 0.2).all()


def test_prepare_has_a_limit_of_its_own(hostile, small):
    frame = small(["spender:megabytes=1,seconds=0.0"], seeds=1, timeout_s=0.15)
    assert set(frame["status"]) == {"ok"}


def test_a_failure_that_another_cell_may_have_caused_is_repeated_in_a_fresh_process(hostile, small):
    frame = small(["once:how=[error,crash,nan]"], workers=1, seeds=3)
    assert set(frame["status"]) == {"ok"}
    assert set(frame["attempts"]) == {1}


def test_a_value_does_not_depend_on_how_many_workers_there_are(hostile, small, tmp_path):
    estimators = ["sloppy", "parental", "gaussian"]
    one, four = (
        small(estimators, workers=count, store=tmp_path / f"{count}.sqlite", seeds=4).set_index("key")["nats"]
        for count in (1, 4)
    )
    assert one.to_dict() == four.to_dict()
