"""Node and the widget's packages, for the tests that need them."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from bot.settings import ROOT

WIDGET = ROOT / "bot" / "widget"
_OLDEST = (20, 19)


def node_modules() -> str:
    """The path of a Node that is new enough, with the locked packages installed; else skips."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed; the widget's tests need Node 20.19 or newer.")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version < _OLDEST:
        pytest.skip(f"Node {said.strip()} is too old; the widget's tests need 20.19 or newer.")
    installed = WIDGET / "node_modules" / ".package-lock.json"
    if (
        not installed.exists()
        or installed.stat().st_mtime < (WIDGET / "package-lock.json").stat().st_mtime
    ):
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"], cwd=WIDGET, capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"The widget's packages could not be installed: {done.stderr[-500:]}")
    return node
