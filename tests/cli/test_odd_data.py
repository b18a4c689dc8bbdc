"""Files as people have them, and some that mean harm: what the commands on tables and bounds make of them."""

import gzip
import io
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mibench import dependence
from mibench.datafile import read_blocks, read_columns
from mibench.dependence_view import check_stem, render_csv
from mibench.errors import InputError, StoreError, did_you_mean
from mibench.files import check_folder
from mibench.generalisation import CompressionBound

N = 40
ESCAPES = "\x1b[31mred\x1b[0m\x07"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write columns to ``data.csv`` or another file in the working directory, beside x and y, and return its name."""
    monkeypatch.chdir(tmp_path)
    x, noise = np.random.default_rng(0).normal(size=(2, N))

    def write(name="data.csv", **columns):
        frame = pd.DataFrame({"x": x, "y": x + noise, **columns})
        frame.to_parquet(name) if name.endswith(".parquet") else frame.to_csv(name, index=False)
        return name

    return write


class TestEscapes:
    """Escape sequences in data never reach the terminal."""

    @pytest.mark.parametrize("command", ["estimate", "matrix", "rank", "info"])
    def test_in_results_and_messages(self, cli, table, command):
        file = table(**{ESCAPES: np.arange(N) % 7, "k\x9b2J": 1})
        arguments = {
            "estimate": [file, "--x", ESCAPES, "--y", "x"], "matrix": [file], "rank": [file, "-y", ESCAPES],
            "info": [ESCAPES],
        }[command]  # fmt: skip
        done = cli(command, *arguments)
        assert "red" in done.out + done.err
        assert not {"\x1b", "\x07", "\x9b"} & set(done.out + done.err)

    def test_in_the_names_of_columns_that_are_offered(self, cli, table):
        assert "red�" in cli("estimate", table(**{ESCAPES: 1}), "--x", "qqqq", "--y", "x").complaint

    def test_in_json(self, cli, table):
        assert "\\u009b" in cli("rank", table(**{"k\x9b2J": 1}), "-y", "x", "--json").out

    def test_in_a_heat_map_and_formulas_in_its_table(self, cli, table):
        done = cli("matrix", table(**{ESCAPES: np.arange(N) % 7, "=1+1": np.arange(N)}), "-o", "deep/er/m")
        assert done.code == 0, done.err
        assert "red�" in Path("deep/er/m.svg").read_text()
        assert Path("deep/er/m.csv").read_text().startswith(",x,y,red�,'=1+1\n")


class TestColumns:
    """What a column may hold, and what the message says of one that cannot be used."""

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ([2**62 + i for i in range(N)], "40 different ones float64 tells 1 apart; allowed: up to 2**53"),
            ([2**70 + i for i in range(N)], "40 different ones float64 tells 1 apart; allowed: up to 2**53"),
            (["same"] * N, "column 'c' is constant (0)"),
            ([np.nan] * N, "column 'c' holds no value"),
            ([np.inf] * N, "column 'c' holds inf in row 0"),
        ],
    )
    def test_what_cannot_be_used_is_named_with_its_column(self, cli, table, values, message):
        file = table(c=values)
        found = cli("estimate", file, "--x", "c", "--y", "x").complaint
        assert message in found
        assert file in found
        assert message in read_columns(file)[1]["c"]

    def test_large_whole_numbers_that_stay_apart_are_taken(self, table):
        assert read_blocks(table(c=[2**60 * i for i in range(1, N + 1)]), [["c"], ["x"]])[0][1, 0] == 2.0**61

    def test_a_whole_array_in_a_npy_file_is_told_apart_too(self, table, tmp_path):
        np.save(tmp_path / "a.npy", np.column_stack([2**62 + np.arange(N), np.arange(N)]))
        with pytest.raises(InputError, match="column 0 holds whole numbers"):
            read_blocks(tmp_path / "a.npy", [["0"], ["1"]])

    def test_a_declared_order_is_kept(self, table):
        steps = pd.Categorical(["lo", "mid", "hi", None] * (N // 4), ["lo", "mid", "hi"], ordered=True)
        file, notes = table("data.parquet", c=steps), []
        found = read_columns(file, ["c"], drop_missing=True, tell=notes.append)[0]["c"]
        np.testing.assert_array_equal(found[:4], [0, 1, 2, np.nan])
        assert notes == ["column 'c' holds ordered categories: numbered in their order"]

    def test_spans_of_time_are_days(self, table):
        file = table("data.parquet", c=pd.to_timedelta(np.arange(N) * 12, unit="h"))
        assert read_columns(file, ["c"])[0]["c"][3] == 1.5

    @pytest.mark.parametrize("value", [[1, 2], b"ab"])
    def test_lists_and_bytes_are_no_categories(self, cli, table, value):
        file = table("data.parquet", c=[value] * N)
        assert "allowed: numbers, dates or text" in cli("estimate", file, "--x", "c", "--y", "x").complaint

    def test_a_name_that_several_columns_have_is_said_to_stand_for_the_first(self, cli, table):
        text = Path(table(z=np.arange(N))).read_text().replace("x,y,z", "x,x,z")
        Path("twice.csv").write_text(text)
        done = cli("estimate", "twice.csv", "--x", "x", "--y", "z")
        assert done.code == 0
        assert "2 columns are called 'x': it stands for the first; the next is 'x.1'" in done.err

    @pytest.mark.parametrize("rows", [0, 1])
    def test_too_few_rows(self, cli, table, rows):
        pd.read_csv(table()).head(rows).to_csv("few.csv", index=False)
        counted = "1 row" if rows else "0 rows"
        assert cli("estimate", "few.csv", "--x", "x", "--y", "y").complaint == (
            f"few.csv has {counted} of data; allowed: at least 2"
        )

    def test_all_rows_left_out(self, cli, table):
        done = cli("estimate", table(c=np.nan), "--x", "c", "--y", "x", "--drop-missing")
        assert done.complaint == "data.csv: 0 of 40 rows have a value in every column; allowed: at least 2"

    def test_a_folder_is_not_said_to_be_missing(self, cli, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "data.csv").mkdir()
        assert "'data.csv' is no regular file" in cli("matrix", "data.csv").complaint

    def test_of_many_names_a_hundred_are_offered(self):
        found = did_you_mean("qqqqqq", [f"c{number}" for number in range(300)])
        assert found.count(",") == 100
        assert found.endswith("… (300 in all)")


class TestStandardInput:
    @pytest.mark.parametrize(
        "content", ["x,é\n1,2".encode("latin1"), "x,y\n1,2\n".encode("utf-16"), gzip.compress(b"x")]
    )
    def test_what_is_no_text_in_utf_8(self, cli, monkeypatch, content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), errors="surrogateescape"))
        assert "file '-' is no text in UTF-8" in cli("matrix", "-").complaint

    def test_none_at_all(self, cli, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        assert cli("matrix", "-").complaint == "standard input is closed; allowed: a table"


class TestMatrixAndRank:
    @pytest.mark.parametrize("output", ["data", "missing/../data", "./data"])
    def test_the_data_are_never_written_over(self, cli, table, output):
        before = Path(table()).read_text()
        assert "allowed: another name" in cli("matrix", "data.csv", "-o", output).complaint
        assert Path("data.csv").read_text() == before

    @pytest.mark.parametrize("output", [".", "", "data.csv/m"])
    def test_an_output_that_cannot_be_is_said_before_anything_is_estimated(self, cli, table, monkeypatch, output):
        monkeypatch.setattr(dependence, "matrix", None)
        assert cli("matrix", table(), "-o", output).complaint

    def test_a_folder_without_permission(self, tmp_path, monkeypatch):
        monkeypatch.setattr("os.access", lambda path, mode: False)
        with pytest.raises(StoreError, match="no permission"):
            check_stem(tmp_path / "new" / "m", tmp_path / "data.csv")

    def test_where_every_pair_failed_the_exit_code_is_2_and_nothing_is_written(self, cli, table, tmp_path):
        done = cli("matrix", table(), "-e", "ksg:k=99", "-o", "m")
        assert (done.code, sorted(path.name for path in tmp_path.iterdir())) == (2, ["data.csv"])
        assert "allowed: more than k samples" in done.out
        assert cli("rank", "data.csv", "-y", "x", "-e", "ksg:k=99", "--json").code == 2

    def test_too_few_columns_that_can_be_used(self, cli, table):
        table()
        pd.DataFrame({"x": range(N), "k": 1}).to_csv("one.csv", index=False)
        for arguments in (["matrix", "one.csv"], ["rank", "one.csv", "-y", "x"]):
            found = cli(*arguments).complaint
            assert "usable column" in found
            assert "column 'k' is constant (1)" in found

    def test_a_target_with_a_comma_among_columns_that_are_named(self, cli, table):
        done = cli("rank", table(**{"a,b": np.arange(N)}), "-y", "a,b", "--columns", "x,y")
        assert done.code == 0, done.err
        assert "What each column tells of a,b" in done.out

    def test_nothing_but_notes_is_on_a_standard_error_that_is_no_terminal(self, cli, table):
        assert cli("matrix", table()).err == ""

    def test_a_target_that_there_is_not(self, cli, table):
        assert cli("rank", table(), "-y", "qqqq").complaint == "data.csv has no column 'qqqq'; known: x, y"


@pytest.mark.parametrize("permutations", ["0", "1", "9" * 20])
def test_few_and_far_too_many_permutations(cli, table, permutations):
    done = cli("estimate", table(), "--x", "x", "--y", "y", "-e", "gaussian", "--permutations", permutations)
    if len(permutations) > 1:
        assert done.complaint == f"permutations is {permutations}; allowed: 1 to 1,000,000"
    else:
        assert (done.code, done.err) == (0, "")


class TestBound:
    def test_a_tiny_delta_is_no_infinity(self):
        assert CompressionBound(1.0, 10, 1e-320).epsilon == pytest.approx(math.sqrt((math.e + 736.8274) / 20), rel=1e-5)

    @pytest.mark.parametrize("rows", ["0", "9" * 400])
    def test_rows(self, cli, rows):
        assert cli("bound", "--mi", "1", "--rows", rows).complaint.startswith("rows is ")

    def test_large_numbers_stay_short(self, cli):
        done = cli("bound", "--mi", "1e308", "--mi", "700", "--rows", "10")
        assert max(map(len, done.out.splitlines())) < 110

    def test_rows_with_a_missing_value_are_left_out_where_that_is_asked_for(self, cli, table):
        file = table(c=[np.nan, *range(N - 1)])
        assert "--drop-missing" in cli("bound", file, "--x", "c", "--z", "y").complaint
        done = cli("bound", file, "--x", "c", "--z", "y", "--drop-missing")
        assert done.code == 0
        assert "m = 39" in done.out
        assert "1 row of 40 left out" in done.err


@pytest.mark.parametrize("command", ["plane", "disentangle", "reproduce"])
def test_a_folder_that_cannot_be_is_said_before_anything_runs(cli, table, command):
    arguments = {"plane": [], "disentangle": [], "reproduce": ["mutinfo-convergence"]}[command]
    found = cli(command, *arguments, "-o", table()).complaint
    assert found == "folder 'data.csv' cannot be made: 'data.csv' is no folder"


def test_a_folder_that_can_be_made_is_not_made_by_the_check(tmp_path):
    check_folder(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_behind_standard_output(cli, table, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mibench.cli.output.typer.echo", full)
    done = cli("estimate", table(), "--x", "x", "--y", "y", "-e", "gaussian")
    assert (done.code, done.err) == (2, "mibench: error: 'standard output': No space left on device\n")


def test_names_in_a_matrix_as_csv():
    found = dependence.Matrix(("@a", "-1", "b"), np.full((3, 3), np.nan), (0, 1, 2))
    assert render_csv(found).splitlines()[0] == ",'@a,-1,b"
