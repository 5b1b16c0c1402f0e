"""What Rasa's process may log: kinds and places, no words."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.rasa import logs

SAID = "My name is Jane Roe, jane.roe@example.org"
SENDER = "0f9d2b1c"


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All that is logged, with structlog set as Rasa sets it."""
    factory, root = logging.getLogRecordFactory(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    logs.keep_texts_out()
    root.handlers[:] = handlers
    root.setLevel(logging.DEBUG)
    yield caplog
    logging.setLogRecordFactory(factory)
    root.setLevel(level)
    structlog.reset_defaults()


def entries(written: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [json.loads(record.getMessage()) for record in written.records]


def test_rasas_own_entries_keep_their_name_alone(written: pytest.LogCaptureFixture) -> None:
    log = structlog.get_logger("rasa.core.channels.rest")
    log.error("rest.message.received.timeout", text=SAID, sender_id=SENDER)
    log.error(SAID, event_info=SENDER)
    first, second = entries(written)
    assert first["event"] == "rest.message.received.timeout"
    assert "event" not in second
    assert SAID not in written.text
    assert SENDER not in written.text


def test_sentences_and_errors_of_libraries_lose_their_words(
    written: pytest.LogCaptureFixture,
) -> None:
    library = logging.getLogger("rasa.core.tracker_store")
    library.error(f"Could not save {SAID}")
    library.warning("Could not save %s of %s", SAID, SENDER, stack_info=True)
    library.error("", extra={"text": SAID})
    try:
        try:
            raise KeyError(SAID)
        except KeyError as error:
            raise ValueError(f"{SENDER}: {SAID}") from error
    except ValueError:
        logging.getLogger("sanic.error").exception("Failed at %s", SENDER)
    assert SAID not in written.text
    assert SENDER not in written.text
    last = entries(written)[-1]
    assert [error["kind"] for error in last["errors"]] == ["ValueError", "KeyError"]  # type: ignore[attr-defined]
    assert "test_rasa_logs.py" in str(last["errors"])


def test_our_own_sentences_stay(written: pytest.LogCaptureFixture) -> None:
    logging.getLogger("bot.rasa.components.extractors").warning("%s cannot be read", "names.json")
    assert entries(written)[0]["event"] == "names.json cannot be read"
