from pathlib import Path

import pytest

from bot.settings import Settings
from install.errors import InstallError
from install.places import Places, read_env_file
from install.steps import Options, Plan, Step, choose, is_cuda_build, is_weight_name, write_command


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name in ("STATE", "DATABASE_URL", "EMBEDDER", "GENERATOR", "SHOP", "PORT"):
        monkeypatch.delenv(f"SHOPGUIDE_{name}", raising=False)
    monkeypatch.setenv("SHOPGUIDE_WEIGHTS", str(tmp_path / "weights"))
    return Places(tmp_path)


def test_each_step_comes_after_those_that_it_needs(places: Places) -> None:
    seen: set[str] = set()
    stamps: set[Path] = set()
    for step in Plan(places).steps():
        assert set(step.after) <= seen
        assert step.stamp not in stamps
        seen.add(step.name)
        stamps.add(step.stamp)
    assert {"packages", "rasa-packages", "generator", "index", "rasa-model"} <= seen


def test_choose_takes_what_a_step_needs_and_no_more(places: Places) -> None:
    chosen = [step.name for step in choose(Plan(places).steps(), ["database"])]
    assert chosen == ["environment", "packages", "database"]
    assert len(choose(Plan(places).steps(), [])) == len(Plan(places).steps())


def test_an_unknown_step_is_refused_with_the_known_ones(places: Places) -> None:
    with pytest.raises(InstallError, match="rasa-model"):
        choose(Plan(places).steps(), ["rasa"])


@pytest.mark.parametrize("generator", ["off", "http://127.0.0.1:8000/v1", "org/model"])
def test_only_known_names_are_fetched(places: Places, generator: str) -> None:
    names = [step.name for step in Plan(places, Options(generator=generator)).steps()]
    assert "generator" not in names
    assert not is_weight_name(generator)


def test_the_packages_of_the_checks_can_be_left_out(places: Places) -> None:
    def locks(dev: bool) -> list[str]:
        steps = Plan(places, Options(dev=dev)).steps()
        return [file.name for step in steps if step.name == "packages" for file in step.files]

    assert "dev.txt" in locks(dev=True)
    assert "dev.txt" not in locks(dev=False)


def test_a_server_as_database_is_looked_at_every_time(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def database() -> bool:
        return next(step for step in Plan(places).steps() if step.name == "database").always

    assert not database()
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", "postgresql+psycopg://u@127.0.0.1/shop")
    assert database()
    assert places.database_file is None


def test_settings_come_from_the_environment_then_the_file(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places.root / ".env").write_text(
        "# ours\nexport SHOPGUIDE_GENERATOR='off'\nSHOPGUIDE_PORT=9000 # door\nnonsense\n"
    )
    assert read_env_file(places.root / ".env") == {
        "SHOPGUIDE_GENERATOR": "off",
        "SHOPGUIDE_PORT": "9000",
    }
    assert places.generator == "off"
    monkeypatch.setenv("SHOPGUIDE_GENERATOR", "qwen2.5-0.5b")
    assert places.generator == "qwen2.5-0.5b"
    assert places.setting("rasa_port", "5005") == "5005"


@pytest.mark.parametrize(
    ("version", "cuda"),
    [
        ("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n", False),
        ("cuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n", True),
        ("cuda = None\n", False),
        ("__version__ = '2'\n", False),
    ],
)
def test_a_cuda_build_is_told_from_its_version_file(
    tmp_path: Path, version: str, cuda: bool
) -> None:
    torch = tmp_path / "lib" / "python3.11" / "site-packages" / "torch"
    torch.mkdir(parents=True)
    (torch / "version.py").write_text(version)
    assert is_cuda_build(tmp_path) is cuda


def test_no_torch_is_no_cuda_build(tmp_path: Path) -> None:
    assert not is_cuda_build(tmp_path)


def test_the_command_makes_the_checkout_importable(tmp_path: Path) -> None:
    places = Places(tmp_path / "a shop's folder")
    site = places.venv / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (places.venv / "bin").mkdir()
    write_command(places)
    write_command(places)
    assert (site / "shopguide.pth").read_text() == f"{places.root}\n"
    assert places.command.stat().st_mode & 0o111
    compile(places.command.read_text(), "shopguide", "exec")  # it is Python as well as shell


def test_an_import_has_the_index_and_the_names_made_anew(places: Places) -> None:
    def made_from() -> dict[str, str]:
        return {step.name: step.made_from() for step in Plan(places).steps()}

    before = made_from()
    places.imported.parent.mkdir(parents=True)
    places.imported.write_text("2026-11-22T04:00:00+00:00\n")
    after = made_from()
    assert {name for name in after if after[name] != before[name]} == {"index", "lookups"}


def own_shop(places: Places, monkeypatch: pytest.MonkeyPatch) -> Path:
    shop = places.root / "tea"
    (shop / "documents").mkdir(parents=True)
    (shop / "shop.yaml").write_text("name: Tea\n")
    monkeypatch.setenv("SHOPGUIDE_SHOP", str(shop))
    return shop


@pytest.mark.parametrize(
    ("file", "steps"),
    [
        ("documents/returns.md", {"index"}),
        ("catalogue/products.csv", {"database", "index", "lookups"}),
        ("shop.yaml", {"database", "index", "lookups"}),
        ("examples.yaml", {"rasa-model"}),
        ("rules.yaml", set()),
        ("lexicon.yaml", set()),
        ("phrases/en.yaml", set()),
        ("../demo/storefront/site.py", set()),
        ("../retrieval/lexicon.py", {"index", "lookups", "rasa-model"}),
        ("../ground/readings.py", {"rasa-model"}),
    ],
)
def test_each_file_of_a_shop_has_the_steps_made_anew_that_read_it(
    places: Places, monkeypatch: pytest.MonkeyPatch, file: str, steps: set[str]
) -> None:
    shop = own_shop(places, monkeypatch)

    def made_from() -> dict[str, str]:
        return {step.name: step.made_from() for step in Plan(places).steps()}

    before = made_from()
    (shop / file).parent.mkdir(parents=True, exist_ok=True)
    (shop / file).write_text("changed")
    after = made_from()
    assert {name for name in after if after[name] != before[name]} == steps


class Told:
    """A shell that runs nothing."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def run(self, *command: str | Path, env: object = None, ours: bool = False) -> None:
        self.commands.append(" ".join(map(str, command)))

    def attempt(self, *command: str | Path) -> bool:
        return True

    def say(self, text: str) -> None: ...


def database(places: Places) -> Step:
    return next(step for step in Plan(places).steps() if step.name == "database")


def test_an_empty_database_is_filled_from_the_shops_folder(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = own_shop(places, monkeypatch)
    shell = Told()
    database(places).action(shell)
    assert "-m data.prepare" in shell.commands[0]
    assert f"--shop {shop}" in shell.commands[0]


def test_a_second_shop_does_not_get_the_state_of_the_first(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    database(places).action(Told())  # the demo's
    shop = own_shop(places, monkeypatch)
    with pytest.raises(InstallError, match="SHOPGUIDE_STATE=var/tea"):
        database(places).action(Told())
    monkeypatch.setenv("SHOPGUIDE_STATE", "var/tea")
    database(places).action(Told())
    database(places).action(Told())
    assert places.holder.read_text().strip() == str(shop)


def test_a_home_may_be_written_short(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(places.root))
    monkeypatch.setenv("SHOPGUIDE_SHOP", "~/tea")
    monkeypatch.setenv("SHOPGUIDE_STATE", "~/state")
    settings = Settings(_env_file=None)
    assert places.shop == settings.shop == places.root / "tea"
    assert places.state == settings.state == places.root / "state"
