"""Pictures of grey values as PNG files."""

import struct
import zlib

import numpy as np


def png(grey: np.ndarray, zoom: int = 2) -> bytes:
    """Return grey values, shape ``(height, width)``, as a PNG file (PNG specification, ISO/IEC 15948).

    Args:
        grey: whole numbers from 0, black, to 255, white.
        zoom: how many pixels wide and high every value is.
    """
    pixels = np.kron(grey, np.ones((zoom, zoom), np.uint8))
    height, width = pixels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\x00" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
