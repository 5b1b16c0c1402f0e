"""What `shopguide campaign …` does: chooses, sends what is due, keeps what came of it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from bot.gateway.tokens import mint_unsubscribe
from bot.gateway.unsubscribe import PATH
from bot.runtime.mail import SmtpMailer, mailer
from bot.settings import Settings
from bot.wording.campaign_text import CampaignText, as_line
from bot.wording.phrases import Phrases
from data import consent, normalise
from data.campaigns import report, running, uplift
from data.campaigns.plan import LIKE, Plan, Policy, check
from data.campaigns.profiles import profiles
from data.campaigns.running import Audience, Letter, Note
from data.campaigns.tables import Campaign, Step
from data.errors import CampaignRefused
from data.models import ChannelUser, ChatMessage, Customer, Product
from data.rules import ShopRules
from data.shop import ShopFolder
from data.unit_of_work import UnitOfWork, open_database
from retrieval.types import Language

Tell = Callable[[str], None]

# How long after the customer wrote last a platform's own rules let a shop send offers there: any
# time (None) where who began the chat, or befriended the account, may be written to. WhatsApp takes
# offers as approved templates alone, WeChat's service messages and Twilio's numbers are not for
# them, the others are places of work. docs/marketing-campaigns.md names the rules.
MAY_OFFER: Mapping[str, timedelta | None] = {
    "telegram": None,
    "line": None,
    "messenger": timedelta(hours=24),
}


@dataclass
class Desk:
    """The shop's campaigns, as the commands have them."""

    settings: Settings
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @cached_property
    def open(self) -> Callable[[], UnitOfWork]:
        return open_database(self.settings.database)

    @cached_property
    def rules(self) -> ShopRules:
        return ShopRules.load(self.settings.shop)

    @cached_property
    def policy(self) -> Policy:
        return Policy.load(self.settings.shop)

    @cached_property
    def catalogue(self) -> Mapping[str, Product]:
        with self.open() as uow:
            return {product.id: product for product in uow.products.catalogue()}

    @cached_property
    def phrases(self) -> Phrases:
        return Phrases.load(ShopFolder.open(self.settings.shop))

    def text(self, language: str) -> CampaignText:
        spoken: Language = "zh" if language == "zh" else "en"
        return CampaignText(self.catalogue, self.rules, self.phrases, spoken, self.clock())

    # Plans

    def checked(self, plan: Plan) -> Plan:
        """Raises `CampaignRefused` where the shop has not what the plan names."""
        products = {each.id: each.category_id for each in self.catalogue.values()}
        tiers = self.rules.membership.tiers if self.rules.membership else ()
        check(
            plan,
            self.policy,
            kinds=frozenset(products.values()),
            products=products,
            tiers=frozenset(tier.id for tier in tiers),
        )
        return plan

    def new(self, file: Path, *, dry_run: bool) -> Plan:
        plan = self.checked(Plan.read(file))
        with self.open() as uow:
            uow.campaigns.add(plan, self.rules.shop.currency, self.clock())
            if plan.uplift is not None:
                uow.campaigns.get(plan.uplift.learned_from)
            if not dry_run:
                uow.commit()
        return plan

    def plan_of(self, name_or_file: str) -> Plan:
        """Of a stored campaign, or of a file that is not stored yet."""
        if Path(name_or_file).suffix in (".yaml", ".yml"):
            return self.checked(Plan.read(Path(name_or_file)))
        with self.open() as uow:
            campaign = uow.campaigns.get(name_or_file)
        return self.checked(Plan.of(campaign.plan, campaign.name))

    # Whom

    def audience(self, plan: Plan, tell: Tell = lambda line: None) -> Audience:
        """Raises `CampaignRefused` where nobody is left."""
        now = self.clock()
        with self.open() as uow:
            gain = None
            if plan.uplift is not None:
                tell("Learning whom a coupon moves …")
                gain = self._gain(uow, plan, now)
            if any(rule.field == LIKE for rule in plan.audience.rules):
                tell("Comparing customers by what they bought …")
            found = running.audience(uow, plan, self.catalogue, now, self._alike, gain=gain)
        if not found.eligible:
            raise CampaignRefused(
                "There is no customer who may be written to: none is known, or all said no."
            )
        if not found.fitting:
            raise CampaignRefused(
                f"The audience is empty: of {len(found.eligible)} customers nobody meets the rules."
            )
        if not found.chosen:
            raise CampaignRefused(
                f"The audience is empty: of {found.fitting} customers who meet the rules, a coupon "
                "pays with nobody."
            )
        return found

    def _alike(self, product_id: str) -> Mapping[int, float]:
        from bot.commands.train_recommend import Shop
        from retrieval.recommend.lookalikes import like_buyers_of

        shop = Shop.open(self.settings)
        people = {row.customer_id for row in shop.purchases}
        # The nearest tenth: whoever is farther is like everybody.
        most = max(1, len(people) // 10)
        vectors = shop.products.vectors
        return like_buyers_of(product_id, shop.purchases, vectors, self.clock(), most)

    def _gain(self, uow: UnitOfWork, plan: Plan, now: datetime) -> Mapping[int, float]:
        if self.policy.margin is None:
            raise CampaignRefused(
                "Whom a coupon pays with needs the shop's margin: write margin: 0.35, or what it "
                "is, into campaigns.yaml of the shop's folder."
            )
        if plan.uplift is None:
            return {}
        earlier = uow.campaigns.get(plan.uplift.learned_from)
        told = report.outcomes(uow, earlier, self.policy.margin, now)
        held = Plan.of(earlier.plan, earlier.name).held() / 1000
        model = self._learned(uow, told, 1 - held)
        return uplift.gains(model, profiles(uow, self.catalogue, now))

    def _learned(
        self, uow: UnitOfWork, told: list[tuple[int, datetime, bool, float]], share: float
    ) -> uplift.Model:
        import numpy as np

        chosen_at = max((at for _, at, _, _ in told), default=self.clock())
        then = {each.customer_id: each for each in profiles(uow, self.catalogue, chosen_at)}
        known = [row for row in told if row[0] in then]
        features = uplift.features([then[row[0]] for row in known])
        outcomes = np.array([row[3] for row in known], float)
        offered = np.array([row[2] for row in known], bool)
        return uplift.learn(features, outcomes, offered, share)[1]

    # Sending

    def run(
        self, name: str, tell: Tell, *, dry_run: bool, progress: Tell = lambda line: None
    ) -> Mapping[str, int]:
        """Choose the members of a draft, and write to whom is due; how many, by what became of
        them. Raises `CampaignRefused`."""
        plan = self.plan_of(name)
        with self.open() as uow:
            campaign = uow.campaigns.get(name)
            state = campaign.state
        if state == "stopped":
            raise CampaignRefused(f"{name} was stopped; nobody is written to any more.")
        post = None if dry_run else self._post(plan)
        if wait := running.not_now(plan, self.policy, self.rules, self.clock()):
            if not dry_run:
                raise CampaignRefused(wait)
            tell(wait)
        if state == "draft":
            chosen = self.audience(plan, tell).chosen
            with self.open() as uow:
                campaign = uow.campaigns.get(name)
                members = [(each.profile.customer_id, each.why) for each in chosen]
                uow.campaigns.begin(campaign, members, self.clock())
                if dry_run:
                    return self._tried(uow, campaign, plan)
                uow.commit()
        elif dry_run:
            with self.open() as uow:
                return self._tried(uow, uow.campaigns.get(name), plan)
        return self._send(name, plan, post, tell, progress)

    def _tried(self, uow: UnitOfWork, campaign: Campaign, plan: Plan) -> Mapping[str, int]:
        """What would become of each; the unit of work is never committed."""
        found: Counter[str] = Counter()
        for number in uow.campaigns.waiting(campaign):
            member = uow.campaigns.member(number)
            if member is not None:
                taken = running.take(uow, campaign, plan, self.policy, member, self.clock())
                found["would be sent" if isinstance(taken, Letter) else str(taken)] += 1
        return found

    def _post(self, plan: Plan) -> SmtpMailer | None:
        if plan.channel != "email":
            return None
        if self.settings.smtp_host == "":
            raise CampaignRefused(
                "No mail server is set: SHOPGUIDE_SMTP_HOST and its kin (docs/security.md)."
            )
        return mailer(self.settings)

    def _send(
        self, name: str, plan: Plan, post: SmtpMailer | None, tell: Tell, progress: Tell
    ) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        with self.open() as uow:
            uow.campaigns.expire(self.clock())
            uow.commit()
            waiting = uow.campaigns.waiting(uow.campaigns.get(name))
        for place, number in enumerate(waiting, start=1):
            if wait := running.not_now(plan, self.policy, self.rules, self.clock()):
                tell(wait)  # night has fallen over it
                break
            if place % 50 == 0:
                progress(f"{place} of {len(waiting)} …")
            with self.open() as uow:
                member = uow.campaigns.member(number)
                if member is None:
                    continue
                campaign = uow.campaigns.get(name)
                taken = running.take(uow, campaign, plan, self.policy, member, self.clock())
                why = list(member.why)
                uow.commit()
            if not isinstance(taken, Letter):
                found[str(taken or "another process has it")] += 1
                continue
            sent = self._deliver(name, plan, taken, why, post)
            with self.open() as uow:
                step = Step.SENT if sent is None else Step.FAILED
                uow.campaigns.settle(number, step, None if sent is None else str(sent))
                uow.commit()
            found["sent" if sent is None else str(sent)] += 1
        if post is not None:
            post.close()
        return found

    def _deliver(
        self,
        name: str,
        plan: Plan,
        letter: Letter,
        why: list[dict[str, object]],
        post: SmtpMailer | None,
    ) -> Note | None:
        """None when it went out; for the chat, when it lies ready there."""
        if plan.channel == "chat":
            return None
        text = self.text(letter.language)
        source = plan.message["zh" if letter.language == "zh" else "en"]
        link = self.unsubscribe_link(letter.customer)
        if plan.channel == "email":
            no_more = (
                text.phrases.say("campaign.no_more", letter.language, link=link)
                if link
                else text.phrases.say("campaign.no_more_reply", letter.language)
            )
            subject, said = text.message(source, letter.customer.name, letter.coupon, why, no_more)
            headers = _no_more(link, self.settings.smtp_from)
            address = letter.customer.email or ""
            taken = post is not None and post.post(address, subject, said, headers)
            return None if taken else Note.REFUSED
        no_more = text.phrases.say("campaign.no_more_chat", letter.language)
        _, said = text.message(source, letter.customer.name, letter.coupon, why, no_more)
        return self._on_platform(name, letter, said)

    def _on_platform(self, name: str, letter: Letter, said: str) -> Note | None:
        now = self.clock()
        language: Language = "zh" if letter.language == "zh" else "en"
        with self.open() as uow:
            chats = uow.channels.linked_to(letter.customer.id)
            chat = next((each for each in chats if may_offer(each, now)), None)
            if chat is None:
                return Note.NO_ADDRESS
            line = ChatMessage(
                session_id=chat.session_id,
                message_id=f"campaign:{letter.member_id}",
                sender="bot",
                body=as_line(said, language),
                created_at=now,
            )
            uow.messages.add(line)
            uow.channels.write(line, now)
            uow.commit()
        return None

    def unsubscribe_link(self, customer: Customer) -> str:
        """Empty where the public address is not set."""
        if not self.settings.public_url:
            return ""
        token = mint_unsubscribe(customer.id, self.clock(), self.settings.session_key)
        return f"{self.settings.public_url.rstrip('/')}{PATH}?token={token}"

    # Coupons and consent

    def redeem(self, pairs: list[tuple[str, str]], *, dry_run: bool) -> Decimal:
        """All of them, or none; what they took off. Raises `CampaignRefused`."""
        problems, taken = [], Decimal(0)
        with self.open() as uow:
            for code, number in pairs:
                plain = normalise.order_number(number) or number
                try:
                    taken += uow.campaigns.redeem(code, plain, self.clock()).taken or Decimal(0)
                except CampaignRefused as refused:
                    problems.append(str(refused))
            if problems:
                raise CampaignRefused("\n".join([*problems, "Nothing was stored."]))
            if not dry_run:
                uow.commit()
        return taken

    def agree(self, addresses: list[str], *, wanted: bool, own: bool, dry_run: bool) -> list[str]:
        """Keep what customers said of campaigns; returns a sentence for each who is not taken."""
        left = []
        with self.open() as uow:
            for address in addresses:
                customer = uow.customers.by_email(address)
                if customer is None:
                    left.append(f"{address} is nobody's.")
                elif not consent.say_campaigns(
                    uow, customer, wanted=wanted, at=self.clock(), own=own
                ):
                    left.append(f"{address} said no themselves, which stays.")
            if not dry_run:
                uow.commit()
        return left


def may_offer(chat: ChannelUser, now: datetime) -> bool:
    """Whether the platform's rules allow an offer in this chat now."""
    if chat.is_group or chat.channel not in MAY_OFFER:
        return False
    within = MAY_OFFER[chat.channel]
    return within is None or now - chat.spoke_at < within


def _no_more(link: str, sender: str) -> Mapping[str, str]:
    """How mail programs show a button of their own (RFC 2369, RFC 8058)."""
    if not link:
        return {"List-Unsubscribe": f"<mailto:{sender}?subject=unsubscribe>"}
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def pairs_of(file: Path) -> list[tuple[str, str]]:
    """(code, order) of a CSV with these columns. Raises `CampaignRefused`."""
    return [(row["code"], row["order"]) for row in _rows(file, ("code", "order"))]


def addresses_of(file: Path) -> list[str]:
    return [row["email"] for row in _rows(file, ("email",))]


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CampaignRefused(f"{file} cannot be read: {error}.") from None
    reader = csv.DictReader(lines)
    names = reader.fieldnames or []
    if set(names) != set(columns):
        raise CampaignRefused(
            f"{file} needs the columns {', '.join(columns)} and no other; it has "
            f"{', '.join(names) or 'none'}."
        )
    for number, row in enumerate(reader, start=2):
        if None in row or not all(row[column] for column in columns):
            raise CampaignRefused(f"{file}, line {number}: fill in {' and '.join(columns)}.")
        yield row
