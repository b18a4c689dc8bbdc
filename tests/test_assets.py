import hashlib
import io

import numpy as np
import pytest

from mibench import assets, get_estimator, get_task, load_plugin
from mibench.cell import make_cell
from mibench.errors import AssetError

TASK = """
import io
from dataclasses import dataclass
import numpy as np
from mibench import Block, Task, Truth, assets, register_task

@register_task("frozen-table")
@dataclass(frozen=True)
class FrozenTable(Task):
    family = "frozen"
    assets = {{"table.npy": "{digest}"}}

    @property
    def blocks(self):
        return Block(1), Block(1)

    @property
    def truth(self):
        return Truth(0.0, "closed form", "here")

    def draw(self, n, rng):
        table = np.load(io.BytesIO(assets.load("table.npy", self.assets["table.npy"], "frozenpack")))
        return rng.choice(table, (n, 1)), rng.choice(table, (n, 1))
"""


def array_bytes(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


@pytest.fixture
def pack(install, tmp_path):
    """A package with one asset; returns its digest."""
    install("frozenpack", {}, {})
    folder = tmp_path / "site-frozenpack" / "frozenpack" / "assets"
    folder.mkdir()
    content = array_bytes(np.arange(3.0))
    (folder / "table.npy").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def test_an_asset_is_what_its_digest_says(pack):
    assert np.array_equal(np.load(io.BytesIO(assets.load("table.npy", pack, "frozenpack"))), [0, 1, 2])
    assert assets.load("table.npy", pack.upper(), "frozenpack")


@pytest.mark.parametrize(
    ("name", "package", "match"),
    [
        ("table.npy", "frozenpack", "has SHA-256 .*, not 00000"),
        ("chair.npy", "frozenpack", "asset 'chair.npy' of frozenpack is not found"),
        ("table.npy", "no_such_pack", "asset 'table.npy' of no_such_pack is not found"),
        ("../__init__.py", "frozenpack", "allowed: the name of a file, without folders"),
        ("..", "frozenpack", "allowed: the name of a file, without folders"),
    ],
)
def test_another_file_than_the_one_named_is_refused_in_one_line(pack, name, package, match):
    with pytest.raises(AssetError, match=match) as caught:
        assets.load(name, "0" * 64, package)
    assert "\n" not in str(caught.value)


def test_a_task_draws_from_its_asset_and_its_key_follows_the_file(pack, tmp_path):
    keys = []
    for digest in (pack, "0" * 64):
        plugin = tmp_path / "plugin.py"
        plugin.write_text(TASK.format(digest=digest))
        load_plugin(plugin)
        task = get_task("frozen-table")
        assert "+assets:" in task.full_version
        keys.append(make_cell(get_estimator("zero"), task, 9, 0).key)
        if digest == pack:
            assert set(np.unique(task.sample(50)[0])) == {0, 1, 2}
        else:
            with pytest.raises(AssetError, match="has SHA-256"):
                task.sample(50)
    assert keys[0] != keys[1]
