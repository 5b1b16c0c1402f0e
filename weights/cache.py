"""Where weights live, how a folder tells that it is whole, and how a name becomes a folder."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weights.catalogue import CATALOGUE, Entry
from weights.errors import WeightsBroken, WeightsMissing
from weights.progress import Progress

# Raised whenever convert.py writes something else than before: old folders are then made anew.
FORMAT = 1
STAMP = "weights.json"


def cache_folder() -> Path:
    """SHOPGUIDE_WEIGHTS, else shopguide/weights in the user's cache."""
    if chosen := os.environ.get("SHOPGUIDE_WEIGHTS"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "shopguide" / "weights"


def source_file(file: str) -> Path:
    """Where a verified, unconverted file stands (or would stand)."""
    return cache_folder() / "sources" / file


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_stamp(folder: Path, entry: Entry) -> None:
    """Record what the folder was made from and the hash of every file in it."""
    stamp = {
        "name": entry.name,
        "title": entry.title,
        "licence": entry.licence,
        "format": FORMAT,
        "made_for": entry.made_for,
        "sources": entry.sources(),
        "files": {path.name: sha256_of(path) for path in sorted(folder.iterdir())},
    }
    (folder / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")


def _stamp(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def is_whole(entry: Entry) -> bool:
    """Whether the converted folder is there and was made from these sources by this code."""
    folder = cache_folder() / entry.name
    stamp = _stamp(folder)
    return (
        stamp is not None
        and stamp.get("format") == FORMAT
        and stamp.get("made_for") == entry.made_for
        and stamp.get("sources") == entry.sources()
        and all((folder / file).is_file() for file in stamp.get("files", {}))
    )


def check_files(entry: Entry) -> None:
    """Hash every converted file again; raises `WeightsMissing` or `WeightsBroken`."""
    if not is_whole(entry):
        raise _missing(entry.name)
    folder = cache_folder() / entry.name
    stamp = _stamp(folder) or {}
    for file, sha256 in stamp["files"].items():
        if sha256_of(folder / file) != sha256:
            raise WeightsBroken(
                f"{folder / file} has changed since it was written. Remove the folder {folder} "
                f"and run: python -m weights ensure {entry.name}"
            )


def locate(name: str | Path) -> Path:
    """The folder of converted weights, without touching the network.

    `name` is a name of the catalogue, an existing folder (taken as it is), or a model hub's
    "owner/model" that the hub's own cache already holds. Raises `WeightsMissing`.
    """
    if str(name) in CATALOGUE:
        if not is_whole(CATALOGUE[str(name)]):
            raise _missing(str(name))
        return cache_folder() / str(name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if str(name).count("/") == 1 and not str(name).startswith((".", "/", "~")):
        return _in_hub_cache(str(name))
    raise WeightsMissing(
        f"There are no weights called {name}: it is neither a folder nor one of "
        f"{', '.join(CATALOGUE)}."
    )


def _missing(name: str) -> WeightsMissing:
    return WeightsMissing(
        f"The weights {name} are not on this machine yet. Fetch them with: "
        f"python -m weights ensure {name}"
    )


def _in_hub_cache(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except LocalEntryNotFoundError:
        raise WeightsMissing(
            f"The model {name} is neither a folder nor in the model hub's cache. Download it with: "
            f"hf download {name}"
        ) from None


@contextmanager
def locked(name: str, progress: Progress) -> Iterator[None]:
    """Hold the one lock of this name among all processes; says so when it has to wait."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f".{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"{name}: waiting for another process that is preparing it", 0, 1)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
