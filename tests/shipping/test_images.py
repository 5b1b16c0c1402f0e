"""The images of docker-compose.yml, built, and run together as it says: they set themselves up,
answer a conversation, and go on where they were after a restart with their volumes.

Not among the tests of `make test`: building takes minutes and 10 GB of disk. `make images` runs it
where buildah is, and PostgreSQL, Redis and the weights.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from bot.evaluation.asking import ask
from bot.runtime.processes import free_port
from bot.settings import ROOT
from bot.terminal.client import Client, ClientError
from tests.postgres import own_database
from tests.shipping import containers
from tests.shipping.containers import CannotBuild, Running, container
from weights.cache import cache_folder

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
USER = 10001  # of both images


@pytest.fixture(scope="module")
def images() -> None:
    """Both, under the names that the composition gives them."""
    try:
        containers.check_builder()
        for service in ("app", "rasa"):
            part = COMPOSE["services"][service]
            containers.build(ROOT / part["build"]["dockerfile"], f"localhost/{part['image']}")
    except CannotBuild as error:
        if shutil.which("buildah") is None or os.geteuid() != 0:
            pytest.skip(str(error))
        raise


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    port = free_port("127.0.0.1", 0)
    arguments = [str(word) for word in COMPOSE["services"]["redis"]["command"][1:]]
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *arguments],
        cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


class Composed:
    """The composition's services in containers, on addresses of this machine."""

    def __init__(self, folder: Path, shop_database: str, redis_url: str) -> None:
        self.folder = folder
        self.state = folder / "state"
        self._state_with_weights()
        ports = {name: free_port("127.0.0.1", 0) for name in ("app", "actions", "rasa")}
        self.url = f"http://127.0.0.1:{ports['app']}"
        addresses = {
            "SHOPGUIDE_HOST": "127.0.0.1",
            "SHOPGUIDE_PORT": str(ports["app"]),
            "SHOPGUIDE_ACTIONS_HOST": "127.0.0.1",
            "SHOPGUIDE_ACTIONS_PORT": str(ports["actions"]),
            "SHOPGUIDE_ACTIONS_URL": f"http://127.0.0.1:{ports['actions']}/webhook",
            "SHOPGUIDE_RASA_URL": f"http://127.0.0.1:{ports['rasa']}",
            "SHOPGUIDE_RASA_HOST": "127.0.0.1",
            "SHOPGUIDE_RASA_PORT": str(ports["rasa"]),
            "SHOPGUIDE_REDIS_URL": redis_url,
            "SHOPGUIDE_DATABASE_URL": shop_database,
            "SHOPGUIDE_RASA_TRACKER": shop_database,
            "SHOPGUIDE_SESSION_SECRET": "s" * 16 + uuid.uuid4().hex,
            "SHOPGUIDE_IDENTITY_SECRET": "i" * 16 + uuid.uuid4().hex,
            "SHOPGUIDE_GENERATOR": "off",  # so that minutes are enough
        }
        self._addresses = addresses
        self._running: list[Running] = []

    def _state_with_weights(self) -> None:
        """The volume, which the image's user owns; the weights linked into it, not fetched."""
        weights = cache_folder()
        self.state.mkdir()
        if weights.exists():
            shutil.copytree(weights, self.state / "weights", copy_function=os.link)
        for path in (self.state, *self.state.rglob("*")):
            if path.is_dir():
                os.chown(path, USER, USER)

    def run(self, service: str, name: str) -> Running:
        part = COMPOSE["services"][service]
        given = {name: _default(str(value)) for name, value in part["environment"].items()}
        # Rasa is told nothing but what its part of the composition tells it, and where it listens.
        names = {*given, "SHOPGUIDE_RASA_PORT"} if service == "rasa" else {*self._addresses}
        mine = {name: value for name, value in self._addresses.items() if name in names}
        command = part.get("command") or _command(part["build"]["dockerfile"])
        return Running(
            name,
            command,
            {**given, **mine},
            {self.state: "/app/var"},
            self.folder / f"{service}.log",
        )

    def start(self, app: str, rasa: str) -> None:
        self._running = [self.run("rasa", rasa), self.run("app", app)]

        def ready() -> bool:
            try:
                with Client(self.url) as client:
                    return all(client.readiness().values())
            except ClientError:
                return False

        containers.wait_for(ready, self._running, 900)

    def stop(self) -> None:
        for each in reversed(self._running):
            each.stop()


def _default(value: str) -> str:
    """As compose takes it when .env says nothing; addresses of its network are replaced."""
    return re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", value)


def _command(dockerfile: str) -> list[str]:
    """The image's own."""
    found = re.search(r"^CMD (\[.*\])$", (ROOT / dockerfile).read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return list(map(str, json.loads(found[1])))


def users(port_of: str) -> set[int]:
    """The users whose processes listen there."""
    port = int(port_of.rpartition(":")[2])
    pids = [each.pid for each in psutil.net_connections("tcp")
            if each.laddr and each.laddr.port == port and each.status == "LISTEN"]  # fmt: skip
    return {psutil.Process(pid).uids().real for pid in pids if pid}


def test_the_images_answer_and_go_on_after_a_restart(images: None, tmp_path: Path) -> None:
    with ExitStack() as held:
        composed = Composed(
            tmp_path,
            held.enter_context(own_database("images")),
            held.enter_context(redis(tmp_path)),
        )
        app = held.enter_context(container("localhost/shopguide-app"))
        rasa = held.enter_context(container("localhost/shopguide-rasa"))
        setup = composed.run("setup", app)
        assert setup.wait(1800) == 0, setup.said()
        composed.start(app, rasa)
        try:
            assert users(composed.url) == {USER}
            with Client(composed.url) as client:
                session = client.open_session()
                assert "¥8" in ask(client, "运费多少", message_id="m1").text
                before = client.history()
            composed.stop()
            composed.start(app, rasa)
            with Client(composed.url) as client:
                client.session = session
                assert client.history() == before
                assert ask(client, "How much is delivery?", message_id="m2").messages
                assert len(client.history()) > len(before)
        finally:
            composed.stop()
