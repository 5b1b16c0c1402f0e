"""A small client of the public interface, for the shell, the tests and the benchmarks.

ClientError
├── Refused       the gateway said no, and why
└── Unreachable   nobody answers at the address, or not in the interface's way
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import urlsplit

import httpx
from httpx_sse import EventSource

from bot.errors import ShopguideError
from retrieval.types import Language

_RETRY_AFTER_S = 0.5  # time for a proxy to find the next gateway
# Longer than the gateway takes for its apology, so that it is the gateway who gives up first.
_ANSWER_S = 60.0


class ClientError(ShopguideError):
    """The root of this module's errors."""


class Refused(ClientError):
    """The gateway refused. `code` is for programs, `sentence(language)` for the person;
    `retry_after` is in seconds, 0 when waiting does not help."""

    def __init__(
        self,
        status: int,
        code: str,
        sentences: dict[str, str],
        retry_after: int = 0,
        language: Language = "en",
    ) -> None:
        self.status = status
        self.code = code
        self.sentences = sentences
        self.retry_after = retry_after
        super().__init__(self.sentence(language))

    def sentence(self, language: str) -> str:
        return self.sentences.get(language) or next(iter(self.sentences.values()), self.code)


class Unreachable(ClientError):
    """No answer from the address; the text says what to check."""


@dataclass(frozen=True)
class AnswerEvent:
    """One event of an answer: `delta` {seq, text: the whole text so far}, `message` (a
    bot.messages.BotMessage), `trace` (only from a system that was started for it), `done`."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Session:
    id: str
    token: str
    expires_at: str
    customer: str | None


class Client:
    """One conversation at a time with the gateway at `url`; a context manager.

    `language` chooses the language of the errors' texts; `address` is where the customer comes
    from, for a gateway that trusts this machine as a proxy. Not for several threads at once.
    """

    def __init__(self, url: str, *, language: Language = "en", address: str = "") -> None:
        self.url = url.rstrip("/")
        self.language = language
        self.session: Session | None = None
        # A proxy of the environment would be asked for this very machine too.
        local = urlsplit(self.url).hostname in ("127.0.0.1", "localhost", "::1")
        timeout = httpx.Timeout(_ANSWER_S, connect=10)
        headers = {"X-Forwarded-For": address} if address else {}
        self._http = httpx.Client(
            base_url=self.url, timeout=timeout, trust_env=not local, headers=headers
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def open_session(self, identity: str | None = None) -> Session:
        """Begin a conversation, for a visitor or for whom the shop's signed `identity` names."""
        answer = self._ask("POST", "/api/v1/sessions", {"identity": identity} if identity else {})
        body = answer.json()
        self.session = Session(
            body["session_id"], body["token"], body["expires_at"], body.get("customer")
        )
        return self.session

    def identify(self, identity: str) -> str:
        """Tell the open conversation who signed in; returns the customer's name."""
        answer = self._ask("PUT", "/api/v1/sessions/identity", {"identity": identity}).json()
        self._renew(answer)
        return str(answer["customer"])

    def end(self) -> None:
        """End the open conversation: its token opens nothing any more."""
        self._ask("DELETE", "/api/v1/sessions/current")
        self.session = None

    def say(
        self, text: str, *, language: Language | None = None, message_id: str | None = None
    ) -> Iterator[AnswerEvent]:
        """Send one message; yields what the answer brings, `done` last.

        When the connection drops, it is sent once more under the same id, which brings the same
        answer; deltas may then begin anew.
        """
        body: dict[str, Any] = {"text": text, "message_id": message_id or uuid.uuid4().hex}
        if language:
            body["language"] = language
        for attempt in (1, 2):
            try:
                yield from self._answer(body)
                return
            except Unreachable:
                if attempt == 2:
                    raise
                time.sleep(_RETRY_AFTER_S)

    def history(self) -> list[dict[str, Any]]:
        """The conversation so far, oldest first: message_id, sender, created_at, text, …"""
        answer = self._ask("GET", "/api/v1/messages")
        return cast("list[dict[str, Any]]", answer.json()["messages"])

    def feedback(
        self,
        rating: Literal[-1, 1] | None = None,
        *,
        message_id: str | None = None,
        stars: int | None = None,
        reason: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Thumbs up (1) or down (-1) for one line or the conversation, or stars (1 to 5) for it."""
        body = {"rating": rating, "message_id": message_id, "stars": stars, "reason": reason}
        given = {name: value for name, value in {**body, "comment": comment}.items() if value}
        self._ask("POST", "/api/v1/feedback", given)

    def current(self) -> dict[str, Any]:
        """The open conversation: session_id, customer, language, expires_at, handoff."""
        return cast("dict[str, Any]", self._ask("GET", "/api/v1/sessions/current").json())

    def readiness(self) -> dict[str, bool]:
        """Which parts answer; see `/readyz`."""
        with self._reaching():
            parts = self._http.get("/readyz", timeout=5).json()
        return {str(name): bool(answers) for name, answers in parts.items()}

    def _answer(self, body: dict[str, Any]) -> Iterator[AnswerEvent]:
        with (
            self._reaching(),
            self._http.stream("POST", "/api/v1/messages", json=body, headers=self._key()) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise self._refusal(answer)
            for event in read_events(answer):
                if event.name == "done":
                    self._renew(event.data)
                yield event
                if event.name == "done":
                    return
        raise Unreachable(f"{self.url} broke off in the middle of an answer.")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        with self._reaching():
            answer = self._http.request(method, path, json=body, headers=self._key())
            if not answer.is_success:
                raise self._refusal(answer)
            return answer

    def _renew(self, answer: dict[str, Any]) -> None:
        """Take the token that an answer brings when it proved who the customer is."""
        if self.session is not None and "token" in answer:
            token, expires_at = str(answer["token"]), str(answer["expires_at"])
            self.session = replace(self.session, token=token, expires_at=expires_at)

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session.token}"} if self.session else {}

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unreachable(
                f"{self.url} does not answer ({type(error).__name__}). "
                "Check the address and that the assistant runs."
            ) from error

    def _refusal(self, answer: httpx.Response) -> ClientError:
        try:
            error = answer.json()["error"]
            code, sentences = str(error["code"]), dict(error["message"])
        except (ValueError, LookupError, TypeError):
            return Unreachable(
                f"{self.url} answers with status {answer.status_code}, not as a Shopguide does. "
                "Check the address."
            )
        seconds = answer.headers.get("Retry-After", "")
        wait = int(seconds) if seconds.isdecimal() else 0
        return Refused(answer.status_code, code, sentences, wait, self.language)


def read_events(answer: httpx.Response) -> Iterator[AnswerEvent]:
    """The events of an answer that is being read."""
    for sent in EventSource(answer).iter_sse():
        if sent.data:
            yield AnswerEvent(sent.event, json.loads(sent.data))
