"""Files written whole or not at all, and names and files that are not trusted."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import StoreError, shown

#: What a name must be that becomes part of a path: :func:`is_plain_name`.
PLAIN_NAME = "a plain name: at most 100 printable characters, no slash, not beginning with a dot, hyphen or blank"
_MAX_NAME = 100
#: A file's name may have 255 bytes, its ending and that of its temporary file included.
_MAX_NAME_BYTES = 200


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside *path* that takes its place once all is written, or never."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=path.suffix, dir=path.parent)
        os.close(descriptor)
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be written: {error.strerror}") from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def check_folder(folder: Path) -> None:
    """Raise :class:`StoreError` where *folder* is none, or cannot be made or written into; nothing is made."""
    found = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not found.is_dir():
        raise StoreError(f"folder {str(folder)!r} cannot be made: {str(found)!r} is no folder")
    if not os.access(found, os.W_OK | os.X_OK):
        raise StoreError(f"folder {str(folder)!r} cannot be written: no permission for {str(found)!r}")


def make_folder(folder: Path) -> None:
    """Make *folder* and those above it, or raise :class:`StoreError`."""
    check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"folder {str(folder)!r} cannot be made: {error.strerror}") from error


def write_text(path: Path, text: str) -> None:
    """Write *text* to *path*, whole or not at all.

    Raises:
        StoreError: the file cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def is_plain_name(name: str) -> bool:
    """Return whether *name* can stand in a path, a page and a command as it is; see :data:`PLAIN_NAME`."""
    return (
        0 < len(name) <= _MAX_NAME
        and name.isprintable()
        and not {"/", "\\"} & set(name)
        and name[0] not in ".- "
        and len(name.encode()) <= _MAX_NAME_BYTES
    )


def safe_name(name: str, what: str = "name") -> str:
    """Return *name* where it is a plain name, so that a path built of it stays inside its folder.

    Raises:
        StoreError: it is not; the message calls it *what* and says what is allowed.
    """
    if not is_plain_name(name):
        raise StoreError(f"{what} is {shown(name)}; allowed: {PLAIN_NAME}")
    return name


def subfolder(folder: Path, name: str) -> Path:
    """Return the folder *name* inside *folder*, made where it is missing.

    Raises:
        StoreError: the name is not plain, or stands for something that is no folder, or for a link out of this one.
    """
    path = folder / safe_name(name)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be made: {error.strerror}") from error
    if path.is_symlink():
        raise StoreError(f"{str(path)!r} is a link; allowed: a folder, which nothing leads out of")
    return path


def is_regular(path: Path) -> bool:
    """Return whether *path* is a file of its own: no link, folder, pipe or device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def read_text(path: Path, most: int) -> str:
    """Return the text of a regular file, which is never waited for.

    Raises:
        StoreError: it is missing, a link, a pipe or a device, has more than *most* bytes, or is not UTF-8.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StoreError(f"{str(path)!r} is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise StoreError(f"{str(path)!r} has more than {most} bytes, the most that are read")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise StoreError(f"{str(path)!r} is not UTF-8: {error.reason}") from error


class OutputFolder:
    """A folder that is written into and nowhere else: not above it, not through links, not into pipes or devices.

    Attributes:
        root: the folder; made, with those above it, once something is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, name: str) -> Path:
        """Return where the file called *name* (a path of plain components) is written, the folders above it made.

        Raises:
            StoreError: the path leads out of the folder, or through something that is no folder of its own.
        """
        parts = name.split("/")
        if not all(parts) or {".", ".."} & set(parts) or any("\0" in part or "\\" in part for part in parts):
            raise StoreError(f"file is {name!r}; allowed: a path inside {str(self.root)!r}")
        folder = self.root
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for part in parts[:-1]:
                folder = folder / part
                folder.mkdir(exist_ok=True)
                if not stat.S_ISDIR(folder.lstat().st_mode):
                    raise StoreError(f"{str(folder)!r} is no folder of its own; allowed: nothing, or a folder")
            path = folder / parts[-1]
            if os.path.lexists(path) and not is_regular(path):
                raise StoreError(f"{str(path)!r} is no regular file; allowed: nothing, or a file to be replaced")
        except OSError as error:
            raise StoreError(f"{str(folder)!r} cannot be written: {error.strerror or error}") from error
        return path

    def write(self, name: str, text: str) -> Path:
        """Write *text* to the file called *name*, whole or not at all, and return its path."""
        path = self.place(name)
        write_text(path, text)
        return path
