import sys

import pytest

from mibench import origin, registry


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put packages on the path as pip leaves them: modules and a .dist-info with entry points; gone afterwards."""
    site = tmp_path / "site"
    site.mkdir()
    modules = []

    def put(package, version="1.0", *, estimators=None, tasks=None, suites=None, editable=False, **files):
        metadata = site / f"{package}-{version}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        groups = {"estimators": estimators or {}, "tasks": tasks or {}, "suites": suites or {}}
        lines = [
            line
            for group, points in groups.items()
            for line in (f"[mibench.{group}]", *(f"{name} = {target}" for name, target in points.items()))
        ]
        (metadata / "entry_points.txt").write_text("\n".join(lines))
        if editable:
            (metadata / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
        for module, source in files.items():
            (site / f"{module}.py").write_text(source)
            modules.append(module)
        origin.entry_points.cache_clear()
        return site

    monkeypatch.syspath_prepend(site)
    yield put
    for module in modules:
        registry.forget(module)
        sys.modules.pop(module, None)
    for known in (registry.ESTIMATORS, registry.TASKS):
        known._broken.clear()
    monkeypatch.undo()
    origin.entry_points.cache_clear()


SOURCE = '''
from dataclasses import dataclass
from mibench import Estimate, Estimator, register_estimator

@register_estimator("{name}")
@dataclass(frozen=True)
class Method(Estimator):
    """A method."""

    def estimate(self, *blocks, rng):
        return Estimate({value})
'''


@pytest.fixture
def source():
    """The source of a module that registers an estimator of a given name and constant value."""
    return lambda name, value=1.0: SOURCE.format(name=name, value=value)
