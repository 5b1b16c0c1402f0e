"""A part stops in the middle: an apology in time, readiness turns false, and it recovers."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from bot.evaluation.asking import ask
from tests.running import System, running


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own to break, without a generator: it starts quicker."""
    with running(tmp_path_factory.mktemp("fragile"), generator="off") as started:
        yield started


def _rasa(system: System) -> psutil.Process:
    for child in psutil.Process(system.process.pid).children(recursive=True):
        if any("bot/rasa/serve.py" in part for part in child.cmdline()):
            return child
    raise AssertionError("Rasa is not among the system's processes")


def _wait_ready(system: System, expected: bool, seconds: float) -> None:
    until = time.monotonic() + seconds
    with system.client() as client:
        while time.monotonic() < until:
            if all(client.readiness().values()) is expected:
                return
            time.sleep(0.5)
        raise AssertionError(f"readiness did not turn {expected}: {client.readiness()}")


def test_rasa_dies_and_comes_back(fragile: System) -> None:
    with fragile.client() as client:
        assert ask(client, "hello").messages
        os.kill(_rasa(fragile).pid, signal.SIGKILL)
        _wait_ready(fragile, False, 60)
        # Answered if Rasa is back within the turn's time, else an apology.
        first = ask(client, "is 60 enough for free delivery?", message_id="kept")
        assert "39" in first.text or "Sorry" in first.text
        _wait_ready(fragile, True, 180)
        # The same message id: what was never answered is answered now, and kept once.
        assert "39" in ask(client, "is 60 enough for free delivery?", message_id="kept").text
        kept = [line["message_id"] for line in client.history() if "kept" in line["message_id"]]
        assert kept == ["kept", "kept.1"]


def test_rasa_hangs(fragile: System) -> None:
    rasa = _rasa(fragile)
    with fragile.client() as client:
        rasa.suspend()
        try:
            apology = ask(client, "运费多少")
        finally:
            rasa.resume()
        assert "抱歉" in apology.text
        until = time.monotonic() + 120  # it has the message that nobody waits for to end first
        while "¥8" not in (said := ask(client, "运费多少").text):
            assert time.monotonic() < until, said


def test_the_database_takes_nothing(fragile: System) -> None:
    with (
        fragile.client("chen.hao@example.com") as client,
        closing(sqlite3.connect(fragile.settings.state / "shop.db")) as other,
    ):
        other.execute("BEGIN IMMEDIATE")  # nobody else can write until this ends
        apology = ask(client, "我的订单到哪了", message_id="kept")
        assert "抱歉" in apology.text
        assert "SP61840357" not in apology.text
        other.rollback()
        assert "SP61840357" in ask(client, "我的订单到哪了", message_id="kept").text


def test_no_failure_wrote_down_what_people_said(fragile: System) -> None:
    """After all of the above, and one more that dies with a message under way."""
    said = "My name is Jane Roe, jane.roe@example.org, where is my order?"
    rasa = _rasa(fragile)
    with fragile.client() as client:
        rasa.suspend()
        try:
            assert "Sorry" in ask(client, said).text
        finally:
            rasa.resume()
        _wait_ready(fragile, True, 180)
    words = [
        said,
        "Jane Roe",
        "jane.roe@",
        "is 60 enough",
        "运费多少",
        "我的订单到哪了",
        "chen.hao@",
    ]
    databases = (".db", ".db-wal", ".db-shm")
    for file in fragile.settings.state.rglob("*"):
        if file.is_file() and not file.is_symlink() and not file.name.endswith(databases):
            written = file.read_bytes().decode("utf-8", errors="replace")
            assert [word for word in words if word in written] == [], file


def test_what_was_written_is_private(fragile: System) -> None:
    state = fragile.settings.state
    files = [path for path in state.rglob("*") if not path.is_symlink()]
    assert any(path.name == "tracker.db" for path in files)
    made = {"log", "rasa.log", "serve.log", "tracker.db", "secrets.json"}
    assert [str(p) for p in files if p.name in made and p.stat().st_mode & 0o077] == []
