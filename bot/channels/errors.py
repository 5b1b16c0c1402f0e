"""What goes wrong with a platform.

    ChannelError
    ├── Refused         a request that is not the platform's, or came too long ago
    ├── TryAgain        a call, or a customer's file, that may be asked again
    └── Undeliverable   a call that never will be taken; it becomes a dead letter. A file that never
                        will be given out; the customer is told

Their texts reach logs and tables: they hold no token and no word of what somebody wrote.
"""

from __future__ import annotations

from bot.errors import ShopguideError


class ChannelError(ShopguideError):
    """Something is wrong between a platform and us."""


class Refused(ChannelError):
    """The request is not let in; the text says why."""


class TryAgain(ChannelError):
    """The call may be sent again, after `after_s` seconds where the platform says so."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class Undeliverable(ChannelError):
    """No attempt will succeed; the text says why."""
