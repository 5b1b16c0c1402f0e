"""Turns inside Rasa with and without a call of the action server, in short and long conversations:
Rasa as the project runs it beside Rasa as it comes, in turn, against the same action server."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bot.commands.serve import rasa_environment
from bot.runtime.processes import environment, free_port, last_words, leashed, open_log
from tests.benchmarks import _bench
from tests.running import System, running

LENGTHS = (5, 50, 200)
# Both say one thing at once: with an action, without.
TEXTS = {"action": "what can you do?", "response": "thank you"}
_CONVERSATIONS = 10
_START_S = 120


class Rasa:
    """The REST channel of one Rasa."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def answers(self) -> bool:
        try:
            return self._http.post("/model/parse", json={"text": "你好"}).is_success
        except httpx.TransportError:
            return False

    def say_ms(self, sender: str, text: str) -> float:
        started = time.perf_counter()
        reply = self._http.post(
            "/webhooks/rest/webhook", json={"sender": sender, "message": text, "metadata": {}}
        )
        elapsed = time.perf_counter() - started
        if not reply.json():
            raise RuntimeError(f"There was no answer to: {text}")
        return 1000 * elapsed

    def length(self, sender: str) -> int:
        """Events of the conversation that Rasa reads at its next turn."""
        tracker = self._http.get(f"/conversations/{sender}/tracker").json()
        return len(tracker["events"])


def measure(options: argparse.Namespace) -> _bench.Figures:
    with (
        tempfile.TemporaryDirectory(prefix="shopguide-bench-") as folder,
        running(Path(folder), traced=False, generator="off") as system,
        _plain(system) as plain,
    ):
        both = {"plain": plain, "ours": Rasa(system.settings.rasa)}
        for rasa in both.values():
            _turns(rasa, "warm", 20)  # what is loaded at first use is loaded now
        taken: dict[tuple[str, str, int], list[float]] = defaultdict(list)
        for length in LENGTHS:
            for number in range(_CONVERSATIONS):
                for name, rasa in both.items():
                    sender = f"{length}-{number}"
                    _turns(rasa, sender, length)
                    # Each kind is the first one as often, since it makes the other's longer.
                    for kind in sorted(TEXTS, reverse=number % 2 == 0):
                        taken[name, kind, length].append(rasa.say_ms(sender, TEXTS[kind]))
        for rasa in both.values():
            rasa.close()
    figures: _bench.Figures = {
        f"{name}_{kind}_{length}_p50_ms": round(statistics.median(times), 1)
        for (name, kind, length), times in taken.items()
    }
    _print(figures)
    return figures


def _turns(rasa: Rasa, sender: str, length: int) -> None:
    """Talk until the conversation has at least that many events."""
    while rasa.length(sender) < length:
        for text in TEXTS.values():
            rasa.say_ms(sender, text)


@contextmanager
def _plain(system: System) -> Iterator[Rasa]:
    port = free_port("127.0.0.1", 0)
    state = system.settings.state
    log = state / "log" / "plain-rasa.log"
    python = _bench.ROOT / ".venv-rasa" / "bin" / "python"
    with open_log(log) as output:
        process = subprocess.Popen(
            leashed([str(python), str(Path(__file__).with_name("_plain_rasa.py"))]),
            env=environment(
                SHOPGUIDE_STATE=state,
                SHOPGUIDE_ACTIONS_URL=rasa_environment(system.settings)["SHOPGUIDE_ACTIONS_URL"],
                SHOPGUIDE_RASA_PORT=port,
                SHOPGUIDE_RASA_TRACKER=f"sqlite:///{state / 'plain-tracker.db'}",
            ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    rasa = Rasa(f"http://127.0.0.1:{port}")
    try:
        give_up = time.monotonic() + _START_S
        while not rasa.answers():
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"Rasa as it comes did not start: {last_words(log)}")
            time.sleep(0.3)
        yield rasa
    finally:
        rasa.close()
        process.terminate()
        process.wait(30)


def _print(figures: _bench.Figures) -> None:
    rows = []
    for length in LENGTHS:
        row: list[object] = [str(length)]
        for name in ("plain", "ours"):
            without, with_action = (
                figures[f"{name}_{kind}_{length}_p50_ms"] for kind in ("response", "action")
            )
            row += [without, with_action, with_action - without]
        rows.append(row)
    _bench.show(
        "A turn inside Rasa, p50 milliseconds",
        [
            "events before it",
            "as it comes: without action", "with", "the call costs",
            "ours: without action", "with", "the call costs",
        ],
        rows,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("action_calls", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
