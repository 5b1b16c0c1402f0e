"""What is kept where, why, for how long, and who deletes it: all of it, in one table.

docs/privacy.md shows it, and tests compare it with the database's tables, with the files of a
running system, and with what `shopguide purge` and `shopguide customer erase` really leave. Times
are settings' names where a setting says them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Goes(StrEnum):
    """By what something is deleted."""

    PURGE = "`shopguide purge`"
    ERASE = "`shopguide customer erase`"
    DONE = "itself, when it is done"
    SHOP = "the shop, by its next import or in its own system"
    SETUP = "the next `make setup` or training"
    OPERATOR = "whoever runs the system"


@dataclass(frozen=True)
class Holding:
    """One thing that is kept: columns of a table (without any, all of it), or files.

    `place` is a table's name, or a path under the state folder, with * for what varies.
    """

    place: str
    what: str
    why: str
    kept: str
    goes: tuple[Goes, ...]
    columns: tuple[str, ...] = ()

    @property
    def personal(self) -> bool:
        """Whether it can say something of a customer."""
        return Goes.ERASE in self.goes


_WHILE_SOLD = "as long as the shop sells it"
_CUSTOMER = "as long as the customer is one"
_TALK = "KEEP_DAYS after the conversation ended"
_VISIT = "KEEP_VISIT_DAYS of visitors, KEEP_HISTORY_DAYS of customers"
_TRACE = "KEEP_TRACE_DAYS"
_LAW = "as long as the law wants books kept; an erased customer's without who it was"

_GOODS = (Goes.SHOP,)
_OURS = (Goes.PURGE, Goes.ERASE)
_THEIRS = (Goes.ERASE, Goes.SHOP)

TABLES: Sequence[Holding] = (
    Holding("categories", "kinds of goods", "to answer and recommend", _WHILE_SOLD, _GOODS),
    Holding("products", "goods", "to answer and recommend", _WHILE_SOLD, _GOODS),
    Holding("variants", "prices and stock", "to answer and recommend", _WHILE_SOLD, _GOODS),
    Holding(
        "customers",
        "name, e-mail address, telephone number, language, tier",
        "to know a customer again and to show them their orders",
        _CUSTOMER,
        _THEIRS,
        ("id", "email", "name", "phone", "language", "tier", "joined_at"),
    ),
    Holding(
        "customers",
        "whether purchases may be used to recommend",
        "to do what the customer said",
        _CUSTOMER,
        _THEIRS,
        ("personalised",),
    ),
    Holding(
        "addresses",
        "where parcels go",
        "delivery, and a postcode as proof of who asks",
        f"{_CUSTOMER}; of an erased customer's orders the country",
        _THEIRS,
    ),
    Holding("payment_methods", "how it was paid, no full number", "refunds", _CUSTOMER, _THEIRS),
    Holding(
        "orders",
        "number, state, sums",
        "to answer for orders; the shop's books",
        _LAW,
        _THEIRS,
    ),
    Holding("order_lines", "what was bought", "as the orders", _LAW, (Goes.SHOP,)),
    Holding(
        "shipments",
        "carrier, days, tracking number",
        "to say where a parcel is",
        f"{_LAW} and without the tracking number",
        _THEIRS,
    ),
    Holding("tracking_events", "a parcel's way", "to say where it is", _CUSTOMER, _THEIRS),
    Holding(
        "reviews",
        "stars and words",
        "to answer how good a product is, to know what to mend",
        _CUSTOMER,
        _THEIRS,
    ),
    Holding(
        "chat_sessions",
        "that a conversation was held, by whom, proven how, from which network address (hashed)",
        "to show nobody another's orders",
        f"{_TALK} and nothing is left that hangs on it",
        _OURS,
    ),
    Holding(
        "email_codes",
        "hashes of one-time codes and the addresses that they were sent to",
        "to prove who a customer is",
        "ten minutes, and until the next purge",
        _OURS,
    ),
    Holding(
        "guess_counts",
        "failed proofs, by hashes of the addresses that they were about and came from",
        "so that nobody guesses who a customer is",
        "a day, and until the next purge",
        (Goes.PURGE,),
    ),
    Holding("chat_messages", "what was said", "to answer, and for agents", _TALK, _OURS),
    Holding(
        "tickets",
        "a conversation handed to a person, with what was said, from which page of the shop, where "
        "the customer is to be reached, what became of it",
        "so that somebody answers",
        f"{_TALK}; one that nobody closed KEEP_TICKET_DAYS after its last change",
        _OURS,
    ),
    Holding("feedback", "thumbs, stars, remarks", "to get better", _TALK, _OURS),
    Holding(
        "unanswered",
        "questions that nothing was found for, masked, the newest 10,000",
        "so that the shop can answer them",
        _TALK,
        _OURS,
    ),
    Holding(
        "curated_answers",
        "the shop's own answers, with the questions to them",
        "to answer",
        "until `shopguide answers remove`",
        (Goes.OPERATOR,),
    ),
    Holding(
        "attachments",
        "files that customers sent on the website and on platforms, where KEEP_FILES says so; "
        "pictures from the website without what the camera wrote into them",
        "for agents",
        _TALK,
        _OURS,
    ),
    Holding(
        "behaviour_events",
        "views, searches, clicks, carts, what somebody is not interested in",
        "to recommend, unless the customer said no",
        _VISIT,
        _OURS,
    ),
    Holding(
        "impressions",
        "what was recommended to whom",
        "to measure recommendations",
        _VISIT,
        _OURS,
    ),
    Holding(
        "profile_corrections",
        "what a customer said of their sizes and tastes, of the use of their history, and whether "
        "they want campaigns",
        "to recommend what is right, and to do what they said",
        _CUSTOMER,
        (Goes.ERASE,),
    ),
    Holding(
        "campaigns",
        "what a campaign was to be: texts, rules and sums, no customer",
        "to send it, to keep its budget, to report",
        "until `shopguide campaign remove`",
        (Goes.OPERATOR,),
    ),
    Holding(
        "campaign_members",
        "who was chosen for a campaign and why, or held out of it; when they were written to",
        "to write to each once, and to see whether it worked",
        "KEEP_HISTORY_DAYS",
        _OURS,
    ),
    Holding(
        "coupons",
        "a customer's own coupons, and the orders that they were used for",
        "to take off what was promised, once",
        "KEEP_HISTORY_DAYS after they ended or were used",
        _OURS,
    ),
    Holding(
        "saved_products",
        "a list of one's own",
        "to show it again",
        f"{_CUSTOMER}; a visitor's as the conversation",
        _OURS,
    ),
    Holding(
        "channel_users",
        "somebody's account on a messaging platform",
        "to answer there, and to know a linked customer again",
        f"{_CUSTOMER}; of whoever is not linked KEEP_DAYS after they last wrote",
        _OURS,
    ),
    Holding("link_codes", "hashes of one-time codes", "to link an account", _TRACE, _OURS),
    Holding(
        "channel_inbox",
        "what a platform told us, until it is answered",
        "to answer each message once",
        f"words until answered, else {_TRACE}; keys 7 days",
        (Goes.DONE, *_OURS),
    ),
    Holding(
        "channel_outbox",
        "what is to be sent, until it is delivered; notices to agents, without words and names",
        "to deliver each answer once",
        f"words until delivered, else {_TRACE}; keys 7 days",
        (Goes.DONE, *_OURS),
    ),
    Holding(
        "leases",
        "which process does what now, by hashes",
        "so that several gateways do each thing once",
        "seconds, and until the next purge",
        (Goes.DONE, Goes.PURGE),
    ),
    Holding(
        "effects",
        "that a message has brought something about, by hashes",
        "so that a message asked again does nothing twice",
        _TRACE,
        (Goes.PURGE,),
    ),
    Holding(
        "marks",
        "that the demo shop was loaded here; when it was last tried whether a row can be written",
        "to keep the demo from customers; readiness",
        "as long as the database",
        (Goes.OPERATOR,),
    ),
)

FILES: Sequence[Holding] = (
    Holding(
        "shop.db",
        "the tables above (on PostgreSQL, the server's files)",
        "as there",
        "as there; what is deleted is overwritten",
        _OURS,
    ),
    Holding(
        "shop.db-*",
        "SQLite's write-ahead log and its index",
        "readers go on while one writes",
        "emptied at the end of a purge and an erasure, also beside a running gateway",
        _OURS,
    ),
    Holding(
        "shop.db.version-*",
        "a copy of the database as it was before its tables changed",
        "to go back to the older code",
        _TRACE,
        _OURS,
    ),
    Holding(
        "rasa/tracker.db",
        "the dialogue's events, with what was said (on PostgreSQL, SHOPGUIDE_RASA_TRACKER)",
        "to know what was talked of",
        "KEEP_DAYS after the last of a conversation",
        _OURS,
    ),
    Holding(
        "rasa/tracker.db-*", "its write-ahead log and index", "as shop.db's", "as shop.db's", _OURS
    ),
    Holding(
        "log/*.log",
        "what happened, without words and names; with SHOPGUIDE_LOG_TEXTS also what people wrote",
        "to find faults",
        _TRACE,
        _OURS,
    ),
    Holding(
        "shell_history",
        "what was typed in `shopguide chat` on this machine",
        "to go back to it by the arrow keys",
        _TRACE,
        _OURS,
    ),
    Holding(
        "secrets.json",
        "keys that sign sessions and identities",
        "to know our own tokens",
        "as long as the installation",
        (Goes.OPERATOR,),
    ),
    Holding("index/*", "the shop's pages and goods", "to find answers", "until the next one",
            (Goes.SETUP,)),
    Holding("pages/*", "pages of sites that `shopguide index` fetched", "to find answers",
            "until `shopguide index --remove`", (Goes.OPERATOR,)),
    Holding("recommend/*", "trained models: weights of goods, no customer", "to recommend",
            "until the next training", (Goes.SETUP,)),
    Holding("language/*", "a language model: weights of pages, goods and reviews, in which what "
            "says who somebody is was hidden first", "to write samples",
            "until the next training", (Goes.SETUP,)),
    Holding("lookups.json", "names of goods", "to understand messages", "until the next one",
            (Goes.SETUP,)),
    Holding("rasa/model*", "the model of what is meant", "to understand messages",
            "until the next one", (Goes.SETUP,)),
    Holding("setup/*", "what was set up when", "to do no step twice", "until the next one",
            (Goes.SETUP,)),
)  # fmt: skip

ELSEWHERE: Sequence[Holding] = (
    Holding(
        "Redis",
        "answers under way, and counts against floods, by session and network address",
        "several gateways meet there",
        "minutes; each entry has an end",
        (Goes.DONE,),
    ),
    Holding(
        "what a command wrote",
        "`customer export`, `tickets files`, `events sequences`, `needs`, `backup`",
        "whoever ran it wanted it",
        "until they delete it",
        (Goes.OPERATOR,),
    ),
    Holding(
        "the messaging platforms",
        "what was written there",
        "the customer chose them",
        "as the platform says",
        (Goes.OPERATOR,),
    ),
    Holding(
        "a generator behind a URL",
        "a question and the shop's texts to it, where SHOPGUIDE_GENERATOR is a server's",
        "to word an answer",
        "as whoever runs it says",
        (Goes.OPERATOR,),
    ),
)


def as_markdown() -> str:
    """The tables of docs/privacy.md."""
    parts = (
        ("The database", TABLES),
        ("Files under the state folder", FILES),
        ("Elsewhere", ELSEWHERE),
    )
    return "\n\n".join(f"### {title}\n\n{_table(holdings)}" for title, holdings in parts)


def _table(holdings: Iterable[Holding]) -> str:
    rows = [("Where", "What", "Why", "How long", "Deleted by")]
    rows += [("---",) * 5]
    for each in holdings:
        place = each.place if each in ELSEWHERE else f"`{each.place}`"
        columns = ", ".join(each.columns)
        rows.append(
            (
                f"{place} ({columns})" if columns else place,
                each.what,
                each.why,
                each.kept,
                ", ".join(each.goes),
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    print(as_markdown())


if __name__ == "__main__":
    main()
