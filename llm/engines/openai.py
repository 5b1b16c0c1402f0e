"""A generator behind any OpenAI-compatible server (vLLM, llama.cpp's server, hosted ones)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import cast

import httpx
from httpx_sse import EventSource, SSEError

from llm.errors import EngineUnavailable, GenerationTimeout
from llm.types import ChatTurn, Engine

# A server in the same house answers in milliseconds; one that is reached across an ocean, in one
# second. Who waits longer waits for a host that is down.
_CONNECT_S = 3.0
# Before the first word of a long prompt on a busy server. A turn's own deadline is shorter.
_SILENCE_S = 30.0


class OpenAIEngine(Engine):
    """`address` ends before /chat/completions, as in "https://host/v1"."""

    def __init__(
        self,
        address: str,
        *,
        model: str,
        api_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.name = model
        self._model = model
        self._client = httpx.Client(
            base_url=address.rstrip("/") + "/",
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(_SILENCE_S, connect=_CONNECT_S),
            transport=transport,
        )

    def stream(
        self, turns: list[ChatTurn], *, max_tokens: int = 160, deadline_s: float | None = None
    ) -> Iterator[str]:
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        return self._pieces(turns, max_tokens, deadline)

    def _pieces(
        self, turns: list[ChatTurn], max_tokens: int, deadline: float | None
    ) -> Iterator[str]:
        body = {
            "model": self._model,
            "messages": [{"role": turn.role, "content": turn.text} for turn in turns],
            "max_tokens": max_tokens,
            "temperature": self.temperature,
            "stream": True,
        }
        silence = _SILENCE_S if deadline is None else max(deadline - time.monotonic(), 0.001)
        timeout = httpx.Timeout(silence, connect=min(_CONNECT_S, silence))
        try:
            with self._client.stream(
                "POST", "chat/completions", json=body, timeout=timeout
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise EngineUnavailable(
                        f"The generator's server answered {response.status_code}. "
                        "Check its address, the model's name and the key."
                    )
                response.stream = _Timed(cast("httpx.SyncByteStream", response.stream), deadline)
                for sent in EventSource(response).iter_sse():
                    if sent.data == "[DONE]":
                        return
                    if sent.data and (piece := _piece(sent.data)):
                        yield piece
        except httpx.ReadTimeout as error:
            raise GenerationTimeout("The generator's server was silent too long.") from error
        except SSEError as error:
            raise EngineUnavailable(
                "The generator's server sends no stream of events. Check its address."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise EngineUnavailable(
                f"The generator's server cannot be reached ({type(error).__name__})."
            ) from error

    def close(self) -> None:
        self._client.close()


class _Timed(httpx.SyncByteStream):
    """A body that ends at the deadline, also when the server sends nothing but signs of life."""

    def __init__(self, body: httpx.SyncByteStream, deadline: float | None) -> None:
        self._body = body
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            if self._deadline is not None and time.monotonic() >= self._deadline:
                raise GenerationTimeout("The generator did not finish in time.")
            yield part

    def close(self) -> None:
        self._body.close()


def _piece(data: str) -> str:
    try:
        choices = json.loads(data)["choices"]
        return (choices[0]["delta"].get("content") or "") if choices else ""
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise EngineUnavailable(
            "The generator's server sent an event that is not in the OpenAI format."
        ) from error
