"""Take over a shop's own products, customers and orders from CSV files: in our own form, or as
another shop system exports them.

docs/import.md lists the files and their columns. Every problem is reported with its file, line and
column; one problem, and nothing is stored. Importing again updates by key: category and product
id, SKU, e-mail address or telephone number, order number. Nothing is ever deleted, save that the
lines of an order that is imported again are replaced.
"""

from data.importer.run import Imported, import_folder, import_sheets, load_folder
from data.importer.storing import Count
from data.importer.terms import Terms

__all__ = ["Count", "Imported", "Terms", "import_folder", "import_sheets", "load_folder"]
