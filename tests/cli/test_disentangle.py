import json

from mibench.capacities import disentangle


def test_json_and_the_files(cli, tmp_path):
    record = json.loads(cli("disentangle", "-n", "50", "-o", tmp_path, "--json").out)
    assert len(record.pop("files")) == 3
    assert record == json.loads(json.dumps(disentangle(n=50).to_record()))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "capacity.html", "capacity.svg", "traversals-c5-0.png"
    ]  # fmt: skip


def test_the_table(cli, tmp_path):
    result = cli("disentangle", "-e", "zero", "-n", "50", "-o", tmp_path)
    assert result.code == 0, result.err
    for text in ("TC c8", "I beta1", "truth", "minibatch, weighted (oracle)", "zero", "rates E KL in nats: c2 2.00"):
        assert text in result.out


def test_an_unknown_estimator_is_one_line(cli, tmp_path):
    assert "unknown estimator 'ksgg'" in cli("disentangle", "-e", "ksgg", "-o", tmp_path).complaint
