"""gzip, and bodies that unpack to far more than they weigh."""

from __future__ import annotations

import gzip
import struct
import zlib

BLANKS = b" " * 1024 * 1024
HEAD = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"


def pack(body: bytes) -> bytes:
    """Pack a body."""
    return gzip.compress(body, mtime=0)


def pack_filled(body: bytes, size: int) -> bytes:
    """Pack a body with so many blanks behind it that it unpacks to `size` bytes: JSON may end in blanks."""
    count, rest = divmod(max(size - len(body), 0), len(BLANKS))
    body += b" " * rest
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(body) + packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush nothing before it counts. So equal pieces are packed alike: one is, and stands for all.
    packed += (packer.compress(BLANKS) + packer.flush(zlib.Z_FULL_FLUSH)) * count
    packed += packer.flush(zlib.Z_FINISH)
    checksum = zlib.crc32(body)
    for _ in range(count):
        checksum = zlib.crc32(BLANKS, checksum)
    return HEAD + packed + struct.pack("<LL", checksum, len(body) + count * len(BLANKS))
