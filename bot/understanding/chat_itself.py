"""What somebody asks about the chat itself: who reads it, how long it is kept, that it be deleted,
and whether a person answers in it.

No act is about the first three, and those that come near do something else: switch the use of a
history off, or delete a whole account. The words are few: how a conversation is called, and a
handful of verbs beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Literal

Question = Literal["readers", "kept", "erasure"]


@dataclass(frozen=True, slots=True)
class _Words:
    """Of one language. `chat` is what a verb is about: verbs count beside it alone. `this` is it
    where only a pronoun is said."""

    read: re.Pattern[str]
    who: re.Pattern[str]  # others than the two that speak
    private: re.Pattern[str]
    keep: re.Pattern[str]
    how_long: re.Pattern[str]
    whether: re.Pattern[str]
    delete: re.Pattern[str]
    more: re.Pattern[str]  # more than the conversation is meant: the whole account
    person: re.Pattern[str]
    machine: re.Pattern[str]
    denied: re.Pattern[str]  # "aren't you …": yes and no would mean either


_pattern = partial(re.compile, flags=re.I)


def _beside(verb: str, chat: str, before: str, between: str, passive: str = "") -> re.Pattern[str]:
    """A verb and what it is about, in either order."""
    return _pattern(rf"{verb}{before}{chat}|{chat}{between}{passive or verb}")


_CHAT_EN = (
    r"(?:\b(?:this|the|my|our|these|those|your)\s+(?:\w+\s+)?"
    r"(?:chats?|conversations?|dialogues?|transcripts?)\b"
    r"|\b(?:chat|conversation)\s+(?:history|histories|logs?|records?|transcripts?)\b"
    r"|\b(?:my|our|these)\s+messages\b"
    r"|\bwhat(?:ever)?\s+(?:i|we)(?:['’]ve| have)?\s+"
    r"(?:type|write|say|said|wrote|typed|written|tell|told|discuss|send)\b)"
)
_GAP_EN = r"\s+(?:\w+\s+){0,3}?"  # "all of", "a copy of"
_CHAT_ZH = (
    r"(?:聊天|对话|會話|会话|對話"
    r"|(?:我|我们|咱们|咱)(?:在|跟|和)?(?:这里|这儿|你|你们|您|客服)?(?:所)?(?:说|打|写|发|输入|聊)"
    r"(?:过|了|出)?的(?:话|内容|东西|消息|信息|字|这些)?)"
)
_GAP_ZH = r"[^，。！？,.!?]{0,8}?"

_TABLE = (
    _Words(
        read=_beside(
            r"(?:看|读|查看|知道|偷看|监控|審閱)(?:得|不)?(?:到|见|見)?", _CHAT_ZH, _GAP_ZH, _GAP_ZH
        ),
        who=_pattern(
            r"谁|誰|哪些人|什么人|别人|其他人|有人|他人|外人|人工|店员|员工|老板|工作人员"
        ),
        private=_pattern(rf"{_CHAT_ZH}{_GAP_ZH}(?:保密|私密|隐私|公开|安全|被监控)"),
        keep=_beside(r"(?:保存|保留|存储|储存|留存|存|留)", _CHAT_ZH, _GAP_ZH, _GAP_ZH),
        how_long=_pattern(r"多久|多长时间|多少天|几天|几个月|多少时间|什么时候|何时|到期"),
        whether=_pattern(r"吗|(?<!什)么|会不会|是不是|是否|有没有|嘛|[人机器]不\W*$"),
        delete=_beside(
            r"(?:删除|删掉|删了|清空|清除|清掉|抹掉|销毁|删)", _CHAT_ZH, _GAP_ZH, _GAP_ZH
        ),
        more=_pattern(
            r"账号|账户|帐号|帐户|注销|所有(?:数据|信息|资料)|全部(?:数据|信息|资料)|个人"
        ),
        person=_pattern(r"真人|活人|人类|人工|本人|是人(?:吗|么|不|还)"),
        machine=_pattern(r"机器|電腦|电脑|程序|(?<![a-z])ai(?![a-z])|智能|自动|bot\b|虚拟"),
        denied=_pattern(r"不是[^不]{1,8}(?:吧|吗|么)|不会是|该不会"),
    ),
    _Words(
        read=_beside(
            r"\b(?:read|see|view|access|monitor|look at|watch|get)(?:s|ing|es)?\b",
            _CHAT_EN,
            _GAP_EN,
            _GAP_EN,
            r"\b(?:read|seen|viewed|accessed|monitored|watched|visible)\b",
        ),
        who=_pattern(
            r"\b(?:who|whom|anyone|anybody|someone|somebody|people|others?|a human|humans|persons?"
            r"|staff|employees|team|agents?|colleagues?|boss|third part(?:y|ies))\b"
        ),
        private=_pattern(
            rf"{_CHAT_EN}(?:\s+\w+)?\s+(?:private|confidential|secret|monitored|public|anonymous)\b"
        ),
        keep=_beside(
            r"\b(?:keep|store|save|retain|hold|record|archive|log)(?:s|ing)?\b",
            _CHAT_EN,
            r"\s+(?:\w+\s+){0,2}?",
            _GAP_EN,
            r"\b(?:kept|stored|saved|retained|held|recorded|archived|logged)\b",
        ),
        how_long=_pattern(r"\bhow (?:long|many (?:days|weeks|months))\b|\bwhen\b|\buntil\b"),
        whether=_pattern(r"^\W*(?:and |so |but )*(?:do|does|is|are|am|r|will|would|can)\b"),
        delete=_beside(
            r"\b(?:delete|erase|remove|wipe|clear|destroy|get rid of|purge)(?:s|ing)?\b",
            _CHAT_EN,
            r"\s+(?:\w+\s+){0,2}?",
            _GAP_EN,
            r"\b(?:deleted|erased|removed|wiped|cleared|destroyed|gone|purged)\b",
        ),
        more=_pattern(r"\b(?:account|everything|data|profile|details)\b"),
        person=_pattern(
            r"\b(?:human|person|people|someone real|somebody real|employee|alive)\b|\breal\b"
        ),
        machine=_pattern(
            r"\b(?:bot|robot|chat ?bot|machine|computer|program|ai|a\.i\.|artificial|automated"
            r"|automatic|virtual|software)\b"
        ),
        denied=_pattern(r"n['’]t\b|\bnot\b"),
    ),
)

# "How long do you keep this?": of what is said here, where nothing else is named.
_THIS_KEPT = _pattern(
    r"\bhow long (?:do|will|are|would) you (?:going to )?(?:keep|store|save|retain|record)(?:ing)?"
    r" (?:all )?this\W*$"
    r"|\bhow long (?:is|will) (?:all )?this (?:be )?(?:kept|stored|saved|retained)\W*$"
)
_LONGEST = 300  # characters looked at


def asked(text: str) -> Question | None:
    """What a request asks about the conversation; None for most."""
    text = text[:_LONGEST]
    if _THIS_KEPT.search(text):
        return "kept"
    for words in _TABLE:
        deletes = words.delete.search(text) is not None
        kept = words.keep.search(text) is not None
        if (deletes or kept) and words.how_long.search(text):
            return "kept"
        if deletes:
            return None if words.more.search(text) else "erasure"
        if (words.read.search(text) and words.who.search(text)) or words.private.search(text):
            return "readers"
        if kept and words.whether.search(text):
            return "kept"
    return None


def challenged(text: str) -> Literal["person", "machine"] | None:
    """Which of the two a question whether a machine answers asks for; None where it asks for
    neither by itself ("a bot or a person?", "who are you?"), or a yes could mean either."""
    text = text[:_LONGEST]
    if not any(words.whether.search(text) for words in _TABLE):
        return None
    person = any(words.person.search(text) for words in _TABLE)
    machine = any(words.machine.search(text) for words in _TABLE)
    if person == machine or any(words.denied.search(text) for words in _TABLE):
        return None
    return "person" if person else "machine"
