"""Byte-level BPE tokens to text, piece by piece, never cutting a character in two."""

from __future__ import annotations

import codecs
from functools import cache


@cache
def _bytes_of_characters() -> dict[str, int]:
    """The inverse of byte-level BPE's alphabet: printable bytes stand for themselves, the other
    68 are shifted to 256 and above, in order."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    shifted = (byte for byte in range(256) if byte not in printable)
    table = {chr(byte): byte for byte in printable}
    table.update({chr(256 + place): byte for place, byte in enumerate(shifted)})
    return table


class ByteStream:
    """Feed tokens, get text. Bytes that are no UTF-8 are dropped, so U+FFFD never appears."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def feed(self, token: str) -> str:
        """The text that this token completes; "" while a character is unfinished."""
        table = _bytes_of_characters()
        raw = b"".join(
            bytes([table[character]]) if character in table else character.encode()
            for character in token
        )
        return self._decoder.decode(raw)
