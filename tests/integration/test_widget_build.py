"""The widget's built files: small enough, and exactly what its source gives."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest

from tests.node import WIDGET, node_modules

DIST = WIDGET / "dist"
# Bytes, compressed as a web server does.
LAUNCHER = 5_000
PANEL = 24_000
CART = 1_200


def _size(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9))


def test_the_launcher_is_small() -> None:
    assert _size(DIST / "widget.js") <= LAUNCHER


def test_the_panel_is_small() -> None:
    assert _size(DIST / "panel.js") <= PANEL


def test_the_carts_are_small() -> None:
    carts = sorted(DIST.glob("cart-*.js"))
    assert [file.name for file in carts] == ["cart-shopify.js", "cart-woocommerce.js"]
    assert all(_size(file) <= CART for file in carts)


@pytest.fixture(scope="module")
def node() -> str:
    return node_modules()


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=WIDGET, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-8000:]}{done.stderr[-2000:]}"


def test_types(node: str) -> None:
    _run(node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_vitest(node: str) -> None:
    _run(node, "node_modules/vitest/vitest.mjs", "run")


def test_the_built_files_are_those_of_the_source(node: str, tmp_path: Path) -> None:
    _run(node, "build.js", tmp_path / "dist")
    built = {file.name: file.read_bytes() for file in (tmp_path / "dist").iterdir()}
    kept = {file.name: file.read_bytes() for file in DIST.iterdir()}
    assert built.keys() == kept.keys()
    for name, content in built.items():
        assert content == kept[name], f"{name} is stale; run `npm run build` in {WIDGET}."
