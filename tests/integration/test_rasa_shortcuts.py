"""The work that is spared to Rasa changes nothing that comes of it: the same input given to Rasa as
it comes and to Rasa as the project runs it, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.rasa import environment, serve
from tests.integration.rasa_process import PYTHON

SCRIPT = Path(__file__).with_name("rasa_outcomes.py")


def _outcomes(kind: str, database: str, folder: Path) -> dict[str, Any]:
    if not PYTHON.exists() or not environment.model_file().exists():
        pytest.skip("Rasa's environment or its model is missing.")
    url = serve.tracker_url(database, Path())
    found = folder / f"{kind}.json"
    done = subprocess.run(
        [PYTHON, SCRIPT, kind, environment.model_file(), url, found],
        capture_output=True, text=True, check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("OTEL_")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(found.read_text()))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("plain")
    return _outcomes("plain", f"sqlite:///{folder / 'tracker.db'}", folder)


@pytest.fixture
def ours(empty_database: str, tmp_path: Path) -> dict[str, Any]:
    return _outcomes("ours", empty_database, tmp_path)


def test_nothing_differs_but_the_work(plain: dict[str, Any], ours: dict[str, Any]) -> None:
    validated, resolved, stored = (ours[part] for part in ("validated", "resolved", "stored"))
    assert validated["results"] == plain["validated"]["results"]
    assert resolved == plain["resolved"]
    assert ours["understood"] == plain["understood"]
    assert stored["states"] == plain["stored"]["states"]

    # That the same was compared, and not the same nothing.
    valid = [result is True for result in validated["results"]]
    assert valid == [True] * 4 + [False] * (len(valid) - 4)
    assert len(resolved["classes"]) > 20
    assert resolved["others"][1] == ["ValueError", "Unknown event name 'no_such_event'."]
    assert [len(state["events"]) for state in stored["states"][1:3]] == [6, 11]

    # Rasa checks the schema whenever it validates; here only to say what is wrong.
    assert plain["validated"]["schema_checks"] == len(valid)
    assert validated["schema_checks"] == valid.count(False)
    # Events are made of rows that are new to the process: its own second turn, then of the other's
    # first turn all, and a new session's anew; of a mutilated conversation it knows what is left.
    assert plain["stored"]["made"] == [0, 6, 11, 16, 21, 26, 0, 31, 6, 11, 0, 6]
    assert stored["made"] == [0, 6, 5, 5, 21, 10, 0, 5, 6, 11, 0, 0]
    assert ours["forgotten"] == {"kept": 10, "counted": 10, "read": 5}
    # A conversation of a thousand turns sends actions no more than one of a hundred, and all of it
    # is kept.
    long = ours["long"]
    assert long["sizes"][0] == long["sizes"][1]
    assert long["events"] <= 205
    assert long["stored"] == [5000, 5000]
    assert long["same"]
    assert long["last"]
    # Packages that only traces need are left alone when nobody asked for traces.
    assert not ours["tracing"]
