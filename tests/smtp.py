"""A mail server on a free port of this machine: takes everything, keeps it."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from typing import cast


@dataclass
class Mailbox:
    """What came, oldest first; `refuses` answers each recipient so."""

    port: int
    mails: Queue[EmailMessage] = field(default_factory=Queue)
    logins: list[str] = field(default_factory=list)
    refuses: bytes = b""

    def next(self) -> EmailMessage:
        return self.mails.get(timeout=30)


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None) -> Iterator[Mailbox]:
    """As much of RFC 5321 as a client needs, with AUTH PLAIN; with `tls` STARTTLS too, and then
    nothing else before it."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._secure = tls is None
            self._say(b"220 mail.test")
            while line := self.rfile.readline().strip():
                match line[:4].upper():
                    case b"EHLO":
                        offered = b"AUTH PLAIN" if self._secure else b"STARTTLS"
                        self._say(b"250-mail.test\r\n250 " + offered)
                    case b"STAR" if tls is not None:
                        self._say(b"220 go on")
                        self.request = tls.wrap_socket(self.request, server_side=True)
                        self.setup()
                        self._secure = True
                    case _ if not self._secure:
                        self._say(b"530 only after STARTTLS")
                    case b"AUTH":
                        box.logins.append(line.decode())
                        self._say(b"235 welcome")
                    case b"RCPT" if box.refuses:
                        self._say(box.refuses)
                    case b"DATA":
                        self._say(b"354 go on")
                        self._take()
                        self._say(b"250 taken")
                    case b"QUIT":
                        self._say(b"221 bye")
                        return
                    case _:
                        self._say(b"250 yes")

        def _say(self, line: bytes) -> None:
            self.wfile.write(line + b"\r\n")

        def _take(self) -> None:
            text = b""
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                text += line.removeprefix(b".")
            box.mails.put(cast("EmailMessage", message_from_bytes(text, policy=policy.default)))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        box = Mailbox(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
