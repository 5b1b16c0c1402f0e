"""Ports, logs and the environment of Rasa, without starting anything."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from bot.commands.serve import rasa_environment
from bot.runtime import processes
from bot.runtime.processes import SystemFailed, bound, environment, free_port, last_words, open_log
from bot.settings import ROOT, Settings


@pytest.fixture
def taken() -> int:
    """A port that something listens on."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        yield listener.getsockname()[1]


def test_a_taken_port_is_one_sentence_that_names_its_setting(taken: int) -> None:
    with pytest.raises(SystemFailed, match=f"Port {taken} .*SHOPGUIDE_PORT") as failed:
        bound("127.0.0.1", taken, "SHOPGUIDE_PORT")
    assert "\n" not in str(failed.value)


def test_an_address_of_another_machine_is_told_alike() -> None:
    with pytest.raises(SystemFailed, match="SHOPGUIDE_PORT"):
        bound("192.0.2.1", 8080, "SHOPGUIDE_PORT")


def test_a_held_port_refuses_until_it_listens() -> None:
    with bound("127.0.0.1", 0, "") as held, socket.socket() as caller:
        assert caller.connect_ex(held.getsockname()) != 0


def test_a_free_port_is_the_wanted_one_where_possible(taken: int) -> None:
    wanted = free_port("127.0.0.1", 0)
    assert free_port("127.0.0.1", wanted) == wanted
    assert free_port("127.0.0.1", taken) not in (0, taken)


@pytest.mark.parametrize(
    ("logged", "words"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        (json.dumps({"event": "failed", "cause": "no disk", "level": "error"}), "failed: no disk"),
        ("plain\n{}\n", "plain"),
        ("{not json", "{not json"),
        ("汉" * 10_000 + "\nlast", "last"),
    ],
)
def test_the_last_words_of_a_log(tmp_path: Path, logged: str, words: str) -> None:
    log = tmp_path / "a.log"
    log.write_text(logged, encoding="utf-8")
    assert last_words(log) == words


def test_the_last_words_of_this_run_only(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("an earlier run\n")
    assert last_words(log, since=log.stat().st_size) == ""
    assert last_words(tmp_path / "none.log") == ""


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_LOG_BYTES", 5)
    for line in (b"first run\n", b"second run\n"):
        with open_log(tmp_path / "log" / "serve.log") as log:
            log.write(line)
    assert (tmp_path / "log" / "serve.log").read_bytes() == b"second run\n"
    assert (tmp_path / "log" / "serve.old.log").read_bytes() == b"first run\n"


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    with pytest.raises(SystemFailed, match="SHOPGUIDE_STATE"):
        open_log(tmp_path / "log" / "serve.log")


def test_rasa_is_told_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("SHOPGUIDE_REDIS_URL", "redis://cache")
    monkeypatch.chdir(tmp_path)  # where it is called from does not matter
    settings = Settings(
        _env_file=None,
        state=Path("state"),
        actions_host="0.0.0.0",  # noqa: S104
        actions_port=5056,
        rasa_port=99,
    )
    told = rasa_environment(settings)
    assert told["SHOPGUIDE_STATE"] == str(ROOT / "state")
    assert told["SHOPGUIDE_ACTIONS_URL"] == "http://127.0.0.1:5056/webhook"
    assert told["SHOPGUIDE_RASA_PORT"] == "99"
    assert told["SHOPGUIDE_REDIS_URL"] == "redis://cache"
    assert "PYTHONPATH" not in told


def test_an_ipv6_action_endpoint_is_a_url(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state=tmp_path, actions_host="::1")
    assert rasa_environment(settings)["SHOPGUIDE_ACTIONS_URL"] == "http://[::1]:5055/webhook"


def test_a_programs_environment_is_made_of_words() -> None:
    assert environment(A=1, B=Path("x"))["A"] == "1"
