import contextlib
import sqlite3
from pathlib import Path

import pytest

from install import doctor
from install.doctor import KNOWN_PRODUCTS, Finding, examine, package_versions, render, size_words
from install.places import Places
from retrieval.recommend import serving


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name in ("STATE", "DATABASE_URL", "EMBEDDER", "GENERATOR", "SHOP", "PORT"):
        monkeypatch.delenv(f"SHOPGUIDE_{name}", raising=False)
    monkeypatch.setenv("SHOPGUIDE_WEIGHTS", str(tmp_path / "weights"))
    # Looking for interpreters starts processes.
    monkeypatch.setattr(doctor.pythons, "find", lambda versions: None)
    return Places(tmp_path)


def _by_name(places: Places) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(places)}


def test_an_empty_checkout_lacks_everything_and_says_what_to_do(places: Places) -> None:
    found = _by_name(places)
    for what in ("Python for Rasa", "Shopguide's packages", "Rasa's packages", "Embedder",
                 "Language model", "Database", "Index of passages", "Rasa's model"):  # fmt: skip
        assert found[what].state == "missing", what
        assert found[what].mend, what
    assert not (places.root / "var").exists()  # it only looks


def test_a_database_is_counted_and_a_broken_one_told(places: Places) -> None:
    file = places.state / "shop.db"
    file.parent.mkdir()
    database = sqlite3.connect(file)
    for table in ("products", "customers", "orders"):
        database.execute(f"CREATE TABLE {table} (id INTEGER)")
    database.execute("INSERT INTO products VALUES (1)")
    database.commit()
    database.close()
    assert _by_name(places)["Database"].found.startswith("1 products, 0 customers, 0 orders")
    file.write_bytes(b"not a database, but long enough to look at")
    broken = _by_name(places)["Database"]
    assert broken.state == "missing"
    assert "move it away" in broken.mend


def test_trained_models_are_told_and_why_they_are_not_used(places: Places) -> None:
    def told() -> tuple[str, str]:
        finding = _by_name(places)["Recommendations"]
        return finding.state, finding.found

    assert told()[0] == "ok"
    assert "shopguide train recommend" in told()[1]
    model = places.state / "recommend" / "model.json"
    model.parent.mkdir(parents=True)
    model.write_text("{")
    assert told()[0] == "note"
    assert "damaged" in told()[1]
    model.write_text('{"items": ["a", "b"]}')
    assert told() == ("ok", "by models trained on 2 products")
    with contextlib.closing(sqlite3.connect(places.state / "shop.db")) as database:
        database.execute("CREATE TABLE products (id TEXT)")
        database.execute("INSERT INTO products VALUES ('a'), ('new'), ('newer')")
        database.commit()
    assert told() == ("note", "by counts, the models know only 1 of 3 products")
    assert KNOWN_PRODUCTS == serving.KNOWN_PRODUCTS


def test_a_server_that_does_not_answer_is_named_without_its_password(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", "postgresql+psycopg://shop:s3cret@127.0.0.1:1/x")
    found = _by_name(places)["Database"]
    assert found.state == "missing"
    assert "127.0.0.1:1" in found.found
    assert "s3cret" not in found.found + found.mend


def test_a_generator_that_is_off_is_not_missing(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPGUIDE_GENERATOR", "off")
    assert _by_name(places)["Language model"].state == "note"


def test_a_port_must_be_a_port(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPGUIDE_PORT", "eighty")
    assert _by_name(places)["Port eighty"].state == "missing"


def test_versions_are_read_without_starting_anything(tmp_path: Path) -> None:
    info = tmp_path / "lib" / "python3.11" / "site-packages" / "faiss_cpu-1.15.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faiss_cpu\nVersion: 1.15.1\n")
    assert package_versions(tmp_path, ["faiss-cpu", "torch"]) == {"faiss-cpu": "1.15.1"}


@pytest.mark.parametrize(
    ("size", "words"), [(12, "12 B"), (3_400, "3 kB"), (143e6, "143 MB"), (1.84e9, "1.8 GB")]
)
def test_sizes(size: float, words: str) -> None:
    assert size_words(int(size)) == words


def test_the_table_puts_the_remedy_under_the_finding() -> None:
    findings = [Finding("ok", "Rasa", "3.6.21"), Finding("missing", "Database", "none", "do it")]
    assert render(findings, colour=False).splitlines() == [
        "✓ Rasa      3.6.21",
        "✗ Database  none",
        "            → do it",
    ]
    assert "\x1b[31m✗" in render(findings, colour=True)


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("missing", 1)])
def test_the_exit_code_tells_whether_it_can_run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    state: doctor.State,
    code: int,
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [Finding(state, "Rasa", "x")])
    assert doctor.main() == code
    assert ("Missing: Rasa." in capsys.readouterr().out) is (code == 1)
