"""From a name to a converted folder, whatever is missing on the way."""

from __future__ import annotations

import shutil
from pathlib import Path

from weights.cache import cache_folder, is_whole, locate, locked, write_stamp
from weights.catalogue import CATALOGUE
from weights.convert import convert
from weights.errors import NotEnoughSpace, WeightsMissing
from weights.fetch import fetch
from weights.progress import Progress, silent


def ensure(name: str, progress: Progress = silent) -> Path:
    """The folder of the converted weights, fetched and converted first when need be.

    Safe to interrupt, to repeat, and to call from several processes at once. A name that is not
    in the catalogue is only located. Raises `WeightsError`.
    """
    entry = CATALOGUE.get(name)
    if entry is None:
        return locate(name)
    folder = cache_folder() / name
    if is_whole(entry):
        return folder
    with locked(name, progress):
        if is_whole(entry):  # another process made it while we waited
            return folder
        sources = [fetch(asset, progress) for asset in entry.assets]
        free = shutil.disk_usage(cache_folder()).free
        if free < entry.bytes_converted:
            raise NotEnoughSpace(
                f"Converting {name} needs {entry.bytes_converted / 1e9:.1f} GB in "
                f"{cache_folder()}, where only {free / 1e9:.1f} GB are free."
            )
        # Built beside its place and renamed at the end: a folder under its own name is whole.
        half = cache_folder() / f".{name}.half"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        convert(entry, sources, half, progress)
        write_stamp(half, entry)
        shutil.rmtree(folder, ignore_errors=True)
        half.rename(folder)
    return folder


def require_known(name: str) -> None:
    """Raise `WeightsMissing` with the list of names when the name is none of them."""
    if name not in CATALOGUE:
        raise WeightsMissing(
            f"There are no weights called {name}. The names are: {', '.join(CATALOGUE)}."
        )
