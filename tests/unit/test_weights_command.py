"""`python -m weights` says in a sentence what is wrong, and where things are."""

from pathlib import Path

import pytest

from weights import CATALOGUE
from weights.__main__ import main


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPGUIDE_WEIGHTS", str(tmp_path))


def test_unknown_names_are_refused_before_anything_is_fetched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ensure", "e5-small", "gpt-9"]) == 1
    assert "The names are: e5-small, reading, search, judge, reviews, " in capsys.readouterr().err


def test_list_tells_licence_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(CATALOGUE)
    assert "MIT" in lines[0]
    assert all("not on this machine" in line for line in lines)


def test_verify_of_missing_weights_says_how_to_get_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", "e5-small"]) == 1
    assert "python -m weights ensure e5-small" in capsys.readouterr().err
