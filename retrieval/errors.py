"""What can go wrong in retrieval/.

RetrievalError
├── EmbedderError        the embedder's folder cannot be used
├── IndexMissing         nothing is built there yet
├── IndexCorrupt         a file of the index is damaged or absent
├── IndexMismatch        the index was built with another embedder
├── DocumentError        a document cannot be read
├── SiteError            a site, or a page of it, cannot be fetched
├── SequencesError       histories of purchases cannot be read or measured
├── ModelMissing         no model was trained there yet
├── ModelCorrupt         a file of a model or a checkpoint is damaged or absent
└── ModelMismatch        a model, its index and its catalogue do not belong together
"""

from __future__ import annotations


class RetrievalError(Exception):
    """Root of this package's errors; its text is a sentence for the person who meets it."""


class EmbedderError(RetrievalError):
    pass


class IndexMissing(RetrievalError):
    pass


class IndexCorrupt(RetrievalError):
    pass


class IndexMismatch(RetrievalError):
    pass


class DocumentError(RetrievalError):
    pass


class SiteError(RetrievalError):
    pass


class SequencesError(RetrievalError):
    pass


class ModelMissing(RetrievalError):
    pass


class ModelCorrupt(RetrievalError):
    pass


class ModelMismatch(RetrievalError):
    pass
