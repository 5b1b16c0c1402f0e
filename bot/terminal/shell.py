"""The chat in a terminal, and the same for scripts: one message a line in, replies out."""

from __future__ import annotations

import io
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, NestedCompleter
from prompt_toolkit.history import FileHistory
from prompt_toolkit.output import ColorDepth
from rich.console import Console
from rich.text import Text

from bot.gateway.tokens import mint_identity
from bot.messages import Button
from bot.settings import Settings
from bot.terminal.client import AnswerEvent, Client, Refused, Unreachable
from bot.terminal.launch import OwnSystem
from bot.terminal.screens import Answered, Piped, Screen, Terminal
from retrieval.text import detect_language
from retrieval.types import Language

_MOST_WAITS = 20  # for one line that comes too fast

_SENTENCES: dict[str, tuple[str, str]] = {
    "no_customer": (
        "无法以 {email} 登录：店里没有这位顾客。",
        "You cannot sign in as {email}: the shop has no such customer.",
    ),
    "signed_in": ("已登录：{name}。", "Signed in as {name}."),
    "signed_in_anew": (
        "已登录：{name}。这是一段新的对话。",
        "Signed in as {name}. This is a new conversation.",
    ),
    "signed_out": ("已退出登录，开始新的对话。", "Signed out. This is a new conversation."),
    "reset": ("开始新的对话。", "This is a new conversation."),
    "renewed": (
        "上一段对话已过期，已开始新的对话。",
        "The last conversation had expired; this is a new one.",
    ),
    "language": ("从现在起用中文回答。", "Answers come in English from now on."),
    "language_auto": (
        "从现在起，您用什么语言提问，就用什么语言回答。",
        "Answers come in the language that you write in.",
    ),
    "no_trace": (
        "还没有可以查看的回合，或者对方系统没有发送跟踪信息。",
        "There is no turn to look at yet, or the system does not send traces.",
    ),
    "no_history": ("这段对话还没有内容。", "Nothing has been said yet."),
    "rated": ("谢谢您的评价。", "Thank you for the feedback."),
    "nothing_to_rate": ("还没有可以评价的回答。", "There is no answer to rate yet."),
    "unknown": (
        "没有 {command} 这个命令；/help 列出全部命令。",
        "There is no command {command}; /help lists them.",
    ),
    "usage": ("用法：{usage}", "Usage: {usage}"),
    "quotes_only": (
        "语言模型没有加载：回答将直接引用店铺的原文。可运行 shopguide doctor 查看原因。",
        "The language model is not loaded: answers quote the shop's texts. "
        "`shopguide doctor` says what is missing.",
    ),
}

# name → (arguments, 中文, English)
_COMMANDS: dict[str, tuple[str, str, str]] = {
    "/help": ("", "列出命令", "list the commands"),
    "/login": ("EMAIL", "以这位顾客的身份登录", "sign in as this customer"),
    "/logout": ("", "退出登录，开始新的对话", "sign out and start a new conversation"),
    "/lang": ("zh|en|auto", "选择回答的语言", "choose the language of the answers"),
    "/reset": ("", "开始新的对话", "start a new conversation"),
    "/trace": (
        "",
        "上一回合：意图、槽位、段落、耗时",
        "the last turn: intent, slots, times …",
    ),
    "/history": ("", "显示这段对话", "show the conversation so far"),
    "/feedback": ("up|down [COMMENT]", "评价上一个回答", "rate the last answer"),
    "/quit": ("", "退出", "leave"),
}

_EXAMPLES = (
    ("200 元以内有什么适合送人的？", "What makes a good present, under 200?"),
    ("东西不合适怎么退？", "How do I return something that doesn't suit me?"),
    ("我的包裹到哪儿了？", "Where is my order?"),
)


class Quit(Exception):
    """The person wants to leave."""


class Shell:
    """The conversation and its commands; what is shown, and how, is the screen's business."""

    def __init__(
        self,
        client: Client,
        screen: Screen,
        identity_key: Callable[[], str],
        *,
        language: Language | None = None,
        patient: bool = False,
    ) -> None:
        """`patient` waits when told that messages come too fast, so that a script loses none."""
        self._client = client
        self._screen = screen
        self._identity_key = identity_key
        self._language = language
        self._patient = patient
        self._spoken: Language = language or "en"  # what the shell itself speaks
        self._email: str | None = None
        self._name: str | None = None
        self._buttons: list[Button] = []
        self._trace: dict[str, Any] | None = None
        self._last_message_id: str | None = None

    def start(self, email: str | None = None) -> None:
        """Open the conversation. Raises `Refused` for a customer whom the shop does not have."""
        identity = self._identity(email) if email else None
        self._open(identity)
        self._email = email

    @property
    def who(self) -> str | None:
        return self._name

    def take(self, line: str) -> None:
        """Do what a typed line says. Raises `Quit`; whatever else goes wrong is shown."""
        line = line.strip()
        if not line:
            return
        try:
            name, _, rest = line.partition(" ")
            if line.startswith("/") and "/" not in name[1:]:
                self._command(name.lower(), rest.strip())
            else:
                self._say(self._choice(line))
        except Refused as refusal:
            self._screen.say(refusal.sentence(self._language_of(line)))
        except Unreachable as error:
            self._screen.say(str(error))

    # Messages

    def _say(self, text: str) -> None:
        message_id = uuid.uuid4().hex
        for attempt in range(_MOST_WAITS):
            try:
                answered = self._screen.answer(self._events(text, message_id))
            except Refused as refusal:
                if refusal.code == "unauthorized" and attempt == 0:
                    self._renew()
                elif refusal.retry_after and self._patient and attempt < _MOST_WAITS - 1:
                    time.sleep(refusal.retry_after)
                else:
                    raise
            else:
                self._remember(answered, message_id)
                return

    def _events(self, text: str, message_id: str) -> Iterator[AnswerEvent]:
        return self._client.say(text, language=self._language, message_id=message_id)

    def _remember(self, answered: Answered, message_id: str) -> None:
        self._last_message_id = message_id
        self._trace = answered.trace
        self._buttons = [button for message in answered.messages for button in message.buttons]
        if answered.messages and self._language is None:
            self._spoken = answered.messages[-1].language

    def _choice(self, line: str) -> str:
        """The message that a button's number stands for, else the line itself."""
        if line.isdecimal() and 1 <= int(line) <= len(self._buttons):
            return self._buttons[int(line) - 1].payload
        return line

    def _renew(self) -> None:
        self._open(self._identity(self._email) if self._email else None)
        self._tell("renewed")

    def _open(self, identity: str | None) -> None:
        self._name = self._client.open_session(identity).customer
        self._buttons, self._trace, self._last_message_id = [], None, None

    # Commands

    def _command(self, name: str, rest: str) -> None:
        known: dict[str, Callable[[str], None]] = {
            "/help": self._help,
            "/login": self._login,
            "/logout": self._logout,
            "/lang": self._lang,
            "/reset": self._reset,
            "/trace": self._show_trace,
            "/history": self._history,
            "/feedback": self._feedback,
            "/quit": self._quit,
        }
        if name in known:
            known[name](rest)
        else:
            self._tell("unknown", command=name)

    def _help(self, rest: str) -> None:
        chinese = self._spoken == "zh"
        self._screen.table(
            [
                (f"{name} {arguments}".rstrip(), zh if chinese else en)
                for name, (arguments, zh, en) in _COMMANDS.items()
            ]
        )

    def _login(self, email: str) -> None:
        if not email or " " in email:
            self._usage("/login")
            return
        identity = self._identity(email)
        sentence = "signed_in"
        try:
            try:
                self._name = self._client.identify(identity)
            except Refused as refusal:
                if refusal.code not in ("identity_refused", "unauthorized"):
                    raise
                # The conversation is somebody's already, or there is no such customer.
                self._open(identity)
                sentence = "signed_in_anew"
        except Refused as refusal:
            if refusal.code != "identity_refused":
                raise
            self._tell("no_customer", email=email)
        else:
            self._email = email
            self._tell(sentence, name=self._name)

    def _logout(self, rest: str) -> None:
        self._email = None
        self._open(None)
        self._tell("signed_out")

    def _lang(self, choice: str) -> None:
        if choice not in ("zh", "en", "auto"):
            self._usage("/lang")
            return
        if choice == "auto":
            self._language = None
            self._tell("language_auto")
        else:
            self._language = self._spoken = cast("Language", choice)
            self._tell("language")

    def _reset(self, rest: str) -> None:
        self._open(self._identity(self._email) if self._email else None)
        self._tell("reset")

    def _show_trace(self, rest: str) -> None:
        if self._trace is None:
            self._tell("no_trace")
        else:
            self._screen.table(list(trace_rows(self._trace)))

    def _history(self, rest: str) -> None:
        lines = self._client.history()
        if not lines:
            self._tell("no_history")
        for line in lines:
            self._screen.line(str(line["sender"]), str(line["text"]))

    def _feedback(self, rest: str) -> None:
        thumb, _, comment = rest.partition(" ")
        ratings: dict[str, Literal[-1, 1]] = {"up": 1, "down": -1}
        if thumb not in ratings:
            self._usage("/feedback")
        elif self._last_message_id is None:
            self._tell("nothing_to_rate")
        else:
            self._client.feedback(
                ratings[thumb], message_id=self._last_message_id, comment=comment.strip() or None
            )
            self._tell("rated")

    def _quit(self, rest: str) -> None:
        raise Quit

    def _usage(self, name: str) -> None:
        self._tell("usage", usage=f"{name} {_COMMANDS[name][0]}")

    def _tell(self, key: str, **facts: object) -> None:
        self._screen.say(sentence(key, self._spoken, **facts))

    def _identity(self, email: str) -> str:
        """The shell plays the shop's page, which vouches for its signed-in customer."""
        return mint_identity(email, datetime.now(UTC), self._identity_key())

    def _language_of(self, line: str) -> str:
        if self._language or line.startswith("/"):
            return self._spoken
        return "zh" if detect_language(line) == "zh" else "en"


def sentence(key: str, language: str, **facts: object) -> str:
    return _SENTENCES[key][0 if language == "zh" else 1].format(**facts)


def trace_rows(trace: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A turn's trace as names and values."""
    yield "intent", f"{trace.get('intent')} ({trace.get('confidence')})"
    yield "action", str(trace.get("kind"))
    yield from _reading_rows(trace.get("reading") or {})
    for name, value in trace.get("entities") or []:
        yield "entity", f"{name} = {value}"
    for name, value in (trace.get("slots") or {}).items():
        yield "slot", f"{name} = {value}"
    for passage_id, heading, similarity in trace.get("passages") or []:
        yield "passage", f"{similarity:.3f}  {heading}  ({passage_id})"
    wording = trace.get("wording")
    if wording:
        reason = f": {wording['reason']}" if wording.get("reason") else ""
        yield "wording", f"{wording.get('origin')}{reason}"
    for name, milliseconds in (trace.get("timings_ms") or {}).items():
        yield "time", f"{name} {milliseconds} ms"


def _reading_rows(reading: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What the message was read as: each request with what was found in it."""
    for request in reading.get("requests", ()):
        likely = f"{request['act']} ({request['certainty']:.2f}, else {request['runner_up']})"
        yield "request", f"{likely}: {request['words']}"
        for span in request["spans"]:
            yield "", f"{span['kind']}: {span['words']}"
        if request["facts"]:
            yield "", f"facts: {', '.join(request['facts'])}"
    if reading.get("mood", "calm") != "calm":
        yield "mood", reading["mood"]


# The two forms


def chat(
    settings: Settings,
    *,
    url: str = "",
    customer: str | None = None,
    language: Language | None = None,
    colour: bool = True,
) -> int:
    """Chat with the assistant at `url`, or with one started for this chat. Returns the exit code.

    Raises `SystemFailed` and the client's errors when it cannot start.
    """
    piped = not (sys.stdin.isatty() and sys.stdout.isatty())
    status = Console(stderr=True, no_color=not colour or None)
    console = Console(no_color=not colour or None, highlight=False)
    if url:
        return _converse(Client(url), {}, settings, console, customer, language, piped)
    with OwnSystem(settings) as own:
        with status.status("Starting …") as line:
            parts = own.wait(
                lambda missing, seconds: line.update(f"Starting {missing} … {seconds} s")
            )
        client = Client(own.url)
        return _converse(client, parts, settings, console, customer, language, piped)


def _converse(
    client: Client,
    parts: dict[str, bool],
    settings: Settings,
    console: Console,
    customer: str | None,
    language: Language | None,
    piped: bool,
) -> int:
    with client:
        screen: Screen = Piped(_utf8(sys.stdout)) if piped else Terminal(console)
        shell = Shell(
            client, screen, lambda: settings.identity_key, language=language, patient=piped
        )
        shell.start(customer)
        if piped:
            return read_lines(shell, utf8_lines(sys.stdin))
        _welcome(console, settings)
        if parts.get("generator") is False:
            screen.say(sentence("quotes_only", language or "en"))
        return _prompt(shell, settings.state / "shell_history", console)


def read_lines(shell: Shell, lines: Iterable[str]) -> int:
    """One message a line until the end, or until nobody reads the replies any more."""
    try:
        for line in lines:
            shell.take(line)
    except Quit:
        return 0
    except BrokenPipeError:
        # Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _prompt(shell: Shell, history: Path, console: Console) -> int:
    history.parent.mkdir(parents=True, exist_ok=True)
    history.touch(mode=0o600)
    session: PromptSession[str] = PromptSession(
        history=FileHistory(history),
        completer=_completer(),
        complete_while_typing=False,
        color_depth=ColorDepth.DEPTH_1_BIT if console.no_color else None,
    )
    while True:
        try:
            shell.take(session.prompt(f"{shell.who}> " if shell.who else "you> "))
        except KeyboardInterrupt:
            continue  # gives up the line, or the answer that is coming
        except (EOFError, Quit):
            return 0


def _completer() -> Completer:
    choices: dict[str, Any] = dict.fromkeys(_COMMANDS)
    choices["/lang"] = {"zh", "en", "auto"}
    choices["/feedback"] = {"up", "down"}
    choices["/login"] = set(_demo_emails())
    return NestedCompleter.from_nested_dict(choices)


def _demo_emails() -> list[str]:
    from demo.named import DEMO_CUSTOMERS

    return [customer.email for customer in DEMO_CUSTOMERS]


def _welcome(console: Console, settings: Settings) -> None:
    console.print(
        Text.assemble(
            ("您好！请直接提问，例如：\n", "bold"),
            *(f"  {zh}\n" for zh, _ in _EXAMPLES),
            ("Hello! Just ask, for example:\n", "bold"),
            *(f"  {en}\n" for _, en in _EXAMPLES),
        ),
        end="",
    )
    if settings.is_demo:
        console.print(Text(f"演示顾客 / demo customers: {', '.join(_demo_emails())}", style="dim"))
    console.print(Text("/login EMAIL  /help  /quit\n", style="dim"))


def _utf8(output: TextIO) -> TextIO:
    """Whatever the terminal's language, a pipe gets UTF-8."""
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    return output


def utf8_lines(source: TextIO) -> Iterator[str]:
    """What a script wrote, whatever the locale; bytes that are not UTF-8 become U+FFFD."""
    if isinstance(source, io.TextIOWrapper):
        source.reconfigure(encoding="utf-8", errors="replace")
    for line in source:
        yield line.removeprefix("\ufeff")
