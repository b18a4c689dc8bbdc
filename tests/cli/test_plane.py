import json


def test_a_plane_is_drawn_and_written(cli, tmp_path):
    out = tmp_path / "figures"
    shown = cli(
        "plane", "linear", "-e", "gaussian", "-n", 100, "--layer", 5, "--epoch", 0, "--epoch", 3000, "-o", out
    ).out
    assert "I(X; T) = 5.27" in shown
    assert "samples of 100 rows, 1 of each layer and epoch" in shown
    assert [line.split()[:4] for line in shown.splitlines() if line.startswith("truth")] == [
        ["truth", "5", "0.397", "5.274"]
    ]
    assert sorted(path.name for path in out.iterdir()) == ["plane-linear.html", "plane-linear.svg"]


def test_json_holds_every_point(cli, tmp_path):
    shown = cli("plane", "--layer", 5, "--epoch", 3000, "-e", "zero", "-o", tmp_path, "--json").out
    record = json.loads(shown)
    assert record["net"] == "binary"
    assert record["traces"][0]["points"] == [{"layer": 5, "epoch": 3000, "xt": 0.0, "ty": 0.0}]
    assert 0.2 < record["truth"]["points"][0]["ty"] < record["truth"]["points"][0]["xt"] < 0.5
    assert len(record["files"]) == 2
