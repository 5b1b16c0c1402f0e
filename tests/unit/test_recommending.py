"""`shopguide train recommend` and `shopguide eval recommend` on a small file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.commands import main

FAST = ["--epochs", "1", "--only", "popularity", "--only", "transitions", "--only", "sequence"]


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["shopguide", *arguments])
    try:
        return main.main()
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty customers who walk around a ring of ten items."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    lines = [
        f"c{start} " + " ".join(f"i{(start + step) % 10}" for step in range(4 + start % 3))
        for start in range(30)
    ]
    path = tmp_path / "orders.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["train", "eval", "train recommend", "eval recommend"])
def test_the_commands_explain_themselves(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, *name.split(), "--help") == 0
    told = capsys.readouterr().out
    assert "recommend" in told
    assert "orders.txt" in told or len(name.split()) == 1


def test_both_fits_are_measured_in_tables_and_as_json(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "eval", "recommend", str(orders), *FAST) == 0
    told = capsys.readouterr()
    assert "Fitted without the validation items" in told.out
    assert "Fitted with the validation items" in told.out
    assert "the items have no texts here" in told.out
    assert "epoch 1" in told.err

    assert command(monkeypatch, "eval", "recommend", str(orders), *FAST, "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {"without", "with"}
    models = figures["without"]["models"]
    assert list(models) == ["popularity", "transitions", "sequence"]
    # Around the ring the next item is always the same one.
    assert models["transitions"]["hr"]["5"]["mean"] > models["popularity"]["hr"]["5"]["mean"]


def test_models_are_kept_and_measured_again(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = ["train", "recommend", str(orders), "--to", "models", *FAST]
    assert command(monkeypatch, *train, "--fit", "without") == 0
    assert "3 models of 30 customers and 10 items" in " ".join(capsys.readouterr().out.split())
    kept = ["eval", "recommend", str(orders), "--models", "models", "--json"]
    assert command(monkeypatch, *kept) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["without"]

    assert command(monkeypatch, *train) == 0
    capsys.readouterr()
    assert command(monkeypatch, *kept) == 1
    assert "fitted on the test items too" in capsys.readouterr().err

    orders.write_text("a new items only\n", encoding="utf-8")
    assert command(monkeypatch, *kept) == 1
    assert "train recommend" in capsys.readouterr().err


def test_new_orders_are_learned_from_into_the_same_folder(
    orders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = ["train", "recommend", str(orders), "--to", "models", *FAST]
    assert command(monkeypatch, *train) == 0
    with orders.open("a", encoding="utf-8") as file:
        file.write("\nnew i1 i2 i3 i4\n")
    assert command(monkeypatch, *train) == 0
    assert not list(Path("models").rglob("checkpoint.pt"))


@pytest.mark.parametrize(
    ("text", "told"),
    [("c1 a b c\nc1 d\n", "line 2"), ("c1 a\n", "nothing to measure"), ("", "no customers")],
)
def test_a_bad_file_is_a_sentence_without_a_traceback(
    text: str,
    told: str,
    orders: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    orders.write_text(text, encoding="utf-8")
    assert command(monkeypatch, "eval", "recommend", str(orders)) == 1
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_a_cluster_without_ray_is_a_sentence(
    orders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    assert command(monkeypatch, "train", "recommend", str(orders), "--cluster", "local") == 1
    assert "pip install 'ray[train]'" in capsys.readouterr().err


def test_what_goes_with_an_item_and_what_is_taken_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everybody buys one of two tents, with a footprint; others a stove with gas."""
    tents = [f"c{n} tent{n % 2} footprint" for n in range(20)]
    stoves = [f"d{n} stove gas" for n in range(20)]
    file = tmp_path / "orders.txt"
    file.write_text("\n".join([*tents, *stoves]), encoding="utf-8")
    assert command(monkeypatch, "related", "tent0", str(file)) == 0
    companions, substitutes = capsys.readouterr().out.split("Instead of")
    assert "footprint" in companions
    assert "tent1" not in companions
    assert "tent1" in substitutes
    assert "gas" not in companions + substitutes
    assert command(monkeypatch, "related", "boat", str(file)) == 1
    assert "Nobody in" in capsys.readouterr().err
