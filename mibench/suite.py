"""Suites: TOML files that name a grid of tasks × estimators × sample sizes × seeds, with limits."""

import dataclasses
import importlib.resources
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from .errors import SpecError, SuiteError, UnknownNameError, did_you_mean, shown
from .estimator import Estimator
from .files import PLAIN_NAME, is_plain_name
from .grid import Grid, canonical
from .origin import BUILT_IN, Origin, entry_points, point_origin
from .protocol import FIXED, Stream, parse_protocol, protocol_spec
from .published import PublishedValue, parse_published
from .registry import get_estimator, get_task
from .spec import Spec
from .task import Task

_GROUP = "mibench.suites"
_BUNDLED = "mibench.suites"
_UNITS = {"KB": 1e-3, "MB": 1.0, "GB": 1e3, "TB": 1e6}


@dataclass(frozen=True)
class Suite:
    """A named grid and the limits of each of its cells.

    Attributes:
        name: what ``mibench run`` calls it.
        summary: one sentence on what it is for.
        tasks, estimators: spec strings, grids allowed.
        samples: sample sizes.
        seeds: the number of seeds; they are 0 … seeds − 1.
        timeout_s: wall-clock limit of a cell, sampling included.
        memory_mb: memory limit of a cell in MB (10⁶ bytes).
        protocol: how a cell is executed, as a spec: ``fixed`` (a sample of each size, also ""), or ``stream:…``, which
            takes the place of sample sizes: their one size is that of a batch.
        version: raised whenever the grid changes; shown on boards.
        published: what papers print of its tasks, from ``NAME.published.csv`` beside the file.
        short: what a short run takes in place of the fields of the same names, such as ``seeds``.
        about: a page on the suite in Markdown: of a reproduction, what the paper did, and what differs here.
        whole: the suite this one was made from by :meth:`replace`, None where it is whole itself.
    """

    name: str
    summary: str
    tasks: tuple[str, ...]
    estimators: tuple[str, ...]
    samples: tuple[int, ...]
    seeds: int
    timeout_s: float = 60.0
    memory_mb: float = 2000.0
    protocol: str = ""
    version: int = 1
    published: tuple[PublishedValue, ...] = ()
    short: Mapping[str, Any] = field(default_factory=dict, compare=False)
    about: str = ""
    whole: "Suite | None" = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.name and not is_plain_name(self.name):
            raise SuiteError(f"suite {shown(self.name)}: name is {shown(self.name)}; allowed: {PLAIN_NAME}")
        self._follow_protocol()
        for name in ("tasks", "estimators", "samples"):
            if not getattr(self, name):
                raise SuiteError(f"suite {self.name!r}: {name} is empty; allowed: at least one")
        for name, value, least in [
            ("version", self.version, 1),
            ("seeds", self.seeds, 1),
            *(("samples", n, 2) for n in self.samples),
        ]:
            if value < least:
                raise SuiteError(f"suite {self.name!r}: {name} is {value}; allowed: at least {least}")
        if len(set(self.samples)) < len(self.samples):
            raise SuiteError(f"suite {self.name!r}: samples is {list(self.samples)}; allowed: each size once")
        for name in ("timeout_s", "memory_mb"):
            if not 0 < getattr(self, name) < math.inf:
                raise SuiteError(f"suite {self.name!r}: {name} is {getattr(self, name)}; allowed: more than 0, finite")

    def _follow_protocol(self) -> None:
        """Bring the protocol to its canonical form; a stream decides the one sample size."""
        try:
            object.__setattr__(self, "protocol", protocol_spec(self.protocol))
            protocol = parse_protocol(self.protocol, 0)
        except SpecError as error:
            raise SuiteError(f"suite {self.name!r}: {error}") from error
        if isinstance(protocol, Stream):
            if protocol.batch is None:
                raise SuiteError(f"suite {self.name!r}: batch is missing in its protocol; allowed: a whole number")
            if self.samples not in ((), (protocol.batch,)):
                raise SuiteError(
                    f"suite {self.name!r}: samples is {list(self.samples)}; allowed with a stream: none, as its "
                    f"batches have {protocol.batch} rows"
                )
            object.__setattr__(self, "samples", (protocol.batch,))

    def replace(self, **changes: Any) -> "Suite":
        """Return a copy with the fields in *changes* that are not None replaced; it knows what it was made from."""
        given = {key: value for key, value in changes.items() if value is not None}
        return dataclasses.replace(self, **given, whole=self.whole or self) if given else self

    def shortened(self) -> "Suite":
        """Return the short run of the suite: itself, where none is defined."""
        return self.replace(**self.short)

    def build_estimators(self) -> list[Estimator]:
        """Build every estimator of the grid, each once, in the order given."""
        return list({item.spec: item for item in map(get_estimator, _expanded(self.estimators))}.values())

    def build_tasks(self) -> list[Task]:
        """Build every task of the grid, each once, in the order given."""
        return list({item.spec: item for item in map(get_task, _expanded(self.tasks))}.values())

    def grid(self) -> Grid:
        """Return the grid written out, in canonical specs; what is not installed stands as it is written."""
        return Grid(
            name=self.name,
            version=self.version,
            summary=self.summary,
            tasks=canonical(self.tasks, get_task),
            estimators=canonical(self.estimators, get_estimator),
            samples=self.samples,
            seeds=self.seeds,
            protocol=self.protocol,
        )

    def definition(self) -> dict[str, Any]:
        """Return what a store keeps of a run: the limits, the grid, and the grid of the whole suite it is a part of."""
        limits = {"timeout_s": self.timeout_s, "memory_mb": self.memory_mb}
        return {**dataclasses.asdict(self.grid()), **limits, "whole": dataclasses.asdict((self.whole or self).grid())}


def _expanded(specs: Sequence[str]) -> Iterator[Spec]:
    for text in specs:
        yield from Spec.parse(text).expand()


def list_suites() -> list[str]:
    """Return the names of the bundled suites and of those installed packages bring."""
    return sorted(_sources())


def load_suite(name: str | Path) -> Suite:
    """Load a suite by its name, or from a ``.toml`` file.

    Raises:
        UnknownNameError: no such suite; with the nearest names.
        SuiteError: a file that is missing, broken or incomplete.
    """
    if str(name).endswith(".toml"):
        path = Path(name)
        return _read(path, path.with_suffix(".published.csv"))
    sources = _sources()
    if str(name) not in sources:
        raise UnknownNameError(
            f"unknown suite {str(name)!r}{did_you_mean(str(name), sources)} (or the path of a .toml file)"
        )
    package = _only(str(name), sources)[1]
    return _read(*(_file(str(name), package, ending) for ending in ("toml", "published.csv")))


def suite_origin(name: str) -> Origin:
    """Return where the suite called *name* comes from."""
    return _only(name, _sources())[0]


def _sources() -> dict[str, list[tuple[Origin, str]]]:
    """In which package each suite's ``NAME.toml`` lies: the bundled one, or what an entry point NAME points to."""
    found: dict[str, list[tuple[Origin, str]]] = {}
    for file in importlib.resources.files(_BUNDLED).iterdir():
        if file.name.endswith(".toml"):
            found[file.name.removesuffix(".toml")] = [(BUILT_IN, _BUNDLED)]
    for name, points in entry_points(_GROUP).items():
        found.setdefault(name, []).extend((point_origin(point), point.module) for point in points)
    return found


def _file(name: str, package: str, ending: str) -> Traversable:
    try:
        return importlib.resources.files(package) / f"{name}.{ending}"
    except Exception as error:
        raise SuiteError(f"suite {name!r} of {package} cannot be loaded: {error}") from error


def _only(name: str, sources: dict[str, list[tuple[Origin, str]]]) -> tuple[Origin, str]:
    if len(sources[name]) > 1:
        owners = " and ".join(str(origin) for origin, _ in sources[name])
        raise SuiteError(f"suite {name!r} is registered by {owners}; uninstall one or rename it")
    return sources[name][0]


def _read(source: Traversable, beside: Traversable) -> Suite:
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"suite file {str(source)!r} is not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"suite file {str(source)!r} cannot be read: {error}") from error
    suite = parse_suite(content, default_name=Path(str(source.name)).stem, where=str(source))
    return dataclasses.replace(suite, published=_published(beside, str(source)))


def _published(file: Traversable, suite: str) -> tuple[PublishedValue, ...]:
    where = suite.removesuffix(".toml") + ".published.csv"
    try:
        return parse_published(file.read_text(encoding="utf-8"), where) if file.is_file() else ()
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"published values {where!r} cannot be read: {error}") from error


_FIELDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "a string"),
    "summary": (str, "a string"),
    "tasks": (list, "a list of spec strings"),
    "estimators": (list, "a list of spec strings"),
    "samples": (list, "a list of whole numbers"),
    "seeds": (int, "a whole number"),
    "timeout_s": ((int, float), "a number of seconds"),
    "memory": (str, 'a size such as "2GB"'),
    "protocol": (str, 'a spec such as "fixed" or "stream:batch=64,mi=2/4/6,steps=4000"'),
    "version": (int, "a whole number"),
    "short": (dict, "a table of estimators, tasks, samples and seeds"),
    "about": (str, "a text"),
}
_SHORT = ("estimators", "tasks", "samples", "seeds")


def parse_suite(content: Mapping[str, Any], default_name: str = "", where: str = "suite") -> Suite:
    """Build a suite from a parsed TOML table, or raise :class:`SuiteError` naming the entry and what is allowed."""
    _checked(content, where)
    if "short" in content:
        unknown = [key for key in content["short"] if key not in _SHORT]
        if unknown:
            raise SuiteError(f"{where}: short has {unknown[0]!r}; allowed: {', '.join(_SHORT)}")
        _checked(content["short"], f"{where}: short")
    streams = content.get("protocol", FIXED) not in ("", FIXED)
    missing = [
        key
        for key in ("tasks", "estimators", "samples", "seeds")
        if key not in content and (key, streams) != ("samples", True)
    ]
    if missing:
        raise SuiteError(f"{where}: {', '.join(missing)} missing; a suite needs tasks, estimators, samples and seeds")
    values = _frozen({key: value for key, value in content.items() if key != "memory"})
    if "short" in values:
        values["short"] = _frozen(values["short"])
    if "memory" in content:
        values["memory_mb"] = parse_memory(content["memory"], f"{where}: memory")
    return Suite(**{"name": default_name, "summary": "", "samples": (), **values})


def _checked(content: Mapping[str, Any], where: str) -> None:
    """Raise :class:`SuiteError` where an entry is unknown or not of its type."""
    for key, value in content.items():
        if key not in _FIELDS:
            raise SuiteError(f"{where}: unknown entry {key!r}{did_you_mean(key, _FIELDS)}")
        wanted, words = _FIELDS[key]
        item_type = int if key == "samples" else str
        bad_items = isinstance(value, list) and not all(type(item) is item_type for item in value)
        if not isinstance(value, wanted) or isinstance(value, bool) or bad_items:
            raise SuiteError(f"{where}: {key} is {value!r}; allowed: {words}")


def _frozen(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}


def parse_memory(text: str, what: str = "memory") -> float:
    """Return a size such as ``2GB`` or ``512MB`` in MB (10⁶ bytes)."""
    number, unit = text.strip()[:-2], text.strip()[-2:].upper()
    try:
        size = float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        size = 0.0
    if not 0 < size < float("inf"):
        raise SuiteError(f"{what} is {text!r}; allowed: a size such as 512MB or 2GB")
    return size
