"""What customers say of the shop's goods: which aspects, how, since when, and what to mend first.

    reading    reviews and lines of the chat → `Opinion`s
    trust      repeats and what looks made up count less
    findings   shares, trends, effects on the stars, products and variants, the order of mending
    plot       a product's stars over time with its aspects beneath

Which words name an aspect, and whether they blame it, is not found here: `Mention`s come from the
tagger (retrieval/tagger.py), or from anything that gives the same.
"""
