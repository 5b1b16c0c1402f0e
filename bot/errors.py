"""What goes wrong in bot/, under one root.

    ShopguideError
    ├── SystemFailed           the assistant cannot start or go on           runtime/processes.py
    │   └── NotSetUp           there is no shop that could be copied         evaluation/throwaway.py
    ├── RedisUnavailable       Redis does not answer; do without it          runtime/redis_link.py
    ├── RasaUnavailable        Rasa did not answer, or with an error         gateway/rasa.py
    │   └── RasaGone           the connection broke: Rasa may be asked again
    ├── Refusal                a request is refused, and why                 gateway/errors.py
    ├── NoPicture              it is called a picture and cannot be opened   gateway/files.py
    ├── Unscanned              the scanner of files cannot be asked          gateway/files.py
    ├── TokenRefused           a token is forged, expired or another's       gateway/tokens.py
    ├── KeysUnavailable        the shop's keys could not be fetched          gateway/identity.py
    ├── Overflow               a reader is too far behind                    gateway/outbox.py
    ├── ChannelError           between a platform and us                     channels/errors.py
    │   ├── Refused            a request that is not the platform's
    │   ├── TryAgain           a call that may be sent again
    │   ├── Undeliverable      a call that never will be taken
    │   └── Declined           the assistant does not take a message         channels/ports.py
    ├── ExamplesError          a shop's sentences cannot be trained on       rasa/examples.py
    ├── NewShopRefused         a new shop's folder cannot be begun there     commands/shop.py
    ├── ForecastRefused        what was asked for cannot be forecast         commands/forecast.py
    ├── ReviewsRefused         nothing can be told of reviews               commands/reviews.py
    ├── CopyRefused            a marketing text cannot be written            commands/copy.py
    ├── SheetUnusable          a table of marketing texts is no such table   commands/copysheet.py
    ├── QuestionsInvalid       a file of questions cannot be used            evaluation/questions.py
    ├── NotAsked               a question could not be asked                 evaluation/asking.py
    ├── DeskError              what an agent asked for cannot be done        dialogue/desk.py
    └── ClientError            of the public interface's client              terminal/client.py
        ├── Refused            the gateway said no, and why
        └── Unreachable        nobody answers at the address

The packages below have roots of their own: DataError, RetrievalError, LLMError, WeightsError,
InstallError. The text of each is a sentence for the person who meets it, with what to do.
"""

from __future__ import annotations


class ShopguideError(Exception):
    """The root of the errors of bot/."""


def known_errors() -> tuple[type[Exception], ...]:
    """The roots of all packages' errors. Anything else is a mistake of ours."""
    from data.errors import DataError
    from install.errors import InstallError
    from llm.errors import LLMError
    from retrieval.errors import RetrievalError
    from weights.errors import WeightsError

    return (ShopguideError, DataError, RetrievalError, LLMError, WeightsError, InstallError)
