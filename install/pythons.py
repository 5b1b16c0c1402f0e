"""Finds the Pythons that the two environments are made from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from install.errors import InstallError

# What each environment takes, best first. The locks are tested with the first of each.
MAIN_VERSIONS = ("3.11", "3.12", "3.13")
RASA_VERSIONS = ("3.10",)

_PROBE = (
    "import sys, venv, ensurepip; "
    "print('%d.%d' % sys.version_info[:2]); "
    "print(getattr(sys, '_base_executable', None) or sys.executable)"
)


@dataclass(frozen=True)
class Python:
    """An interpreter that starts and can make virtual environments."""

    version: str
    path: Path


def probe(candidate: str | Path) -> Python | None:
    """What this interpreter is, or None when it does not start (a pyenv shim often does not).

    The path returned is the real interpreter's, not a shim's and not a virtual environment's.
    """
    try:
        done = subprocess.run(  # noqa: S603
            [str(candidate), "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.split("\n")
    if done.returncode != 0 or len(lines) < 2:
        return None
    return Python(lines[0].strip(), Path(lines[1].strip()))


def candidates(version: str) -> Iterator[str | Path]:
    """Where a Python of this version may be: the PATH, then pyenv's folder, then uv's."""
    for name in (f"python{version}", "python3"):
        found = shutil.which(name)
        if found:
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for folder in sorted(pyenv.glob(f"{version}*"), reverse=True):
        yield folder / "bin" / f"python{version}"
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for folder in sorted(uv.glob(f"cpython-{version}*"), reverse=True):
        yield folder / "bin" / f"python{version}"


def find(versions: Sequence[str]) -> Python | None:
    """The first working Python of these versions, in their order."""
    for version in versions:
        for candidate in candidates(version):
            python = probe(candidate)
            if python and python.version == version:
                return python
    return None


def require_main() -> Python:
    """The Python of the main environment; raises InstallError with what to install."""
    python = find(MAIN_VERSIONS)
    if python is None:
        raise InstallError(_missing("Shopguide", "3.11"))
    return python


def require_rasa() -> Python:
    """The Python of Rasa's environment; raises InstallError with what to install."""
    python = find(RASA_VERSIONS)
    if python is None:
        raise InstallError(_missing("Rasa", "3.10"))
    return python


def _missing(who: str, version: str) -> str:
    return (
        f"{who} needs Python {version} with its venv module, and none was found on the PATH, "
        f"in pyenv or in uv. Install it (apt install python{version} python{version}-venv, "
        f"brew install python@{version}, pyenv install {version}, or uv python install {version}) "
        "and run this again."
    )
