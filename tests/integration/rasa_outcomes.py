"""What Rasa makes of the same input, as it comes (`plain`) or as bot/rasa/serve.py has it (`ours`).

`.venv-rasa/bin/python tests/integration/rasa_outcomes.py plain|ours MODEL DATABASE_URL FILE` writes
one JSON object to the file; test_rasa_shortcuts.py compares the two. Not to standard output: where
that is unbuffered, Python loses the rest of what a pipe did not take at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot.rasa import environment, shortcuts, traces, train, without_tensorflow

environment.prepare()
without_tensorflow.leave_out_tensorflow()

import sqlalchemy as sa  # noqa: E402
from jsonschema.validators import Draft202012Validator  # noqa: E402
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.core.agent import Agent  # noqa: E402
from rasa.core.tracker_store import SQLTrackerStore  # noqa: E402
from rasa.shared.core import events as rasa_events  # noqa: E402
from rasa.shared.core.events import (  # noqa: E402
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import EventVerbosity  # noqa: E402
from rasa.shared.utils.common import all_subclasses  # noqa: E402

from bot.rasa import tracker_store  # noqa: E402

RESULTS: list[Any] = [
    {},
    {"events": [], "responses": []},
    {
        "events": [{"event": "slot", "name": "language", "value": "zh", "timestamp": None}],
        "responses": [{"text": "好", "custom": {"message": {}}}],
    },
    {"events": [{"event": "followup", "name": "action_help"}, {"event": "restart"}]},
    None,
    "text",
    [],
    {"events": None},
    {"events": ["slot"]},
    {"events": [{"name": "language"}]},
    {"events": [{"event": "slot"}]},
    {"events": [{"event": "no_such_event"}]},
    {"events": [{"event": []}]},
    {"responses": ["text"]},
    {"events": [{"event": "user", "text": 5}]},
]
DOMAIN = train.importer().get_domain()
NAMES = ["topic", "no_such_event", "", "event"]
TEXTS = ["你好", "thanks!", "岭线双人帐的订单SP20417388到哪了", "asdf qwer", "", "/greet"]


def outcome(do: Callable[[Any], Any], what: Any) -> Any:
    try:
        return do(what)
    except Exception as error:
        return [type(error).__name__, str(error)]


def validated() -> dict[str, Any]:
    action = RemoteAction("action_help", None)
    check = Draft202012Validator.check_schema
    with mock.patch.object(Draft202012Validator, "check_schema", side_effect=check) as checked:
        results = [outcome(action._validate_action_result, each) for each in RESULTS]
    return {"results": results, "schema_checks": checked.call_count}


def resolved() -> dict[str, Any]:
    names = sorted({kind.type_name for kind in all_subclasses(Event)})

    def find(name: str, default: type[Event] | None = None) -> str | None:
        kind = Event.resolve_by_type(name, default)
        return kind and kind.__name__

    def read(name: str) -> str:
        return str(Event.from_parameters({"event": name, "name": "x"}))

    return {
        "classes": {name: find(name) for name in names},
        "others": [outcome(find, name) for name in (*NAMES, *NAMES)],
        "default": [find(name, SlotSet) for name in (*NAMES, "user")],
        "read": [outcome(read, name) for name in names],
    }


async def understood(model: str) -> list[Any]:
    agent = Agent.load(model)
    found = []
    for text in TEXTS:
        parsed = await agent.parse_message(text)
        found.append({key: parsed[key] for key in ("text", "intent", "entities", "intent_ranking")})
    await agent.handle_text("hello", sender_id="predicts")
    tracker = await agent.tracker_store.retrieve("predicts")
    predicted = agent.processor.predict_next_with_tracker(tracker)
    return [found, predicted["scores"], [e.type_name for e in tracker.events]]


def turn(number: int, text: str) -> list[Event]:
    """The events of one turn, at made-up times, since what is compared must not tell the time."""
    parsed = {"intent": {"name": "thanks", "confidence": 0.9}, "entities": []}
    made: list[Event] = [
        UserUttered(text, parsed["intent"], [], parsed, input_channel="rest"),
        SlotSet("language", "zh" if number % 2 else "en"),
        ActionExecuted("action_thanks"),
        BotUttered("好的", {"custom": {"notes": {"number": number}}}),
        ActionExecuted("action_listen"),
    ]
    for place, event in enumerate(made):
        event.timestamp = 1000.0 * number + place
    return made


async def stored(url: str, kind: type[SQLTrackerStore]) -> dict[str, Any]:
    """Conversations as they are read back, while two processes write them, sessions begin anew
    and rows are removed. Also how many events each read had to make of rows."""
    one, other = kind(domain=DOMAIN, host=url), kind(domain=DOMAIN, host=url)
    states: list[Any] = []
    made: list[int] = []

    async def read(store: SQLTrackerStore, sender: str) -> Any:
        with mock.patch.object(
            rasa_events.Event, "from_parameters", side_effect=rasa_events.Event.from_parameters
        ) as reads:
            tracker = await store.retrieve(sender)
        made.append(reads.call_count)
        state = tracker and tracker.current_state(EventVerbosity.ALL)
        states.append(json.loads(json.dumps(state, default=str)))
        return tracker

    async def add(store: SQLTrackerStore, sender: str, events: list[Event]) -> None:
        tracker = await read(store, sender) or store.init_tracker(sender)
        for event in events:
            tracker.update(event, DOMAIN)
        await store.save(tracker)

    def session(number: int) -> list[Event]:
        begun = [ActionExecuted("action_session_start"), SessionStarted()]
        for place, event in enumerate(begun):
            event.timestamp = 1000.0 * number + place - 10
        return begun

    await add(one, "anna", [*session(1), *turn(1, "你好")])
    for number in range(2, 5):
        await add(one, "anna", turn(number, f"thanks {number}"))
    await add(other, "anna", turn(5, "from another process"))
    await add(one, "anna", turn(6, "and back"))
    await add(one, "ben", turn(6, "no session began"))
    await add(one, "anna", [*session(7), *turn(7, "a new session")])
    await add(other, "anna", turn(8, "elsewhere again"))
    await read(one, "anna")
    with one.session_scope() as session_scope:
        session_scope.execute(sa.text("DELETE FROM events WHERE sender_id = 'ben'"))
        session_scope.execute(sa.text("DELETE FROM events WHERE sender_id = 'anna' AND id % 2 = 0"))
        session_scope.commit()
    await read(one, "ben")
    await read(one, "anna")
    full = await one.retrieve_full_tracker("anna")
    states.append([event.type_name for event in full.events])
    return {"states": states, "made": made}


def forgotten(url: str) -> dict[str, int]:
    """Whether the store holds no more than its limit, and what it gave up is still read."""
    with mock.patch.object(tracker_store, "MOST_EVENTS", 12):
        store = tracker_store.TrackerStore(domain=DOMAIN, host=url)

        async def work() -> int:
            for name in ("c1", "c2", "c3", "c4"):
                tracker = store.init_tracker(name)
                for event in turn(1, "hi"):
                    tracker.update(event)
                await store.save(tracker)
                await store.retrieve(name)
            return len((await store.retrieve("c1")).events)

        read = asyncio.run(work())
        return {
            "kept": sum(len(each.events) for each in store._kept.values()),
            "counted": store._kept_events,
            "read": read,
        }


def long_conversation(url: str) -> dict[str, Any]:
    """How much of a conversation of so many turns a turn reads, hands to an action and stores."""
    store = tracker_store.TrackerStore(domain=DOMAIN, host=url)
    elsewhere = tracker_store.TrackerStore(domain=DOMAIN, host=url)
    action = RemoteAction("action_help", None)

    async def work() -> dict[str, Any]:
        sizes: dict[int, int] = {}
        events = stored = 0
        for number in range(1000, 2000):
            tracker = await store.retrieve("dora") or store.init_tracker("dora")
            for event in turn(number, "cheaper"):
                tracker.update(event, DOMAIN)
                stored += 1
            sent = action._action_call_format(tracker, DOMAIN)
            sizes[number] = len(json.dumps(sent, default=str))
            events = max(events, len(tracker.events))
            await store.save(tracker)
            await store.save(tracker)  # nothing is stored twice
        full = await store.retrieve_full_tracker("dora")
        here, there = await store.retrieve("dora"), await elsewhere.retrieve("dora")
        return {
            "sizes": [sizes[1100], sizes[1999]],
            "events": events,
            "stored": [stored, len(full.events)],
            "same": here.current_state(EventVerbosity.ALL)
            == there.current_state(EventVerbosity.ALL),
            "last": full.events[-1].timestamp == here.events[-1].timestamp,
        }

    return asyncio.run(work())


def main(kind: str, model: str, url: str, file: str) -> None:
    environment.quiet_logs(logging.ERROR)
    if kind == "ours":
        shortcuts.take_shortcuts()
        traces.trace_turns()
    store = {"plain": SQLTrackerStore, "ours": tracker_store.TrackerStore}[kind]
    found = {
        "validated": validated(),
        "resolved": resolved(),
        "understood": asyncio.run(understood(model)),
        "stored": asyncio.run(stored(url, store)),
    }
    if kind == "ours":
        found["forgotten"] = forgotten(url)
        found["long"] = long_conversation(url)
    found["tracing"] = "opentelemetry" in sys.modules
    Path(file).write_text(json.dumps(found, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
