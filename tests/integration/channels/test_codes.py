"""What the codes of WeCom, WeChat, Feishu and DingTalk mean: again, later, or never."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from starlette.responses import JSONResponse

from bot.channels.errors import ChannelError, TryAgain, Undeliverable
from bot.channels.http import Http
from bot.messages import BotMessage
from tests.integration.channels.dingtalk import FakeDingTalk
from tests.integration.channels.feishu import FakeFeishu
from tests.integration.channels.platform import FakePlatform
from tests.integration.channels.wechat import FakeWeChat
from tests.integration.channels.wecom import FakeWeCom

ADDRESSES: dict[type[FakePlatform], dict[str, Any]] = {
    FakeWeCom: {"user": "user1"},
    FakeWeChat: {"user": "o1", "at": time.time()},
    FakeFeishu: {"chat": "oc_1"},
    FakeDingTalk: {"chat": "cid-1", "user": "staff1", "group": False},
}


async def outcome(fake: FakePlatform, status: int, body: dict[str, Any]) -> ChannelError | None:
    """What becomes of a message when the platform answers so, once it has given a token."""
    http = Http()
    channel = fake.channel(fake.settings(), http)
    [call] = channel.reply([BotMessage(text="您好")], ADDRESSES[type(fake)])
    try:
        await channel.send(call, "first")
        fake.faults = [JSONResponse(body, status)]
        await channel.send(call, "second")
    except ChannelError as error:
        return error
    finally:
        await http.close()
    return None


@pytest.mark.parametrize(
    ("kind", "status", "body", "after_s"),
    [
        (FakeWeCom, 200, {"errcode": -1}, None),
        (FakeWeCom, 200, {"errcode": 42001}, None),
        (FakeWeCom, 200, {"errcode": 45009}, 60),
        (FakeWeChat, 200, {"errcode": -1}, None),
        (FakeWeChat, 200, {"errcode": 40001}, None),
        (FakeWeChat, 200, {"errcode": 45047}, 10),
        (FakeFeishu, 400, {"code": 230020}, None),
        (FakeFeishu, 400, {"code": 99991663}, None),
        (FakeFeishu, 400, {"code": 99991400}, None),
        (FakeDingTalk, 401, {"code": "InvalidAuthentication"}, None),
        (FakeDingTalk, 403, {"code": "Forbidden.AccessDenied.QpsLimitForApi"}, None),
        (FakeDingTalk, 200, {"processQueryKey": "q", "flowControlledStaffIdList": ["s"]}, 60),
    ],
)
def test_what_is_tried_again(
    kind: type[FakePlatform], status: int, body: dict[str, Any], after_s: float | None
) -> None:
    fake = kind()
    with fake.serving():
        error = asyncio.run(outcome(fake, status, body))
    assert isinstance(error, TryAgain)
    assert error.after_s == after_s


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (FakeWeCom, 200, {"errcode": 81013}),
        (FakeWeCom, 200, {"errcode": 0, "invaliduser": "user1"}),
        (FakeWeCom, 404, {}),
        (FakeWeChat, 200, {"errcode": 45015}),
        (FakeWeChat, 200, {"errcode": 48001}),
        (FakeFeishu, 400, {"code": 230002}),
        (FakeFeishu, 404, {}),
        (FakeDingTalk, 400, {"code": "staffId.notExisted"}),
        (FakeDingTalk, 200, {"processQueryKey": "q", "invalidStaffIdList": ["staff1"]}),
        (FakeDingTalk, 200, {}),
    ],
)
def test_what_is_never_taken(kind: type[FakePlatform], status: int, body: dict[str, Any]) -> None:
    fake = kind()
    with fake.serving():
        assert isinstance(asyncio.run(outcome(fake, status, body)), Undeliverable)
