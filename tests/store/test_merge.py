import itertools

import pytest

from mibench.errors import StoreError
from mibench.store import Skipped, Store, read_attempts, read_definitions, read_environments, read_frame
from mibench.store.interchange import write_jsonl
from mibench.store.merge import merge


def texts(path):
    return sorted(attempt.to_json() for attempt in read_attempts(path))


@pytest.fixture
def parts(make_attempt, tmp_path):
    """Three stores, one of them JSONL, that overlap; one cell of them in conflict."""
    cells = [make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, seed, nats=0.5 + seed / 9) for seed in range(9)]
    rival = make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, 4, nats=7.0, finished_at="2026-03-31T00:00:00Z")
    paths = []
    for name, attempts in {"a": cells[:5], "b": [*cells[3:7], rival]}.items():
        paths.append(tmp_path / f"{name}.sqlite")
        with Store(paths[-1]) as store:
            store.add_environment({"machine": name})
            store.extend(attempts)
    paths.append(tmp_path / "c.jsonl")
    write_jsonl(paths[-1], cells[5:], {"e1": {"machine": "c"}})
    return paths, [*cells, rival]


@pytest.mark.parametrize("suffix", [".sqlite", ".jsonl"])
def test_a_merge_loses_nothing_counts_nothing_twice_and_can_be_repeated(parts, tmp_path, suffix):
    sources, attempts = parts
    expected = sorted(attempt.to_json() for attempt in attempts)
    for number, order in enumerate(itertools.permutations(sources)):
        target = tmp_path / f"merged-{number}{suffix}"
        first = merge(order, target)
        assert (first.added, first.known) == (10, 4)
        assert texts(target) == expected
        again = merge([*order, target], target)
        assert again.added == 0
        assert texts(target) == expected
        assert len(read_environments(target)) == 3


def test_conflicts_are_reported_and_the_latest_counts(parts, tmp_path):
    sources, _ = parts
    merged = merge(sources, tmp_path / "merged.sqlite")
    assert len(merged.conflicts) == 1
    assert "ksg on gaussian:dim=1,mi=0.5, n = 100, seed 4: ok 0.94" in merged.conflicts[0]
    assert merged.conflicts[0].endswith("and ok 7.0")
    row = read_frame(tmp_path / "merged.sqlite").set_index("seed").loc[4]
    assert (row["nats"], row["attempts"]) == (7.0, 2)


def test_attempts_that_agree_are_no_conflict(make_attempt, tmp_path):
    for name, day in (("a", 1), ("b", 2)):
        attempt = make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, 0, finished_at=f"2026-03-0{day}T00:00:00Z")
        write_jsonl(tmp_path / f"{name}.jsonl", [attempt], {})
    merged = merge([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "c.jsonl")
    assert (merged.added, merged.conflicts) == (2, [])


def test_values_that_are_no_number_agree(make_attempt, tmp_path):
    """NaN differs from itself, but two cells that both came to it do not disagree."""
    for name, day in (("a", 1), ("b", 2)):
        when = f"2026-03-0{day}T00:00:00Z"
        attempt = make_attempt(
            "ksg", "gaussian:dim=1,mi=0.5", 100, 0, status="nonfinite", nats=float("nan"), finished_at=when
        )
        write_jsonl(tmp_path / f"{name}.jsonl", [attempt], {})
    assert merge([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "c.sqlite").conflicts == []


def test_attempts_are_added_in_the_order_in_which_they_finished(make_attempt, tmp_path):
    """So that whoever reads a store in the order of its rows, as SQL does, finds the last attempt of a cell last."""
    for seed in range(3):
        when = f"2026-03-0{3 - seed}T00:00:00Z"
        attempt = make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, seed, finished_at=when)
        write_jsonl(tmp_path / f"{seed}.jsonl", [attempt], {})
    merge([tmp_path / f"{seed}.jsonl" for seed in range(3)], tmp_path / "all.sqlite")
    assert [attempt.seed for attempt in read_attempts(tmp_path / "all.sqlite")] == [2, 1, 0]


def test_a_missing_source_leaves_the_target_alone(parts, tmp_path):
    sources, _ = parts
    with pytest.raises(StoreError, match=r"nowhere.sqlite' does not exist"):
        merge([*sources, tmp_path / "nowhere.sqlite"], tmp_path / "merged.sqlite")
    assert not (tmp_path / "merged.sqlite").exists()


class TestDefinitions:
    """What a run was asked goes wherever its results go, so that a board does not follow the suite's file."""

    ASKED = {"name": "trial", "tasks": ["gaussian:dim=1,mi=0.5"], "seeds": 2}

    @pytest.fixture
    def store(self, make_attempt, tmp_path):
        with Store(tmp_path / "a.sqlite") as store:
            store.start_run("trial", {**self.ASKED, "seeds": 1}, "e")
            store.start_run("trial", self.ASKED, "e")
            store.extend([make_attempt("ksg", "gaussian:dim=1,mi=0.5", 100, 0)])
        return tmp_path / "a.sqlite"

    def test_they_go_from_store_to_file_to_store(self, store, tmp_path):
        merge([store], tmp_path / "b.jsonl")
        merge([tmp_path / "b.jsonl"], tmp_path / "c.sqlite")
        merge([tmp_path / "b.jsonl", tmp_path / "c.sqlite"], tmp_path / "c.sqlite")
        for path in (store, tmp_path / "b.jsonl", tmp_path / "c.sqlite"):
            assert read_definitions(path) == [("trial", {**self.ASKED, "seeds": 1}), ("trial", self.ASKED)]

    def test_equal_ones_are_written_once_and_the_last_run_stays_last(self, tmp_path):
        asked = [("trial", {"seeds": seeds}) for seeds in (1, 2, 1)]
        write_jsonl(tmp_path / "a.jsonl", [], {}, asked)
        assert read_definitions(tmp_path / "a.jsonl") == asked[1:]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('{"suite": 3, "definition": {}}', "suite is 3"),
            ('{"suite": "trial", "definition": [1]}', "definition is"),
            ('{"definition": {}}', "suite is None"),
        ],
    )
    def test_a_malformed_one_is_named(self, store, tmp_path, line, message):
        merge([store], tmp_path / "b.jsonl")
        with (tmp_path / "b.jsonl").open("a") as file:
            file.write(line + "\n")
        with pytest.raises(StoreError, match=message):
            read_definitions(tmp_path / "b.jsonl")
        skipped = Skipped()
        assert len(list(read_attempts(tmp_path / "b.jsonl", skipped))) == 1
        assert skipped.count == 1
        assert len(read_definitions(tmp_path / "b.jsonl", skipped)) == 2

    def test_a_definition_that_has_been_damaged_in_a_store_is_passed_over(self, store):
        import sqlite3

        with sqlite3.connect(store) as connection:
            connection.execute("UPDATE runs SET definition = '[' WHERE id = 1")
        assert read_definitions(store) == [("trial", self.ASKED)]
