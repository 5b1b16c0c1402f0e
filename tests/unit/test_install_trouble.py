import pytest

from install.trouble import explain, last_line


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("OSError: 1900032 requested and 1382336 written", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "the hash"),
        ("error: Hash mismatch for `jieba==0.42.1`", "the hash"),
        ("error sending request for url\n  cause: dns error\n  failed to lookup", "the network"),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "the network"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "may not be written"),
        ("error: command 'gcc' failed: No such file or directory", "C compiler"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build for this Python"),
        ("OSError: [Errno 98] Address already in use", "a port"),
        ("sqlite3.OperationalError: database is locked", "in use"),
    ],
)
def test_a_known_cause_becomes_its_sentence(log: str, words: str) -> None:
    assert words in explain(f"Collecting things\n{log}\n", 1)


def test_a_full_disk_wins_over_what_it_causes() -> None:
    log = "Connection reset by peer\nNo space left on device\nhash mismatch"
    assert "disk is full" in explain(log, 1)


def test_an_unknown_cause_is_quoted_by_its_last_words() -> None:
    assert explain("one\n\nThe catalogue has no product at all.\n  \n", 1) == (
        "The catalogue has no product at all."
    )


def test_a_killed_and_a_silent_program_are_told() -> None:
    assert "memory" in explain("Training …", -9)
    assert "code 3" in explain("", 3)


def test_last_line_drops_colours_and_what_a_bar_overwrote() -> None:
    assert last_line("10 %\r20 %\r\x1b[32m30 %\x1b[0m\r\n") == "30 %"
    assert last_line("━━━━\n\n") == ""


def test_a_program_of_ours_is_quoted_unless_it_crashed_or_was_killed() -> None:
    said = "Loading …\nConnection refused: is the server running?\n"
    assert explain(said, 1, ours=True) == "Connection refused: is the server running?"
    assert "the network" in explain(f"Traceback (most recent call last):\n{said}", 1, ours=True)
    assert "memory" in explain(said, -9, ours=True)
    assert "code 1" in explain("", 1, ours=True)
