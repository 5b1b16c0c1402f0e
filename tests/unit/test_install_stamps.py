from pathlib import Path

from install import stamps


def _tree(folder: Path) -> Path:
    tree = folder / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "a.py").write_text("a")
    (tree / "deep" / "b.py").write_text("b")
    return tree


def test_the_same_content_gives_the_same_fingerprint_anywhere(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = _tree(tmp_path / "one"), _tree(tmp_path / "two")
    assert stamps.fingerprint([one], ["w"]) == stamps.fingerprint([two], ["w"])


def test_content_names_and_words_change_it(tmp_path: Path) -> None:
    tree = _tree(tmp_path)
    before = stamps.fingerprint([tree], ["w"])
    assert stamps.fingerprint([tree], ["v"]) != before
    (tree / "deep" / "b.py").write_text("c")
    changed = stamps.fingerprint([tree], ["w"])
    assert changed != before
    (tree / "deep" / "b.py").rename(tree / "deep" / "d.py")
    assert stamps.fingerprint([tree], ["w"]) != changed


def test_compiled_and_hidden_files_do_not_count(tmp_path: Path) -> None:
    tree = _tree(tmp_path)
    before = stamps.fingerprint([tree])
    (tree / "__pycache__").mkdir()
    (tree / "__pycache__" / "a.pyc").write_bytes(b"x")
    (tree / ".DS_Store").write_bytes(b"x")
    assert stamps.fingerprint([tree]) == before


def test_an_absent_file_has_a_fingerprint_that_its_coming_changes(tmp_path: Path) -> None:
    before = stamps.fingerprint([tmp_path / "lock.txt"])
    (tmp_path / "lock.txt").write_text("")
    assert stamps.fingerprint([tmp_path / "lock.txt"]) != before


def test_a_stamp_comes_back_and_a_broken_one_counts_as_none(tmp_path: Path) -> None:
    stamp = tmp_path / "new" / "step.json"
    assert stamps.read(stamp) is None
    stamps.write(stamp, "abc", 1.25)
    assert stamps.read(stamp) == "abc"
    assert [path.name for path in stamp.parent.iterdir()] == ["step.json"]
    for broken in ("", "{", "[]", '{"made_from": 3}', "null"):
        stamp.write_text(broken)
        assert stamps.read(stamp) is None
