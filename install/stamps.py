"""Remembers what each step was made from, so that it runs again exactly when that has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path


def fingerprint(files: Iterable[Path], words: Iterable[str] = ()) -> str:
    """A hash over the content of files and folders, and over words such as settings.

    Absent files count as such. Python's compiled files and hidden ones are left out.
    """
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"word {word}\n".encode())
    for named in files:
        for file in _walk(named):
            digest.update(f"file {file.relative_to(named.parent)}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _walk(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for child in sorted(path.iterdir()):
            if not child.name.startswith((".", "__pycache__")):
                yield from _walk(child)


def read(path: Path) -> str | None:
    """The fingerprint in a stamp; None when there is no stamp, or only a broken one."""
    try:
        made_from = json.loads(path.read_text(encoding="utf-8"))["made_from"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return made_from if isinstance(made_from, str) else None


def write(path: Path, made_from: str, seconds: float) -> None:
    """Marks a step as done. Written to a file beside it first: a stamp is whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    draft.write_text(
        json.dumps({"made_from": made_from, "seconds": round(seconds, 1)}), encoding="utf-8"
    )
    draft.replace(path)
