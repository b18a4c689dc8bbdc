"""Aliases: short names for configured estimators and tasks, such as the ids by which a paper calls its tasks.

An alias is ``FAMILY:ID``; it stands for a spec wherever a spec can stand, and the canonical spec of what is built is
that of the thing itself. The aliases of a family are a file ``FAMILY.toml``, read when one of them is asked for::

    [tasks]
    "1v1-normal-0.75" = "gaussian:rho=0.75"

    [estimators]
    "ksg-10" = "ksg:k=10"

Bundled ones lie beside this module; an installed package brings its own by an entry point of the group
``mibench.aliases`` that names the family and the package its file lies in.
"""

import functools
import importlib.resources
import tomllib
from collections.abc import Mapping
from importlib.resources.abc import Traversable

from mibench.errors import PluginError, RegistrationError, SpecError, UnknownNameError, did_you_mean
from mibench.grammar import Spec
from mibench.origin import BUILT_IN, entry_points, point_origin

_GROUP = "mibench.aliases"


def resolve(kind: str, spec: Spec) -> Spec:
    """Return the spec that an alias stands for; any other spec as it is.

    Parameters given with an alias replace its own. An alias may stand for another one of its own file or of another.

    Args:
        kind: ``estimator`` or ``task``.
        spec: what to look up.

    Raises:
        UnknownNameError: no such family or id; with the nearest ones.
        SpecError: an alias that stands for itself.
    """
    seen = [spec.name]
    while ":" in spec.name:
        family, _, identifier = spec.name.partition(":")
        known = aliases(kind, family)
        if identifier not in known:
            raise UnknownNameError(f"unknown {kind} {spec.name!r}{did_you_mean(identifier, known)}")
        target = Spec.parse(known[identifier])
        if target.name in seen:
            raise SpecError(f"{kind} {spec.name!r} stands for itself: {' → '.join([*seen, target.name])}")
        seen.append(target.name)
        spec = Spec(target.name, tuple({**dict(target.params), **dict(spec.params)}.items()))
    return spec


def families() -> list[str]:
    """Return the families of aliases there are, sorted; reads none of them."""
    bundled = (file.name for file in importlib.resources.files(__name__).iterdir())
    return sorted({*(name.removesuffix(".toml") for name in bundled if name.endswith(".toml")), *entry_points(_GROUP)})


def aliases(kind: str, family: str) -> Mapping[str, str]:
    """Return the aliases of a *family* for estimators or tasks as ``{id: spec}``.

    Raises:
        UnknownNameError: no such family; with the nearest ones.
        RegistrationError: several packages bring the family.
        PluginError: its file cannot be read.
    """
    table: Mapping[str, str] = _read(family).get(f"{kind}s", {})
    return table


@functools.cache
def _read(family: str) -> dict[str, dict[str, str]]:
    source = _source(family)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"the aliases {str(source)!r} cannot be read: {error}") from error
    for kind, table in content.items():
        if kind not in ("estimators", "tasks"):
            raise PluginError(f"the aliases {str(source)!r} hold an entry {kind!r}; allowed: estimators, tasks")
        bad = [key for key, spec in table.items() if not isinstance(spec, str)] if isinstance(table, dict) else [kind]
        if bad:
            raise PluginError(
                f'{str(source)!r}: {bad[0]!r} is no alias; allowed: lines such as "id" = "name:key=value"'
            )
    return content


def _source(family: str) -> Traversable:
    bundled = importlib.resources.files(__name__) / f"{family}.toml"
    points = entry_points(_GROUP).get(family, ())
    owners = [str(BUILT_IN)] * bundled.is_file() + [str(point_origin(point)) for point in points]
    if not owners:
        raise UnknownNameError(f"unknown aliases {family!r}{did_you_mean(family, families())}")
    if len(owners) > 1:
        raise RegistrationError(f"the aliases {family!r} are brought by {' and '.join(owners)}; uninstall one")
    if not points:
        return bundled
    try:
        return importlib.resources.files(points[0].module) / f"{family}.toml"
    except Exception as error:
        raise PluginError(f"the aliases {family!r} of {owners[0]} cannot be loaded: {error}") from error
