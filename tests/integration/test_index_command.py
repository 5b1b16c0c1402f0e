"""`shopguide index` and `shopguide sources` on a shop with files of all kinds and a site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.commands import main
from bot.commands.check import findings
from bot.settings import Settings
from data import migrations
from data.database import create_engine
from data.models import ChatSession
from data.unit_of_work import UnitOfWork
from retrieval import build, site
from retrieval.index import PassageIndex
from tests.papers import make
from tests.unit.test_retrieval_index import HashEmbedder
from tests.unit.test_site import Shop

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
def online() -> Iterator[Shop]:
    made = Shop()
    made.sitemap("/help/returns", "/help/size.pdf")
    made.page("/help/returns", "Returns", "Goods go back within 14 days.")
    made.put("/help/size.pdf", make.pdf("en"), {"Content-Type": "application/pdf"})
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    folder = tmp_path / "dew"
    (folder / "documents").mkdir(parents=True)
    (folder / "shop.yaml").write_text(
        "name: Dew\nlanguages: [en]\ncountry: US\ncurrency: USD\ntimezone: America/Chicago\n"
        "identify: [email, order_number]\n"
    )
    (folder / "rules.yaml").write_text("")
    (folder / "documents" / "handbook.docx").write_bytes(make.docx("en"))
    (folder / "documents" / "locked.pdf").write_bytes(make.encrypted_pdf())
    monkeypatch.setenv("SHOPGUIDE_SHOP", str(folder))
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(build, "load_embedder", lambda _folder: HashEmbedder())
    monkeypatch.setattr(build, "locate", lambda name: name)
    loopback = partial(
        site.Site, allowed=lambda address: address == "127.0.0.1", limits=site.Limits(delay=0.0)
    )
    monkeypatch.setattr(site, "Site", lambda url, place, limits: loopback(url, place))
    found = Settings()
    found.state.mkdir()
    engine = create_engine(found.database)
    migrations.upgrade(engine)
    engine.dispose()
    return found


def run(*arguments: str) -> int:
    try:
        return main.app(arguments, standalone_mode=False) or 0
    except SystemExit as ended:
        return int(ended.code or 0)


def sources(settings: Settings) -> set[str]:
    index = PassageIndex.open(settings.index_folder)
    found = {passage.source for passage in index.passages}
    index.close()
    return found


def test_a_shop_is_indexed_with_a_site_and_files_beside_it(
    settings: Settings, online: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fees.txt").write_text("How much is delivery?\nFive dollars.\n")
    assert run("index", f"{online.url}/help/", str(tmp_path / "fees.txt")) == 0
    said = capsys.readouterr()
    assert "2 pages, 2 new or changed" in said.out
    assert "locked.pdf is encrypted" in said.err
    assert sources(settings) == {"handbook", "help-returns", "help-size", "fees"}

    # The next time without a name: what changed and what is gone, there and here.
    online.sitemap("/help/returns")
    online.page("/help/returns", "Returns", "Goods go back within 30 days.")
    (tmp_path / "fees.txt").unlink()
    assert run("index") == 0
    said = capsys.readouterr()
    assert "1 pages, 1 new or changed" in said.out
    assert "fees.txt is gone" in said.err
    assert "1 embedded" in said.out
    assert sources(settings) == {"handbook", "help-returns"}

    # Without the network it is built again from what was fetched; the site stays as it was.
    online.pages["/robots.txt"] = (503, {}, b"")
    assert run("index") == 0
    assert "HTTP 503" in capsys.readouterr().err
    assert sources(settings) == {"handbook", "help-returns"}

    with UnitOfWork.at(settings.database) as uow:
        uow.session.add(ChatSession(id="a", created_at=NOW, expires_at=NOW))
        uow.session.flush()
        uow.unanswered.note("a", "en", "do you rent tents?", NOW, "US")
        uow.commit()
    assert run("sources") == 0
    listed = capsys.readouterr().out
    assert "documents/handbook.docx" in listed
    assert f"{online.url}/help/returns" in listed
    assert "2 documents, 3 passages" in listed
    assert "do you rent tents?" in listed

    told = "\n".join(each.text for each in findings(settings.shop, settings))
    assert "holds no pages" not in told
    assert "locked.pdf is encrypted" in told
    assert "asked 1 times and not found: do you rent tents?" in told

    assert run("index", "--remove", f"{online.url}/help/") == 0
    assert sources(settings) == {"handbook"}


def test_what_is_not_there_is_said(
    settings: Settings, online: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exception, match="There is no"):
        run("index", "/nowhere/at/all")
    with pytest.raises(Exception, match="is not known"):
        run("index", "--remove", "https://nowhere.example/")
    online.pages.clear()
    assert run("index", f"{online.url}/") == 0  # the rest goes on
    assert "is not there" in capsys.readouterr().err
    assert sources(settings) == {"handbook"}
