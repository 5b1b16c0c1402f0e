"""`shopguide doctor`: what is installed, what is missing, and how to mend each.

It only looks: it starts nothing, changes nothing, and needs no package.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from bot.rasa.environment import READING
from install import pythons
from install.places import JUDGE, Places
from install.steps import Plan, Step, is_cuda_build, is_weight_name

State = Literal["ok", "note", "missing"]

_SETUP = "make setup"
_PORTS = (("port", 8080, "the shop's door"), ("actions_port", 5055, "the action endpoint"),
          ("rasa_port", 5005, "Rasa"))  # fmt: skip
KNOWN_PRODUCTS = 0.8  # as in retrieval/recommend/serving.py, with a test
_LOW_DISK = 5_000_000_000  # bytes; logs, trackers and uploads need some room to live


@dataclass(frozen=True)
class Finding:
    """One line of the table. `missing` means that Shopguide cannot run without it."""

    state: State
    what: str
    found: str
    mend: str = ""


def folder_size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder (links not followed)."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
    return total


def size_words(size: int) -> str:
    """A size as people read it: 312 kB, 1.1 GB."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit == "GB" else f"{value:.0f} {unit}"


def package_versions(venv: Path, names: Sequence[str]) -> dict[str, str]:
    """The installed versions of these packages in an environment, without starting its Python."""
    sites = [str(site) for site in venv.glob("lib/python3.*/site-packages")]
    wanted = {name.lower().replace("_", "-"): name for name in names}
    found: dict[str, str] = {}
    for distribution in distributions(path=sites):
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if name in wanted:
            found[wanted[name]] = distribution.version
    return found


def examine(places: Places | None = None) -> list[Finding]:
    """Everything that the doctor looks at, in the order of the table."""
    places = places or Places()
    steps = {step.name: step for step in Plan(places).steps()}
    checks: tuple[Callable[[Places, dict[str, Step]], Iterator[Finding]], ...] = (
        _pythons,
        _main_environment,
        _rasa_environment,
        _weights,
        _database,
        _index_and_model,
        _recommendations,
        _ports,
        _channels,
        _disk,
    )
    return [finding for check in checks for finding in check(places, steps)]


def _pythons(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    for title, versions in (
        ("Python for Shopguide", pythons.MAIN_VERSIONS),
        ("Python for Rasa", pythons.RASA_VERSIONS),
    ):
        python = pythons.find(versions)
        if python:
            yield Finding("ok", title, f"{python.version}, {python.path}")
        else:
            version = versions[0]
            yield Finding(
                "missing",
                title,
                "not found on the PATH, in pyenv or in uv",
                f"install Python {version}, e.g. apt install python{version} python{version}-venv",
            )


def _environment(
    title: str, venv: Path, parts: Sequence[Step], names: Sequence[str]
) -> Iterator[Finding]:
    if not venv.exists():
        yield Finding("missing", title, "not installed", _SETUP)
        return
    versions = package_versions(venv, names)
    words = ", ".join(f"{name} {version}" for name, version in versions.items())
    found = f"{words} ({size_words(folder_size(venv))})" if words else "no packages"
    stale = [step.title for step in parts if not step.is_done()]
    absent = [name for name in names if name not in versions]
    if absent:
        yield Finding("missing", title, f"{found}; without {', '.join(absent)}", _SETUP)
    elif stale:
        yield Finding("note", title, f"{found}; not finished or not up to date", _SETUP)
    else:
        yield Finding("ok", title, found)


def _main_environment(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    parts = [steps[name] for name in ("environment", "packages", "torch", "command")]
    names = ["torch", "transformers", "ctranslate2", "faiss-cpu", "fastapi", "sqlalchemy"]
    yield from _environment("Shopguide's packages", places.venv, parts, names)
    if is_cuda_build(places.venv):
        yield Finding("note", "PyTorch", "a CUDA build: larger, and not needed on the CPU")


def _rasa_environment(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    names = ["rasa", "tensorflow", "ctranslate2"]
    yield from _environment("Rasa's packages", places.rasa_venv, [steps["rasa-packages"]], names)


def _weights(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    wanted = [
        ("Reading of messages", READING),
        ("Embedder", places.embedder),
        ("Judge of answers", JUDGE),
        ("Language model", places.generator),
    ]
    for title, name in wanted:
        if name == "off":
            yield Finding("note", title, "switched off: answers are quotes of the documents")
        elif "://" in name:
            yield _reachable(title, name, "is the server running?")
        elif is_weight_name(name):
            folder = places.weights / name
            if (folder / "weights.json").exists():
                size = size_words(folder_size(folder))
                yield Finding("ok", title, f"{name} ({size}), {folder}")
            else:
                yield Finding("missing", title, f"{name} is not in {places.weights}", _SETUP)
        elif Path(name).exists():
            yield Finding("ok", title, f"the folder {name}")
        else:
            yield Finding("note", title, f"{name}, fetched from its hub at the first start")


def _database(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    file = places.database_file
    if file is None:
        yield _reachable("Database", places.database_url, "start the server, or correct the URL")
        return
    if not file.exists():
        yield Finding("missing", "Database", f"{file} is not there", _SETUP)
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            counts = [
                f"{database.execute(f'SELECT count(*) FROM {table}').fetchone()[0]} {table}"  # noqa: S608
                for table in ("products", "customers", "orders")
            ]
    except sqlite3.Error as error:
        yield Finding(
            "missing",
            "Database",
            f"{file}: {error}",
            "restore a copy, or move it away and make setup",
        )
        return
    yield Finding("ok", "Database", f"{', '.join(counts)} ({size_words(file.stat().st_size)})")


def _index_and_model(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    for name, path in (("index", places.index), ("rasa-model", places.rasa_model)):
        step = steps[name]
        if not path.exists():
            yield Finding("missing", step.title, f"{path} is not there", _SETUP)
        elif not step.is_done():
            yield Finding("note", step.title, "older than what it is made from", _SETUP)
        else:
            yield Finding("ok", step.title, size_words(folder_size(path)))


def _recommendations(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    """Trained models are a choice; without them recommendations are by counts."""
    what, train = "Recommendations", "shopguide train recommend"
    file = places.state / "recommend" / "model.json"
    if not file.is_file():
        yield Finding("ok", what, f"by counts; `{train}` trains models")
        return
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        known = frozenset(about["items"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Finding("note", what, f"by counts, the models are damaged: {error}", train)
        return
    products = _product_ids(places)
    if len(products & known) < KNOWN_PRODUCTS * len(products):
        told = f"{len(products & known)} of {len(products)} products"
        yield Finding("note", what, f"by counts, the models know only {told}", train)
    else:
        yield Finding("ok", what, f"by models trained on {len(known)} products")


def _product_ids(places: Places) -> frozenset[str]:
    """Of an SQLite catalogue; empty where it is on a server or cannot be read."""
    file = places.database_file
    if file is None or not file.exists():
        return frozenset()
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            return frozenset(row[0] for row in database.execute("SELECT id FROM products"))
    except sqlite3.Error:
        return frozenset()


def _ports(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    for setting, default, title in _PORTS:
        words = places.setting(setting, str(default))
        name = f"SHOPGUIDE_{setting.upper()}"
        what = f"Port {words}"
        if not words.isdigit() or not 0 < int(words) < 65536:
            yield Finding("missing", what, f"{name} is not a port", f"set {name} to 1 … 65535")
        elif not port_taken(int(words)):
            yield Finding("ok", what, f"free for {title}")
        elif setting == "port" and _is_ours(int(words)):
            yield Finding("ok", what, "Shopguide is running there")
        else:
            yield Finding(
                "note", what, f"taken, perhaps by a running Shopguide; it is for {title}",
                f"stop what uses it, or set {name}",
            )  # fmt: skip


def _channels(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    """The messaging platforms; their own packages say which, once they are installed."""
    try:
        from bot.channels.registry import states
    except ImportError:
        return
    for state in states():
        what = state.channel.title
        if state.on:
            yield Finding("ok", what, f"on, {state.webhook}")
        elif state.begun:
            yield Finding("note", what, "off: its settings are not complete", state.complaint())
        else:
            yield Finding("ok", what, "off")


def port_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens on this port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _is_ours(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def _reachable(title: str, url: str, mend: str) -> Finding:
    """Whether a server's port answers. The URL's password is never shown."""
    defaults = {"https": 443, "http": 80, "postgresql": 5432, "redis": 6379}
    try:
        parts = urlsplit(url)
        host = parts.hostname or "127.0.0.1"
        port = parts.port or defaults.get(parts.scheme.partition("+")[0], 0)
    except ValueError:
        return Finding("missing", title, "its address is not a URL", "correct the setting")
    where = f"{host}:{port}"
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError:
        return Finding("missing", title, f"nothing answers at {where}", mend)
    return Finding("ok", title, f"a server at {where} answers")


def _disk(places: Places, steps: dict[str, Step]) -> Iterator[Finding]:
    free = shutil.disk_usage(places.root).free
    if free < _LOW_DISK:
        yield Finding("note", "Free disk space", size_words(free), "free some")
    else:
        yield Finding("ok", "Free disk space", size_words(free))


_MARKS = {"ok": ("✓", "32"), "note": ("!", "33"), "missing": ("✗", "31")}


def render(findings: Sequence[Finding], colour: bool) -> str:
    """The findings as a table, with what to do under each that wants mending."""
    width = max(len(finding.what) for finding in findings)
    lines = []
    for finding in findings:
        mark, code = _MARKS[finding.state]
        if colour:
            mark = f"\x1b[{code}m{mark}\x1b[0m"
        lines.append(f"{mark} {finding.what:{width}}  {finding.found}")
        if finding.mend:
            lines.append(f"  {'':{width}}  → {finding.mend}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table; 0 when Shopguide can run, 1 when something essential is missing."""
    findings = examine()
    print(render(findings, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    missing = [finding.what for finding in findings if finding.state == "missing"]
    if missing:
        print(f"\nMissing: {', '.join(missing)}.")
        return 1
    print("\nShopguide can run.")
    return 0
