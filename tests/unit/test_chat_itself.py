"""Questions about the chat itself, in both languages, and what only sounds like them."""

from __future__ import annotations

import pytest

from bot.understanding import chat_itself

READERS = [
    "who is able to see our conversation?",
    "Do other customers get to read what I write?",
    "could your colleagues view this chat",
    "is this conversation confidential",
    "哪些人会看到这段对话",
    "店员能看我打的字吗",
    "我们的聊天内容别人看得见吗",
    "这次会话保密吗",
]
KEPT = [
    "for how many days are these messages stored?",
    "when is this chat going to be erased?",
    "do you save our conversation?",
    "how long will you keep this?",
    "对话记录要留几天",
    "我说的话会保存吗",
    "我们的聊天什么时候会清除",
    "这些聊天内容存多长时间",
]
ERASURE = [
    "I want you to erase our conversation",
    "could my messages be removed?",
    "wipe the chat log please",
    "get rid of what I typed",
    "清除一下我们的对话",
    "能不能把我说的话删了",
    "聊天内容帮我抹掉",
]
NEITHER = [
    "who gets to see my orders?",
    "delete everything you know about me, this chat too",
    "注销账号，聊天记录也删掉",
    "how long do you keep returned parcels?",
    "how long will this keep in the fridge",
    "which watch can read messages aloud?",
    "do you keep the blue one in stock",
    "remove the lamp from my basket",
    "when does the chat open",
    "删掉购物车里的台灯",
    "这个对讲机能保存录音吗",
    "客服几点上班",
    "谁送货",
]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        *((text, "readers") for text in READERS),
        *((text, "kept") for text in KEPT),
        *((text, "erasure") for text in ERASURE),
        *((text, None) for text in NEITHER),
    ],
)
def test_what_is_asked_of_the_chat(text: str, asked: str | None) -> None:
    assert chat_itself.asked(text) == asked


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("is that a person I am writing with?", "person"),
        ("are you actually human", "person"),
        ("您是真人客服吗", "person"),
        ("is it a robot that answers here?", "machine"),
        ("你是自动程序吗", "machine"),
        ("are you a program or a person?", None),
        ("aren't you a robot?", None),
        ("what do they call you", None),
        ("which AI is this built on", None),
        ("你是人还是机器", None),
        ("你用什么模型", None),
    ],
)
def test_which_answer_a_yes_would_give(text: str, meant: str | None) -> None:
    assert chat_itself.challenged(text) == meant
