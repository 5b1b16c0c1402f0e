"""What a customer may like next, from what people bought and from what products are like."""

from retrieval.recommend.cooccurrence import CoPurchases, PurchaseRow
from retrieval.recommend.recommender import Recommendation, Recommender

__all__ = ["CoPurchases", "PurchaseRow", "Recommendation", "Recommender"]
