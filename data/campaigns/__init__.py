"""Campaigns: whom the shop writes to and with what, personal coupons, and whether it worked.

`plan` reads what a campaign is to be, `profiles` and `audience` say whom it fits, `store` keeps
members, budgets and coupons in the database, `running` says who is due, `uplift` learns whom a
coupon moves, `report` says what came of it.
"""
