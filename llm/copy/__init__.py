"""Words that sell, from the product's record alone: descriptions, ads, posts, slogans, titles and
e-mails in Chinese and English.

    record.py     what the shop knows of a product, in one language
    plans.py      what is said, in which order, and how long it may be   limits.yaml
    templates/    how it is said plainly, one file a language
    law.py        what may not be said                                   forbidden/, copy.yaml
    review.py     whether a text says only what the record says
    writer.py     the generator's words where they pass, else the plain ones

The table that a person accepts or mends is bot/commands/copysheet.py's. Nothing here publishes
anything.
"""

from llm.copy.plans import KINDS, LENGTHS, PLATFORMS, TONES, Order
from llm.copy.record import Record
from llm.copy.writer import CopyWriter, Text

__all__ = ["KINDS", "LENGTHS", "PLATFORMS", "TONES", "CopyWriter", "Order", "Record", "Text"]
