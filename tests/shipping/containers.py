"""Images built and run without a daemon: by buildah, as root, with chroot isolation. What that
cannot give is a network of the containers' own and their limits: they share the machine's, and
capabilities and a read-only root are dropped as far as `buildah run` does it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from install import pythons
from install.places import ROOT

_ENVIRONMENT = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
# What pip and uv need on this machine to reach a package index; an image built here needs it too.
_INDEX = re.compile(r"(PIP|UV|SSL)_[A-Z_]+")
_DEBIAN = (
    "python3,python3-pip,python3-venv,ca-certificates,libgomp1,libssl3,libsqlite3-0,libbz2-1.0,"
    "liblzma5,libreadline8,libffi8,zlib1g,libncursesw6"
)  # fmt: skip


class CannotBuild(Exception):
    """Why not."""


def buildah(*arguments: str, timeout_s: float = 1800) -> str:
    done = subprocess.run(
        ["buildah", *arguments],
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        raise CannotBuild(f"buildah {arguments[0]}: {done.stderr[-2000:]}")
    return done.stdout.strip()


def check_builder() -> None:
    """Raises `CannotBuild` where there is none."""
    if shutil.which("buildah") is None:
        raise CannotBuild("buildah is not installed (apt-get install buildah debootstrap)")
    if os.geteuid() != 0:
        raise CannotBuild("buildah builds here as root only")


def build(dockerfile: Path, tag: str) -> None:
    """The image of a Dockerfile, on the base that it names, or where no registry is reached on one
    made of Debian's packages under that name. Where SHOPGUIDE_TEST_BUILT says so, the one that is
    here is taken."""
    if os.environ.get("SHOPGUIDE_TEST_BUILT") and buildah("images", "--quiet", tag):
        return
    version = re.search(r"ARG PYTHON=(\S+)", dockerfile.read_text("utf-8"))
    assert version is not None
    base = f"docker.io/library/python:{version[1]}"
    if not buildah("images", "--quiet", "--filter", f"reference={base}"):
        try:
            buildah("pull", base)
        except CannotBuild:
            _make_base(base, version[1].rpartition(".")[0])
    buildah("bud", *_mounts(), "-f", str(dockerfile), "-t", tag, str(ROOT))


def _mounts() -> Iterator[str]:
    """What SHOPGUIDE_TEST_BUILD_PLACES names (certificates, pip's settings), read-only, so that a
    build reaches the index that this machine reaches."""
    for place in os.environ.get("SHOPGUIDE_TEST_BUILD_PLACES", "").split():
        if Path(place).exists():
            yield from ("--volume", f"{place}:{place}:ro")


def _make_base(name: str, version: str) -> None:
    """A Debian with that Python: its own (3.11), or a copy of the one that set-up uses."""
    if shutil.which("debootstrap") is None:
        raise CannotBuild(f"{name} cannot be pulled, and debootstrap is not installed to make one")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={_DEBIAN}", "bookworm", folder],
            check=True, capture_output=True, timeout=1800,
        )  # fmt: skip
        container = buildah("from", "scratch")
        buildah("add", container, folder, "/")
    if version == "3.11":
        makes = (
            "rm -f /usr/lib/python3.11/EXTERNALLY-MANAGED; "
            "ln -s /usr/bin/python3 /usr/local/bin/python"
        )
    else:
        found = pythons.find([version])
        if found is None:
            raise CannotBuild(f"{name} cannot be pulled, and no Python {version} is here to copy")
        home = found.path.resolve().parent.parent
        buildah("add", container, str(home), "/usr/local")
        shebang = f"#!/usr/local/bin/python{version}"
        makes = (
            f"ldconfig; cd /usr/local/bin; sed -i '1s|.*|{shebang}|' pip pip3; "
            f"ln -sf python{version} python3; ln -sf python{version} python"
        )
    buildah("run", container, "--", "sh", "-c", makes)
    reaching = {k: v for k, v in os.environ.items() if _INDEX.fullmatch(k)}
    path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    for key, value in {**reaching, "PATH": path}.items():
        buildah("config", "--env", f"{key}={value}", container)
    buildah("commit", "--rm", container, name)


@contextmanager
def container(image: str) -> Iterator[str]:
    """A container of an image that is here, without anything running in it."""
    name = buildah("from", "--pull-never", image)
    try:
        yield name
    finally:
        buildah("rm", name)


class Running:
    """A command that runs in a container as its image's user, with volumes {host: inside}."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        volumes: Mapping[Path, str],
        log: Path,
        read_only: Sequence[Path] = (),
    ) -> None:
        options = ["--cap-drop", "all"]
        for key, value in environment.items():
            options += ["--env", f"{key}={value}"]
        for outside, inside in volumes.items():
            options += ["--volume", f"{outside}:{inside}"]
        for place in read_only:
            options += ["--volume", f"{place}:{place}:ro"]
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["buildah", "run", *options, name, "--", *command],
                env=_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)

    def stop(self) -> None:
        """As Docker does: SIGTERM, then SIGKILL."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def said(self) -> str:
        return self.log.read_text("utf-8", errors="replace")[-3000:]


def wait_for(ready: object, running: Sequence[Running], seconds: float) -> None:
    """Until `ready()`; fails as soon as one of `running` has ended."""
    deadline = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        for each in running:
            assert not each.ended, each.said()
        assert time.monotonic() < deadline, "\n".join(each.said() for each in running)
        time.sleep(1)


if __name__ == "__main__":
    sys.exit("Run by: make images")
