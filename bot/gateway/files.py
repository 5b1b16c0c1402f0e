"""Files that customers send on the website: what they are, by their own bytes, and pictures without
what a camera writes into them.

A name or a declared type proves nothing, so neither is believed. Pictures are painted anew, which
leaves out where and when they were taken (EXIF, XMP), comments, and whatever was hung behind them.
"""

from __future__ import annotations

import asyncio
import io
import shlex
from dataclasses import dataclass
from urllib.parse import unquote

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.errors import ShopguideError
from bot.runtime.clean import clean
from data.attachments import AttachmentKind

_MOST_PIXELS = 60_000_000  # more than telephones make; a few bytes can claim any number
_LONGEST_NAME = 200
_SCAN_S = 30  # a scanner that takes longer has none of our customers waiting for it
_QUALITY = 90  # nobody sees a difference; of 75, Pillow's own, one does in small print
_HEAD = 4096  # bytes in which a text shows that it is one

# The first bytes of what is taken, from the file formats' own specifications; ISO 14496-12 names
# its brands behind "ftyp".
_BEGINNINGS: tuple[tuple[bytes, str, AttachmentKind], ...] = (
    (b"\xff\xd8\xff", "image/jpeg", "picture"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "picture"),
    (b"%PDF-", "application/pdf", "file"),
    (b"OggS", "audio/ogg", "voice"),
    (b"ID3", "audio/mpeg", "voice"),
    (b"\xff\xfb", "audio/mpeg", "voice"),
    (b"\xff\xf1", "audio/aac", "voice"),
    (b"\xff\xf9", "audio/aac", "voice"),
    (b"#!AMR", "audio/amr", "voice"),
)
_AUDIO_BRANDS = frozenset({b"M4A ", b"M4B "})
_VIDEO_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"}
)
_PAINTED = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


class NoPicture(ShopguideError):
    """It begins like a picture and is none that can be opened."""


class Unscanned(ShopguideError):
    """The scanner cannot be asked."""


@dataclass(frozen=True)
class File:
    kind: AttachmentKind
    media_type: str
    content: bytes


def recognise(body: bytes, declared: str) -> tuple[str, AttachmentKind] | None:
    """The media type and the kind by the bytes; None for what is not taken. `declared` decides one
    thing alone: whether a container of the web (WebM) or of the telephone (MP4) is heard or seen.
    """
    for beginning, media_type, kind in _BEGINNINGS:
        if body.startswith(beginning):
            return media_type, kind
    heard = declared.strip().lower().startswith("audio/")
    if body[:4] == b"RIFF":
        riff: dict[bytes, tuple[str, AttachmentKind]] = {
            b"WEBP": ("image/webp", "picture"),
            b"WAVE": ("audio/wav", "voice"),
        }
        return riff.get(body[8:12])
    if body.startswith(b"\x1aE\xdf\xa3"):
        return ("audio/webm", "voice") if heard else ("video/webm", "video")
    if body[4:8] == b"ftyp":
        brand = body[8:12]
        if brand in _AUDIO_BRANDS or (heard and brand in _VIDEO_BRANDS):
            return "audio/mp4", "voice"
        if brand == b"qt  ":
            return "video/quicktime", "video"
        return ("video/mp4", "video") if brand in _VIDEO_BRANDS else None
    return ("text/plain", "file") if _is_text(body) else None


def _is_text(body: bytes) -> bool:
    try:
        text = body[:_HEAD].decode("utf-8-sig", "strict" if len(body) <= _HEAD else "ignore")
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and all(c.isprintable() or c in "\r\n\t" for c in text)


def painted(body: bytes, media_type: str) -> bytes:
    """A picture as it looks, upright, and nothing else that its file held. Raises `NoPicture`."""
    form = _PAINTED[media_type]
    try:
        with Image.open(io.BytesIO(body), formats=[form]) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise NoPicture("it has too many pixels")
            upright = ImageOps.exif_transpose(picture)
            upright.info = {}
            if form == "JPEG" and upright.mode not in ("L", "RGB"):
                upright = upright.convert("RGB")
            made = io.BytesIO()
            upright.save(made, form, quality=_QUALITY)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, MemoryError) as error:
        raise NoPicture(type(error).__name__) from None
    except Image.DecompressionBombError as error:
        raise NoPicture(type(error).__name__) from None
    return made.getvalue()


def named(header: str | None) -> str:
    """What the customer calls it, out of a header (percent-encoded UTF-8), without folders."""
    name = clean(unquote(header or "", errors="replace")).replace("\\", "/").rpartition("/")[2]
    return " ".join(name.split())[:_LONGEST_NAME]


async def passes(command: str, body: bytes) -> bool:
    """Whether the shop's scanner, which reads the file from its standard input, ends with 0. Raises
    `Unscanned` where it cannot be asked."""
    if not command:
        return True
    try:
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError) as error:
        raise Unscanned(type(error).__name__) from None
    try:
        async with asyncio.timeout(_SCAN_S):
            await process.communicate(body)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Unscanned("it takes too long") from None
    return process.returncode == 0
