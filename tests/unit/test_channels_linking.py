"""What is read as a one-time code, and what is not."""

from __future__ import annotations

import pytest

from bot.channels.linking import LinkCommand, read_link_command


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("K7QM-X2RD", LinkCommand("link", None, "K7QM-X2RD")),
        ("/start K7QM-X2RD", LinkCommand("link", None, "K7QM-X2RD")),
        ("link k7qm-x2rd", LinkCommand("link", "en", "K7QM-X2RD")),
        ("Link: K7QMX2RD.", LinkCommand("link", "en", "K7QM-X2RD")),
        ("绑定 K7QM-X2RD", LinkCommand("link", "zh", "K7QM-X2RD")),
        ("绑定码：K7QM-X2RD", LinkCommand("link", "zh", "K7QM-X2RD")),
        ("unlink", LinkCommand("unlink", "en")),
        ("解绑", LinkCommand("unlink", "zh")),
        ("next-week", None),
        ("link", None),
        ("where is SP61840357", None),
        ("K7QMX2RD", None),
        ("please unlink the tent from the pole", None),
    ],
)
def test_what_is_read_as_a_command(text: str, read: LinkCommand | None) -> None:
    assert read_link_command(text) == read
