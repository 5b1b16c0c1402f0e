"""`make lock`: resolves the packages anew into pinned files of names, versions and hashes.

Versions already locked stay as they are unless something requires another (`--upgrade` lets them
move). The files name no address, so they serve whatever index this machine is set to.

  main.txt        what the code needs, without torch: for uv, which is quick
  dev.txt         what only the checks need
  torch-cpu.txt   torch's CPU build, which some indexes offer: tried first, being 3 GB smaller
  torch.txt       torch as the usual index has it
  torch-cuda.txt  what a CUDA build of torch needs beside it, installed only for one
  tools.txt       uv itself
  build.txt       what builds the few packages that come as source
  bot/rasa/requirements.txt   Rasa's environment (from requirements.in beside it)
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from install.errors import InstallError
from install.places import Places

_CUDA = re.compile(r"(nvidia-|cuda-|triton)")
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==")


def entries(text: str) -> dict[str, str]:
    """The requirements of a lock file: package name to its whole entry, hashes included."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        match = _NAME.match(line)
        if match:
            name = match[1].lower()
            # A package can have two entries, with markers that exclude each other.
            found[name] = f"{found[name]}\n{line}" if name in found else line
        elif name and line.startswith(" "):
            found[name] += "\n" + line
    return found


def split(resolved: str) -> dict[str, str]:
    """One resolution of everything, divided into main.txt, torch.txt and torch-cuda.txt."""
    files = {"main.txt": "", "torch.txt": "", "torch-cuda.txt": ""}
    for name, entry in entries(resolved).items():
        file = "main.txt"
        if name == "torch":
            file = "torch.txt"
        elif _CUDA.match(name):
            file = "torch-cuda.txt"
        files[file] += entry + "\n"
    return files


def _compile(places: Places, source: str, seed: str, *options: str) -> str:
    """uv's resolution of a source file; `seed` is a lock whose versions are kept."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lock.txt"
        out.write_text(seed, encoding="utf-8")
        command = [
            *(str(places.uv), "pip", "compile", "-q", source, "-o", str(out)),
            *("--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url"),
            # Reports the use of OpenVINO's tools to their makers; nothing of ours needs it.
            *("--no-emit-package", "openvino-telemetry"),
            *options,
        ]
        done = subprocess.run(command, cwd=places.root, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        if done.returncode != 0:
            raise InstallError(f"{source} could not be resolved; uv's own words stand above.")
        return out.read_text(encoding="utf-8")


def _cpu_build(places: Places, version: str) -> str | None:
    """The lock of torch's CPU build, when the index that this machine uses offers one."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(str(places.python), "-m", "pip", "download", "-q", "--no-deps", "-d", folder),
            f"torch=={version}+cpu",
        ]
        if subprocess.run(command, check=False, capture_output=True).returncode != 0:  # noqa: S603
            return None
        wheel = next(Path(folder).glob("torch-*.whl"))
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"torch=={version}+cpu \\\n    --hash=sha256:{digest}\n"


def main(upgrade: bool = False, places: Places | None = None) -> None:
    """Writes all lock files; raises InstallError when a set of packages cannot be resolved."""
    places = places or Places()
    if not places.uv.exists():
        raise InstallError("The locks are made with uv from .venv. Run `make setup` first.")
    locks = places.locks

    def old(*names: str) -> str:
        files = [locks / name for name in names]
        return "" if upgrade else "".join(f.read_text("utf-8") for f in files if f.exists())

    universal = ("--universal", "--python-version", "3.11")
    seed = old("main.txt", "torch.txt", "torch-cuda.txt")
    resolved = _compile(places, "pyproject.toml", seed, *universal)
    written = split(resolved)
    whole = _compile(
        places, "pyproject.toml", resolved + old("dev.txt"), "--extra", "dev", *universal
    )
    known = entries(resolved)
    written["dev.txt"] = "".join(
        entry + "\n" for name, entry in entries(whole).items() if name not in known
    )
    for name in ("tools", "build"):
        written[f"{name}.txt"] = _compile(
            places, f"install/locks/{name}.in", old(f"{name}.txt"), "--universal",
            "--python-version", "3.10",
        )  # fmt: skip
    version = re.search(r"torch==([0-9.]+)", written["torch.txt"])
    cpu = _cpu_build(places, version[1]) if version else None
    if cpu:
        written["torch-cpu.txt"] = cpu
    else:
        print(
            "No CPU build of torch was found here: torch-cpu.txt is left as it was.",
            file=sys.stderr,
        )
    for name, text in written.items():
        (locks / name).write_text(text, encoding="utf-8")
    seed = "" if upgrade or not places.rasa_lock.exists() else places.rasa_lock.read_text("utf-8")
    # Rasa's own pins contradict each other on Windows, so its lock is for this kind of machine.
    rasa = _compile(places, "bot/rasa/requirements.in", seed, "--python-version", "3.10")
    places.rasa_lock.write_text(rasa, encoding="utf-8")
