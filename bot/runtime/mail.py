"""Mail to customers, by the shop's own SMTP server; none where the shop sets none.

Sending takes seconds and says whether an address exists, so nobody waits for it: a mail that could
not be sent is counted and logged, without its address.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol

import structlog

from bot.runtime.metrics import MAILS
from bot.settings import Settings

log = structlog.get_logger("mail")

_ANSWER_S = 20  # for each step of the server, which may greet late on purpose
_AT_ONCE = 2  # connections; servers refuse many from one sender


class Mailer(Protocol):
    def send(self, to: str, subject: str, text: str) -> None:
        """Returns at once. Raises nothing for a server that does not take it."""


class SmtpMailer:
    """Sends by `settings.smtp_host`, in threads of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(_AT_ONCE, "mail")

    def send(self, to: str, subject: str, text: str) -> None:
        self._threads.submit(self._send, to, subject, text)

    def close(self) -> None:
        """Wait for what is being sent."""
        self._threads.shutdown()

    def deliver(
        self, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send now, in this thread. Raises OSError, smtplib.SMTPException and ValueError."""
        message = EmailMessage()
        for name, value in (headers or {}).items():
            message[name] = value
        message["From"] = self._settings.smtp_from
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._settings.smtp_from.rpartition("@")[2])
        message.set_content(text)
        self._deliver(message)

    def post(
        self, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None
    ) -> bool:
        """Send at once, with more headers; whether the server took it. For commands."""
        return self._send(to, subject, text, headers)

    def _send(
        self, to: str, subject: str, text: str, headers: Mapping[str, str] | None = None
    ) -> bool:
        try:
            self.deliver(to, subject, text, headers)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            MAILS.labels(outcome="failed").inc()
            log.error("a mail could not be sent", error=type(error).__name__)
            return False
        MAILS.labels(outcome="sent").inc()
        return True

    def _deliver(self, message: EmailMessage) -> None:
        settings = self._settings
        with self._connected() as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        place, context = (settings.smtp_host, settings.smtp_port), ssl.create_default_context()
        if settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(*place, timeout=_ANSWER_S, context=context)
        server = smtplib.SMTP(*place, timeout=_ANSWER_S)
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        return server


def mailer(settings: Settings) -> SmtpMailer | None:
    return SmtpMailer(settings) if settings.smtp_host else None
