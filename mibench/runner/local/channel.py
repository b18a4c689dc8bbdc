"""Messages between processes: JSON in packets, so that a half-written message can block nobody.

Nothing is unpickled that comes out of a process in which other people's code has run.
"""

import json
import socket
from typing import Any

_PACKET = 60_000
#: The largest message taken from a worker, in bytes.
MAX_MESSAGE = 16_000_000


class MessageError(Exception):
    """A message that is no message: the sender is out of order."""


class Channel:
    """One end of a socket pair of type ``SOCK_SEQPACKET``. Each packet starts with ``+`` (more follows) or ``.``."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._parts: list[bytes] = []

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close this end."""
        self._socket.close()

    def send(self, message: Any, descriptors: tuple[int, ...] = (), *, wait: bool = True) -> None:
        """Send *message*, with open files in its last packet.

        Raises:
            BlockingIOError: the other end does not read, and *wait* is false.
        """
        flags = 0 if wait else socket.MSG_DONTWAIT
        data = json.dumps(message).encode()
        while len(data) > _PACKET:
            self._socket.send(b"+" + data[:_PACKET], flags)
            data = data[_PACKET:]
        if descriptors:
            socket.send_fds(self._socket, [b"." + data], descriptors, flags)
        else:
            self._socket.send(b"." + data, flags)

    def receive(self) -> tuple[Any, list[int]]:
        """Wait for a whole message and return it with the open files that came along.

        Raises:
            EOFError: the other end is closed.
        """
        while True:
            packet, descriptors, _, _ = socket.recv_fds(self._socket, _PACKET + 1, 4)
            if self._take(packet):
                return self._whole(), list(descriptors)

    def poll(self) -> Any:
        """Return a message if one is whole, else None; never wait.

        Raises:
            EOFError: the other end is closed.
            MessageError: what came is no message.
        """
        while True:
            try:
                packet = self._socket.recv(_PACKET + 1, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            except ConnectionError:
                raise EOFError from None
            if self._take(packet):
                return self._whole()

    def _take(self, packet: bytes) -> bool:
        if not packet:
            raise EOFError
        self._parts.append(packet[1:])
        if packet[:1] not in (b"+", b".") or len(self._parts) * _PACKET > MAX_MESSAGE:
            raise MessageError(f"a packet of {len(packet)} bytes that begins with {packet[:1]!r}")
        return packet[:1] == b"."

    def _whole(self) -> Any:
        data, self._parts = b"".join(self._parts), []
        try:
            return _DECODER.decode(data.decode())
        except (ValueError, RecursionError) as error:
            raise MessageError(str(error)) from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def channels() -> tuple[Channel, Channel]:
    """Return the two ends of a new channel."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return Channel(one), Channel(other)
