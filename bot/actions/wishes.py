"""A list of products that the customer puts together in the chat: kept, shown, taken from."""

from __future__ import annotations

import re

from bot.actions.skill import Skill
from bot.dialogue import references
from bot.dialogue.turn import Turn
from bot.wording import formats, views
from data.capabilities import Capability
from data.models import Customer
from data.unit_of_work import UnitOfWork

_MOST = 30
_ALL = re.compile(r"都|全部|这些|这几|\b(?:all|both|these|those|them|everything)\b", re.I)
_CLEAR = re.compile(r"清空|\b(?:clear|empty)\b|\bdelete (?:my|the) (?:wish ?)?list\b", re.I)
_DROP = re.compile(
    r"删|去掉|移出|移除|拿掉|取消收藏|不要了|\b(?:remove|take|drop|delete|cross)\b", re.I
)
_SHOW = re.compile(
    r"打开|看看|看一下|给我看|有什么|有哪些|哪些|有啥|什么|我的(?:收藏夹?|清单|心愿单)$|"
    r"\b(?:show|see|open|which)\b|\bwhat(?:['’]s| is| did| have)\b",
    re.I,
)
_ADD = re.compile(
    r"收藏|[加放][到入进]|[存记]|收着|\b(?:put|add|save|keep|remember|bookmark|note)\b", re.I
)


class WishList(Skill):
    action = "action_wish_list"

    def act(self, turn: Turn) -> None:
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
            if _CLEAR.search(turn.text):
                self._drop(turn, uow, customer, self._listed(uow, turn, customer))
            elif _DROP.search(turn.text):
                self._drop(turn, uow, customer, self._meant(turn))
            elif _ADD.search(turn.text) and not _SHOW.search(turn.text):
                self._save(turn, uow, customer)
            else:
                self._show(turn, uow, customer)

    def _listed(self, uow: UnitOfWork, turn: Turn, customer: Customer | None) -> list[str]:
        listed = uow.saved.listed(customer.id if customer else None, turn.session_id)
        return [product_id for product_id in listed if product_id in self.services.catalogue]

    def _meant(self, turn: Turn) -> list[str]:
        """The products that are named or picked, all that were shown, or the one talked about."""
        shown = [i for i in references.recently_shown(turn) if i in self.services.catalogue]
        meant = references.named_products(turn) or references.picked_by_place(turn.text, shown)
        if meant:
            return meant
        if _ALL.search(turn.text):
            return shown
        product = references.product_talked_of(turn)
        return [product] if product in self.services.catalogue else []

    def _save(self, turn: Turn, uow: UnitOfWork, customer: Customer | None) -> None:
        meant = self._meant(turn)
        if not meant:
            turn.say(turn.phrase("list.which"))
            return
        listed = self._listed(uow, turn, customer)
        new = [product_id for product_id in meant if product_id not in listed]
        if len(listed) + len(new) > _MOST:
            turn.say(turn.phrase("list.full", most=_MOST), buttons=[turn.button("list")])
            return
        owner = customer.id if customer else None
        uow.saved.save(owner, turn.session_id, new, self.services.clock())
        uow.commit()
        key = "list.added" if new else "list.there"
        text = turn.phrase(key, names=self._names(turn, meant), count=len(listed) + len(new))
        if customer is None and new:
            text = formats.together([text, turn.phrase("list.visitor")], turn.language)
        turn.say(text, buttons=[turn.button("list")])

    def _drop(
        self, turn: Turn, uow: UnitOfWork, customer: Customer | None, meant: list[str]
    ) -> None:
        listed = self._listed(uow, turn, customer)
        gone = [product_id for product_id in meant if product_id in listed]
        if not gone:
            turn.say(turn.phrase("list.not_there" if listed else "list.empty"))
            return
        uow.saved.drop(customer.id if customer else None, turn.session_id, gone)
        uow.commit()
        left = len(listed) - len(gone)
        key = "list.removed" if left else "list.cleared"
        turn.say(turn.phrase(key, names=self._names(turn, gone), count=left))

    def _show(self, turn: Turn, uow: UnitOfWork, customer: Customer | None) -> None:
        products = uow.products.get_many(self._listed(uow, turn, customer))
        if not products:
            turn.say(turn.phrase("list.empty"))
            return
        turn.note(shown=tuple(product.id for product in products))
        turn.say(
            turn.phrase("list.here", count=len(products)),
            cards=[views.product_card(turn, product) for product in products],
        )

    def _names(self, turn: Turn, products: list[str]) -> str:
        names = [turn.name_of(self.services.catalogue[i]) for i in products]
        return formats.listed(names, turn.language)
