"""The page on Python: its example runs, and its table names what there is."""

import re
from pathlib import Path

import pytest

import mibench

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text()


def test_every_public_function_stands_on_the_page():
    lower = {name for name in mibench.__all__ if name[0].islower()} - {"register_estimator", "register_task"}
    assert lower <= set(re.findall(r"[a-z_]+", PAGE))


@pytest.mark.slow
def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(code, "python.md", "exec"), {})
    assert (tmp_path / "boards" / "index.html").is_file()
    assert (tmp_path / "curves" / "gaussian-mine.svg").is_file()
    assert "pass" in capsys.readouterr().out
