"""What will be asked for, and when: of the shop's products, and of each customer's.

    events     promotions and stock-outs that the shop knows of (demand.yaml)
    reading    orders, prices, views, searches and carts of the database → a `Panel`
    panel      sales of all things, step by step, with what was missing and what was promoted
    calendar   holidays of a country, the lunar ones too
    classes    smooth, erratic, intermittent, lumpy
    ladder     naive, seasonal naive, ETS, Croston, SBA, TSB
    kinds      what is new goes by its kind
    boosted    one boosted model of all things together
    counts     how widely a count scatters around what is expected of it
    measures   errors and pinball losses on the sales' own scale
    choosing   rolling origins: which model for which thing, and bands that keep their word
    stock      what runs out when, what to order
    people     what customers bought, of those who let their history be used
    rhythm     what a customer will need again, and when
    lifetimes  BG/NBD and Gamma-Gamma: who still buys, how often, for how much
    plot       the sales and their bands as a picture

Models take seconds to import: whoever only reads the shop's data imports none of these.
"""
