"""Chromium and a font with Chinese for the tests in a browser.

`python -m tests.chromium` installs both where this may be done (Debian's packages, as root) and
says what to do elsewhere; it never fails, for the tests skip without them.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

_PACKAGES = ["chromium", "fonts-wqy-zenhei"]
_HOW = "Chromium is not installed; on Debian: apt-get install " + " ".join(_PACKAGES)


def chromium() -> str:
    """The path of Chromium; skips without one."""
    path = _find()
    if path is None:
        pytest.skip(_HOW)
    return path


def install() -> None:
    if _find():
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"The tests in a browser are skipped: {_HOW}")
        return
    print("Chromium for the tests in a browser …", flush=True)
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *_PACKAGES]):
        done = subprocess.run(
            ["apt-get", "-qq", *command],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            print(f"The tests in a browser are skipped; apt-get said: {done.stderr.strip()[-300:]}")
            return


def _find() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


if __name__ == "__main__":
    install()
