"""What ships: the settings' example, the images and the composition, read as files."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.settings import Settings
from install.places import ROOT, Places, read_env_file
from install.steps import Options, Plan

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
DOCKERFILE_NAMES = [path.name for path in DOCKERFILES]


def _services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))[
        "services"
    ]
    return services


def test_the_example_holds_every_setting_with_its_default(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    file = tmp_path / ".env"
    file.write_text(re.sub(r"(?m)^#([A-Z])", r"\1", example), encoding="utf-8")
    values = read_env_file(file)
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        elif isinstance(default, Path):
            default = default.relative_to(ROOT)
        elif isinstance(default, bool):
            default = str(default).lower()
        assert values[f"SHOPGUIDE_{name.upper()}"] == str(default), name
        assert f"# {field.description}" in example, name


def test_the_example_sets_nothing() -> None:
    assert read_env_file(ROOT / ".env.example") == {}


def test_only_the_application_is_published() -> None:
    published = [name for name, service in _services().items() if "ports" in service]
    assert published == ["app"]
    for name in ("rasa", "postgres", "redis"):
        assert _services()[name]["networks"] == ["inside"]


def test_no_secret_stands_in_the_composition() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    for name in ("POSTGRES_PASSWORD", "SHOPGUIDE_SESSION_SECRET", "SHOPGUIDE_IDENTITY_SECRET"):
        uses = re.findall(rf"\${{{name}[^}}]*}}", text)
        assert uses
        assert all(use.startswith(f"${{{name}:?set {name} ") for use in uses), name
    assert not re.search(r"(PASSWORD|SECRET|KEY): +[^$\s]", text)


def test_every_lasting_service_is_checked_and_runs_without_root() -> None:
    for name, service in _services().items():
        if name != "setup":
            assert "healthcheck" in service, name
        if "build" not in service:
            assert service["user"] not in {"root", "0"}, name
            assert re.search(r":\d+\.\d+", service["image"]), name


@pytest.mark.parametrize("path", DOCKERFILES, ids=DOCKERFILE_NAMES)
def test_images_are_pinned_small_and_without_root(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"ARG PYTHON=3\.1[01]\.\d+-slim", text)
    assert text.count("FROM ") == 2
    last = text.rpartition("FROM ")[2]
    assert "USER shopguide" in last
    assert last.index("USER shopguide") < last.index("CMD ")


@pytest.mark.parametrize("path", DOCKERFILES, ids=DOCKERFILE_NAMES)
def test_what_an_image_copies_is_there(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(r"COPY ([a-z]\S+) ", line)
        if match:
            assert (ROOT / match[1]).exists(), line


def test_the_setup_service_leaves_rasa_to_its_own_image() -> None:
    command = _services()["setup"]["command"]
    assert command == ["python", "-m", "install", "setup", "--no-dev", "--no-rasa"]
    names = [step.name for step in Plan(Places(), Options(dev=False, rasa=False)).steps()]
    assert {"embedder", "database", "index", "lookups"} < set(names)
    assert not any("rasa" in name for name in names)


def test_compose_takes_the_composition(tmp_path: Path) -> None:
    compose = _compose_client()
    shutil.copy(COMPOSE, tmp_path)
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(example, encoding="utf-8")

    def config() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*compose, "config"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    refused = config()
    assert refused.returncode != 0
    assert "set POSTGRES_PASSWORD to" in refused.stderr
    chosen = {
        "POSTGRES_PASSWORD": "postgrespassword",
        "SHOPGUIDE_SESSION_SECRET": "s" * 32,
        "SHOPGUIDE_IDENTITY_SECRET": "i" * 32,
        "SHOPGUIDE_PORT": "9000",
        "SHOPGUIDE_TELEGRAM_TOKEN": "7:token",
    }
    lines = [f"{name}={value}\n" for name, value in chosen.items()]
    (tmp_path / ".env").write_text(example + "".join(lines), encoding="utf-8")
    taken = config()
    assert taken.returncode == 0, taken.stderr
    app = yaml.safe_load(taken.stdout)["services"]["app"]
    assert app["environment"]["SHOPGUIDE_TELEGRAM_TOKEN"] == "7:token"
    # Outside it is the port that was chosen, inside the one that is published and checked.
    assert app["environment"]["SHOPGUIDE_PORT"] == "8080"
    assert "9000" in str(app["ports"])


def _compose_client() -> list[str]:
    for client in (["docker", "compose"], ["docker-compose"]):
        try:
            found = subprocess.run([*client, "version"], capture_output=True, check=False)
        except OSError:
            continue
        if found.returncode == 0:
            return client
    pytest.skip("docker compose is not installed here")
