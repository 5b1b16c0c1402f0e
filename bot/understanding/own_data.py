"""Whether somebody asks for all that is kept of them: a copy of it, or its deletion.

It is less than a request for their profile ("what do you know about me?"), which is answered at
once, and more than a wish that it not be used. Both are the words of data-protection laws, so few
that the intent model need not know them.
"""

from __future__ import annotations

import re
from typing import Literal

Wish = Literal["copy", "erasure"]

_DATA = r"(?:数据|资料|信息|记录|账号|账户|帐号|帐户)"
_MY_DATA = r"\bmy\s+(?:\w+\s+)?(?:data|information|info|account|records|details)\b"
# At most so many characters between a verb and what it is about: a clause, not another sentence.
_NEAR = r"[^。！？.!?]{0,20}?"

_ERASURE = re.compile(
    rf"注销{_NEAR}(?:账|帐)[号户]|被遗忘权"
    rf"|(?:删除|删掉|删光|清除|清空|抹掉){_NEAR}(?:我的|关于我|我所有|我全部){_NEAR}{_DATA}"
    rf"|(?:我的|关于我的|我所有的|我全部的)(?:所有|全部|一切)?(?:个人)?{_DATA}"
    rf"{_NEAR}(?:删除|删掉|删了|清除|清空|抹掉|注销)"
    rf"|\b(?:delete|erase|remove|wipe|destroy|close){_NEAR}{_MY_DATA}"
    rf"|\b(?:delete|erase|remove|wipe){_NEAR}"
    r"(?:everything|all)\s+(?:that\s+)?you\s+(?:have|know|store|keep|hold)"
    r"|\bright to (?:be forgotten|erasure)\b|\bforget (?:all )?(?:about )?me\b",
    re.I,
)
_COPY = re.compile(
    rf"(?:导出|下载|拷贝){_NEAR}{_DATA}"
    rf"|(?:一份|副本|复本){_NEAR}(?:我的|关于我|我所有|我全部|个人){_NEAR}{_DATA}"
    rf"|(?:我的|个人){_DATA}{_NEAR}(?:副本|复本|一份|导出|发给我|提供给我)"
    rf"|(?:所有|全部){_NEAR}(?:关于我|我的){_NEAR}{_DATA}"
    rf"|\b(?:copy|export|download){_NEAR}{_MY_DATA}"
    rf"|\b(?:send|give|show|see|get|want)\b{_NEAR}\ball\b\s+(?:of\s+)?{_MY_DATA}"
    r"|\ball (?:the )?(?:data|information)\b[^.!?]{0,20}?\b(?:about|on|of) me\b"
    r"|\b(?:subject|data) access request\b",
    re.I,
)
# What is about some of it is the profile's: "delete the record about tents".
_NOT = re.compile(r"别用|不要用|不许用|(?:do not|don['’]t|stop)\s+us(?:e|ing)", re.I)


def wanted(text: str) -> Wish | None:
    """What the sentence asks for; None for most."""
    if _NOT.search(text):
        return None
    if _ERASURE.search(text):
        return "erasure"
    return "copy" if _COPY.search(text) else None
