"""Text of unknown origin made safe: for terminals and pages, for file names, for spreadsheets and for JSON."""

import hashlib
import re

#: Control characters, lone surrogates, and format characters that reorder or hide what stands around them.
_UNSAFE = r"\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
_HIDDEN = re.compile(f"[{_UNSAFE}]")
_WHITE = re.compile(r"[\t\n\v\f\r\u2028\u2029]+")
#: Escape sequences of terminals: control sequences, strings (titles, links, clipboards), and the short ones.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_SAFE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._=-]*[a-z0-9_=])?")
_LONGEST_NAME = 80
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


def counted(count: int, noun: str) -> str:
    """Return ``1 cell``, ``2 cells``, ``10,000 cells``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def plain_text(text: str) -> str:
    """Return *text* as one line that shows and does nothing else.

    Escape sequences of terminals are taken out, white space becomes blanks, and every other control character, lone
    surrogate or invisible mark of direction becomes ``�``.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub("�", _WHITE.sub(" ", _SEQUENCE.sub("", text)))


def file_name(text: str) -> str:
    """Return a name for a file that *text* alone decides: of ``a-z 0-9 . _ = -``, at most 80 characters.

    Spec strings stay readable (``ksg:k=3`` is ``ksg-k=3``); what would not be told apart by its readable part, on a
    file system that ignores case too, ends in the first digits of its SHA-256.
    """
    readable = re.sub("[:,]", "-", text)
    if _SAFE_NAME.fullmatch(readable) and len(readable) <= _LONGEST_NAME and readable.split(".")[0] not in _RESERVED:
        return readable
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    stem = re.sub(r"[^a-z0-9_=.]+", "-", text.lower()).strip("-.")[: _LONGEST_NAME - len(digest) - 1]
    return f"{stem}-{digest}" if stem else digest


def csv_text(text: str) -> str:
    """Return *text* so that no spreadsheet reads it as a formula; numbers stay as they are."""
    text = plain_text(text)
    if text.lstrip()[:1] in ("=", "+", "-", "@") and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def json_text(text: str) -> str:
    r"""Return a JSON document with what :func:`plain_text` would not let through as ``\u`` escapes, newlines but."""
    return re.sub(f"[{_UNSAFE}]", lambda match: _escaped(match[0]), text)


def _escaped(char: str) -> str:
    return char if char == "\n" else f"\\u{ord(char):04x}"
