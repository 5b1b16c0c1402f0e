"""What goes wrong in data/, each with a sentence for the person who meets it.

DataError
├── DatabaseUnavailable   the database does not answer, or has no tables yet
├── MigrationFailed       the tables cannot be brought to this version
├── SessionClosed         the chat session is unknown or over
├── AlreadyIdentified     the chat session belongs to another customer
├── UnknownCustomer       nobody has the address or number, or several have
├── RulesInvalid          the shop's rules file is wrong
├── ShopInvalid           another file of the shop's folder is wrong
├── UnknownChoice         a delivery method, tier or class that the rules do not know
├── CurrencyMismatch      amounts in two currencies cannot be added up
├── CampaignRefused       a campaign or coupon cannot be had so; nothing was changed
└── ImportRejected        the shop's own files have errors; nothing was stored
"""

from __future__ import annotations


class DataError(Exception):
    """The root of this package's errors."""


class DatabaseUnavailable(DataError):
    """The database does not answer, or has no tables yet."""


class MigrationFailed(DataError):
    """The tables cannot be brought to this version."""


class SessionClosed(DataError):
    """The chat session is unknown or over; the customer starts a new one."""


class AlreadyIdentified(DataError):
    """The chat session belongs to another customer; the new one needs a session of their own."""


class UnknownCustomer(DataError):
    """Nobody has the e-mail address or telephone number that was named, or several have."""


class RulesInvalid(DataError):
    """The shop's rules file is wrong; the text names the key and what is allowed."""


class ShopInvalid(DataError):
    """A file of the shop's folder cannot be used; the text names the file and the keys."""


class UnknownChoice(DataError):
    """A word that the rules do not know, where one of a few is expected."""


class CurrencyMismatch(DataError):
    """Amounts in two currencies cannot be added up."""


class CampaignRefused(DataError):
    """A campaign cannot be as it is asked for, or a coupon not be used; nothing was changed. The
    text says why and what can be done."""


class ImportRejected(DataError):
    """The shop's own files have errors; nothing was stored. `problems` has one sentence each."""

    def __init__(self, problems: list[str], more: int = 0) -> None:
        self.problems = problems
        self.more = more
        rest = [f"… and {more} more."] if more else []
        super().__init__("\n".join([*problems, *rest, "Nothing was stored."]))
