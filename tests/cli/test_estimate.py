import builtins
import gzip
import io
import json
import math

import numpy as np
import pandas as pd
import pytest

from mibench import estimate, get_task


@pytest.fixture(scope="module")
def frame():
    x, y = get_task("gaussian:dim=2,mi=1").sample(300)
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": y[:, 0], "d, e": y[:, 1], "group": ["u", "v", "w"] * 100})


@pytest.fixture(scope="module")
def data(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    frame.to_csv(folder / "data.csv", index=False)
    frame.to_csv(folder / "data.tsv", index=False, sep="\t")
    frame.to_parquet(folder / "data.parquet")
    numbers = frame.drop(columns="group").to_numpy()
    np.save(folder / "data.npy", numbers)
    np.savez(folder / "data.npz", x=numbers[:, :2], y=numbers[:, 2:], short=numbers[:7, 0])
    return folder


def only(result):
    assert result.code == 0, result.err
    (found,) = json.loads(result.out)["estimates"]
    return found


@pytest.mark.parametrize("name", ["data.csv", "data.tsv", "data.parquet"])
def test_columns_go_by_name(cli, data, frame, name):
    expected = estimate(frame[["a", "b"]], frame[["c", "d, e"]], estimator="gaussian")
    found = only(cli("estimate", data / name, "--x", "a,b", "--y", 'c,"d, e"', "-e", "gaussian", "--json"))
    assert found["value"] == pytest.approx(expected.nats, abs=1e-12)
    assert found["stderr"] == pytest.approx(expected.stderr, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [("data.npy", "0,1", "2,3"), ("data.npy", ":2", "2:"), ("data.npy", "0:2", "3,2"), ("data.npz", "x", "y")],
)
def test_arrays_go_by_index_or_name(cli, data, frame, name, x, y):
    expected = estimate(frame[["a", "b"]], frame[["c", "d, e"]], estimator="gaussian").nats
    found = only(cli("estimate", data / name, "--x", x, "--y", y, "-e", "gaussian", "--json"))
    assert found["value"] == pytest.approx(expected, abs=1e-12)


def test_a_vector_is_one_column(cli, tmp_path):
    np.save(tmp_path / "one.npy", np.arange(9.0))
    assert "allowed: indices from 0 to 0" in cli("estimate", tmp_path / "one.npy", "--x", "0", "--y", "1").complaint


def test_bits_are_nats_over_ln_2(cli, data):
    arguments = ["estimate", data / "data.csv", "--x", "a", "--y", "c", "-e", "gaussian", "--json"]
    nats, bits = only(cli(*arguments)), only(cli(*arguments, "--bits"))
    assert bits["value"] * math.log(2) == pytest.approx(nats["value"])
    assert bits["stderr"] * math.log(2) == pytest.approx(nats["stderr"])
    assert json.loads(cli(*arguments, "--bits").out)["unit"] == "bits"


def test_more_blocks_give_total_correlation(cli, data, frame):
    blocks = [frame[["a"]], frame[["c"]], frame[["b", "d, e"]]]
    result = cli("estimate", data / "data.csv", "--x", "a", "--y", "c", "-b", 'b,"d, e"', "-e", "gaussian", "--json")
    about = json.loads(result.out)
    assert about["quantity"] == "total correlation"
    assert about["blocks"] == [["a"], ["c"], ["b", "d, e"]]
    assert only(result)["value"] == pytest.approx(estimate(*blocks, estimator="gaussian").nats, abs=1e-12)


def test_several_estimators_stand_in_one_table(cli, data):
    arguments = ["-e", "ksg:k=[3,5]", "-e", "gaussian", "-e", "zero"]
    result = cli("estimate", data / "data.csv", "--x", "a,b", "--y", 'c,"d, e"', *arguments)
    title, header, *rows = result.out.splitlines()
    assert title == "Mutual information of (a, b) and (c, d, e), n = 300"
    assert header.split() == ["estimator", "nats", "std.", "error", "seconds"]
    assert [row.split()[0] for row in rows] == ["ksg:k=3", "ksg", "gaussian", "zero"]
    assert len(rows[2].split()) == 4, "value, standard error and seconds"
    assert len(rows[3].split()) == 3, "zero has no standard error"
    assert float(rows[0].split()[1]) == pytest.approx(1, abs=0.3)


def test_ksg_is_the_default(cli, data):
    result = only(cli("estimate", data / "data.csv", "--x", "a", "--y", "c", "--json"))
    assert result["estimator"] == "ksg"


def test_warnings_of_the_diagnostics_are_shown(cli, data):
    result = cli("estimate", data / "data.csv", "--x", "a,b", "--y", "c", "-e", "binning:bins=50", "-e", "zero")
    assert result.code == 0
    assert "samples to an occupied joint cell" in result.out


def test_a_failing_estimator_says_so_in_its_row(cli, data, frame, tmp_path):
    frame[:7].to_csv(tmp_path / "few.csv", index=False)
    arguments = ["estimate", tmp_path / "few.csv", "--x", "a", "--y", "c", "-e", "ksg:k=7"]
    result = cli(*arguments, "-e", "zero")
    assert result.code == 2
    failed, fine = result.out.splitlines()[2:]
    assert failed.split()[:2] == ["ksg:k=7", "failed"]
    assert "7" in failed.split("failed")[1]
    assert fine.split()[:2] == ["zero", "0.0000"]
    found = json.loads(cli(*arguments, "-e", "zero", "--json").out)["estimates"]
    assert found[0]["value"] is None
    assert found[0]["error"] in failed
    assert cli(*arguments).complaint == found[0]["error"]


def test_infinite_values_are_null_in_json(cli, tmp_path):
    x = np.arange(40.0)
    np.save(tmp_path / "line.npy", np.column_stack([x, 2 * x + 1]))
    found = only(cli("estimate", tmp_path / "line.npy", "--x", "0", "--y", "1", "-e", "gaussian", "--json"))
    assert found["value"] is None


def test_the_seed_reaches_the_estimator(cli, data, tmp_path):
    plugin = tmp_path / "dice.py"
    plugin.write_text(
        "from dataclasses import dataclass\nfrom mibench import *\n"
        '@register_estimator("trial-dice")\n@dataclass(frozen=True)\nclass Dice(Estimator):\n'
        "    tags = Tags(deterministic=False)\n"
        "    def estimate(self, *blocks, rng):\n        return Estimate(rng.random())\n"
    )
    arguments = [
        "estimate",
        data / "data.csv",
        "--x",
        "a",
        "--y",
        "c",
        "-e",
        "trial-dice",
        "--json",
        "--plugin",
        plugin,
    ]
    values = [only(cli(*arguments, "--seed", seed))["value"] for seed in (0, 1, 0)]
    assert values[0] == values[2] != values[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--x", "a", "--y", "cc"], "has no column 'cc'; did you mean 'c'?"),
        (["--x", "a", "--y", "zzzzzz"], "has no column 'zzzzzz'; known: a, b, c, d, e, group"),
        (["--x", "a", "--y", "a"], "column 'a' is named twice; allowed: each column once, in one block"),
        (["--x", "a,", "--y", "c"], "columns are 'a,'; allowed: names joined by commas, none of them empty"),
        (["--x", "a"], "1 block(s) of columns given; allowed: two or more, as --x a,b --y c"),
        (["--x", "a", "--y", "c", "-e", "kgs"], "unknown estimator 'kgs'; did you mean 'ksg'?"),
        (["--x", "a", "--y", "c", "-e", "ksg:n=3"], "ksg: unknown parameter 'n'"),
        (["--x", "a", "--y", "c", "-e", "ksg:k=3.5"], "ksg: k is '3.5'; allowed: a whole number"),
        (["--x", "a", "--y", "c", "-e", "ksg:k"], "spec 'ksg:k': expected '='"),
        (
            ["--x", "a", "--y", "c", "--seed", "-1"],
            "Invalid value '-1' for '--seed': Input should be greater than or equal to 0",
        ),
    ],
)
@pytest.mark.parametrize("name", ["data.csv", "data.parquet"])
def test_mistakes_are_one_line(cli, data, name, arguments, message):
    assert message in cli("estimate", data / name, *arguments).complaint


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("data.npy", "4", "has no column '4'; allowed: indices from 0 to 3, or a range such as 0:2"),
        ("data.npy", "a", "has no column 'a'; allowed: indices"),
        ("data.npy", "2:1", "has no column '2:1'"),
        ("data.npy", "0:2,1", "column '1' is named twice"),
        ("data.npz", "z", "has no column 'z'; known: short, x, y"),
        ("data.npz", "short", "the blocks have 7, 300 rows; allowed: the same number in every block"),
        ("data.npz", "x,short", "arrays x, short differ in length"),
    ],
)
def test_mistakes_with_arrays_are_one_line(cli, data, name, x, message):
    y = "y" if name == "data.npz" else "3"
    assert message in cli("estimate", data / name, "--x", x, "--y", y).complaint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,c\n1,2\n,3\n2,nan\n", "column 'a' holds no value in row 1 (1 such row(s)); allowed: finite numbers"),
        ("a,c\n1,2\n2,inf\n", "column 'c' holds inf in row 1"),
        ("a,c\n1,2\n2,x\n", "column 'c' holds 'x' in row 1 among numbers; allowed: numbers in every"),
        ("a,c\n1,2\n1,3\n", "bad.csv: column 'a' is constant (1)"),
        ("a,c\n1,2\n", "bad.csv has 1 row of data; allowed: at least 2"),
        ("a,c\n", "bad.csv has 0 rows of data; allowed: at least 2"),
        ("", "cannot be read: No columns to parse from file"),
        ("a,c\n1,2\n1,2,3,4\n", "cannot be read: Error tokenizing data"),
        ("a,c\n1,2,3\n1,2,3\n", "rows hold more values than the first line has names"),
    ],
)
def test_bad_data_are_named(cli, tmp_path, content, message):
    (tmp_path / "bad.csv").write_text(content)
    assert message in cli("estimate", tmp_path / "bad.csv", "--x", "a", "--y", "c").complaint


def test_files_that_cannot_be_read(cli, data, tmp_path):
    arguments = ["--x", "a", "--y", "c"]
    assert "does not exist; did you mean 'data.csv'" in cli("estimate", data / "dta.csv", *arguments).complaint
    assert "does not exist" in cli("estimate", tmp_path / "none" / "data.csv", *arguments).complaint
    for name in ("data.txt", "data.parquet", "data.npy", "data.npz"):
        (tmp_path / name).write_bytes(b"\xff\xfe not what it says")
    assert "ends in '.txt'; allowed: .csv, .tsv" in cli("estimate", tmp_path / "data.txt", *arguments).complaint
    assert "cannot be read" in cli("estimate", tmp_path / "data.parquet", *arguments).complaint
    assert "cannot be read as NumPy arrays" in cli("estimate", tmp_path / "data.npy", *arguments).complaint
    assert "cannot be read as NumPy arrays" in cli("estimate", tmp_path / "data.npz", *arguments).complaint


def test_a_missing_extra_says_what_to_install(cli, data, monkeypatch):
    real = builtins.__import__

    def without_pyarrow(name, *rest, **options):
        if name.partition(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without_pyarrow)
    complaint = cli("estimate", data / "data.parquet", "--x", "a", "--y", "c").complaint
    assert complaint == "reading Parquet needs pyarrow: pip install 'mibench[parquet]'"


def test_copied_rows_are_warned_of(cli, data, tmp_path):
    np.save(tmp_path / "twice.npy", np.repeat(np.load(data / "data.npy"), 2, axis=0))
    shown = cli("estimate", tmp_path / "twice.npy", "--x", "0", "--y", "2")
    assert shown.code == 0
    assert "50% of the rows are copies" in " ".join(shown.out.split())


def test_categories_are_numbered_and_said(cli, data, frame):
    codes = pd.Categorical(frame["group"]).codes.astype(float)
    expected = estimate(frame[["a"]], codes, estimator="binning").nats
    for name in ("data.csv", "data.parquet"):
        shown = cli("estimate", data / name, "--x", "a", "--y", "group", "-e", "binning", "--json")
        assert only(shown)["value"] == pytest.approx(expected, abs=1e-12)
        assert "column 'group' holds text: its 3 categories are numbered in alphabetical order" in shown.err


def test_rows_without_a_value_are_left_out_on_demand(cli, data, frame, tmp_path):
    holey = frame.copy()
    holey.loc[::10, "a"] = np.nan
    holey.loc[5, "c"] = np.nan
    holey.loc[7, "b"] = np.nan  # no column of the estimate
    holey.to_csv(tmp_path / "holey.csv", index=False)
    arguments = ["estimate", tmp_path / "holey.csv", "--x", "a", "--y", "c", "-e", "gaussian", "--json"]
    assert "--drop-missing leaves such rows out" in cli(*arguments).complaint
    shown = cli(*arguments, "--drop-missing")
    kept = holey.dropna(subset=["a", "c"])
    assert only(shown)["value"] == pytest.approx(estimate(kept[["a"]], kept[["c"]], estimator="gaussian").nats)
    assert json.loads(shown.out)["n"] == 269
    assert "31 rows of 300 left out: a value is missing" in shown.err


def test_tables_come_as_people_have_them(cli, data, frame, tmp_path, monkeypatch):
    expected = estimate(frame[["a"]], frame[["c"]], estimator="gaussian").nats
    frame.to_csv(tmp_path / "semicolons.csv", index=False, sep=";", decimal=",")
    frame.to_csv(tmp_path / "points.csv", index=False, sep=";")
    frame.to_csv(tmp_path / "packed.csv.gz", index=False)
    frame.to_csv(tmp_path / "packed.tsv.gz", index=False, sep="\t")
    frame.to_csv(tmp_path / "excel.csv", index=False, encoding="utf-8-sig")
    for name in ("semicolons.csv", "points.csv", "packed.csv.gz", "packed.tsv.gz", "excel.csv"):
        found = only(cli("estimate", tmp_path / name, "--x", "a", "--y", "c", "-e", "gaussian", "--json"))
        assert found["value"] == pytest.approx(expected, abs=1e-9), name
    monkeypatch.setattr("sys.stdin", io.StringIO((data / "data.csv").read_text()))
    assert only(cli("estimate", "-", "--x", "a", "--y", "c", "-e", "gaussian", "--json"))["value"] == pytest.approx(
        expected, abs=1e-12
    )


def test_dates_are_days_and_names_are_no_categories(cli, tmp_path):
    days = pd.date_range("2020-01-01", periods=50)
    noise = np.random.default_rng(0).normal(size=50)
    pd.DataFrame({"day": days, "name": [f"p{i}" for i in range(50)], "y": noise + np.arange(50)}).to_csv(
        tmp_path / "t.csv", index=False
    )
    shown = cli("estimate", tmp_path / "t.csv", "--x", "day", "--y", "y", "-e", "gaussian", "--json")
    assert only(shown)["value"] == pytest.approx(
        estimate(np.arange(50.0), noise + np.arange(50), estimator="gaussian").nats, abs=1e-9
    )
    assert "column 'day' holds dates: taken as days since 1970" in shown.err
    complaint = cli("estimate", tmp_path / "t.csv", "--x", "name", "--y", "y").complaint
    assert "column 'name' holds 50 different texts in 50 rows; allowed: numbers, dates, or categories" in complaint


def test_a_packed_file_that_unfolds_without_end_is_refused(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("mibench.textfile.LARGEST", 10_000)
    with gzip.open(tmp_path / "bomb.csv.gz", "wb") as file:
        file.write(b"a,c\n" + b"1,2\n" * 100_000)
    assert (
        "unfolds to more than 10,000 bytes"
        in cli("estimate", tmp_path / "bomb.csv.gz", "--x", "a", "--y", "c").complaint
    )
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,c\n1,2\n" * 1000)[:20])
    assert "cannot be read" in cli("estimate", tmp_path / "cut.csv.gz", "--x", "a", "--y", "c").complaint
