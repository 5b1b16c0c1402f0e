"""What the shop has decided, applied to a customer's case.

`ShopRules` holds the shop's numbers, read from a YAML file; each module beside it answers one kind
of question with pure functions that return a frozen dataclass with the numbers a sentence needs.
Days are the shop's local days, whatever the time zone of the moment asked about.
"""

from data.rules.shop import ShopRules

__all__ = ["ShopRules"]
