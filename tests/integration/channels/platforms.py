"""Every platform's fake: the shared suite runs over each, the whole system meets each."""

from __future__ import annotations

from tests.integration.channels.dingtalk import FakeDingTalk
from tests.integration.channels.feishu import FakeFeishu
from tests.integration.channels.line import FakeLine
from tests.integration.channels.messenger import FakeMessenger
from tests.integration.channels.platform import FakePlatform
from tests.integration.channels.slack import FakeSlack
from tests.integration.channels.telegram import FakeTelegram
from tests.integration.channels.twilio import FakeTwilio
from tests.integration.channels.wechat import FakeWeChat
from tests.integration.channels.wecom import FakeWeCom
from tests.integration.channels.whatsapp import FakeWhatsApp

PLATFORMS: tuple[type[FakePlatform], ...] = (
    FakeTelegram,
    FakeSlack,
    FakeWeCom,
    FakeWhatsApp,
    FakeMessenger,
    FakeWeChat,
    FakeFeishu,
    FakeLine,
    FakeTwilio,
    FakeDingTalk,
)
