"""Take over a shop's own products, customers and orders from CSV files.

    python -m data.importer FOLDER --database URL [--dry-run]

docs/import.md lists the files and their columns. Every problem is reported with its file, line and
column; one problem, and nothing is stored. Importing again updates by key: category and product
id, SKU, e-mail address, order number. Nothing is ever deleted, save that the lines of an order
that is imported again are replaced.
"""

from data.importer.run import import_folder
from data.importer.storing import Count

__all__ = ["Count", "import_folder"]
