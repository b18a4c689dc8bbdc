"""Assets: small frozen files that come with a package and are known by their digest."""

import hashlib
import importlib.resources
from pathlib import PurePosixPath

from .errors import AssetError


def load(name: str, sha256: str, package: str = "mibench.tasks") -> bytes:
    """Return the content of a frozen file, ``assets/NAME`` in a package.

    An estimator or task that uses one names it among its ``assets``, ``{name: sha256}``, which makes the file part of
    its version, and so of the keys of its cells; a change of the file is then a change in the class, in plain sight.

    Args:
        name: the file's name.
        sha256: the digest of its content, as ``sha256sum`` prints it.
        package: the package that brings it.

    Raises:
        AssetError: there is no such file, or its content is another.

    Example:
        >>> from mibench import assets
        >>> assets.load("absent.npz", "0" * 64)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        mibench.errors.AssetError: asset 'absent.npz' of mibench.tasks is not found; reinstall the package...
    """
    if name != PurePosixPath(name).name or name in ("", ".", ".."):
        raise AssetError(f"asset is {name!r}; allowed: the name of a file, without folders")
    try:
        content = (importlib.resources.files(package) / "assets" / name).read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        raise AssetError(f"asset {name!r} of {package} is not found; reinstall the package that brings it") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.lower():
        raise AssetError(
            f"asset {name!r} of {package} has SHA-256 {found}, not {sha256}; reinstall the package, or where the file "
            "was changed on purpose, write the new digest into the class that names it"
        )
    return content
