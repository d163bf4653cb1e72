"""How good a list of suggestions is."""

import numpy as np


def precision_at_k(suggested, liked, k: int = 10) -> float:
    """Return the share of the first *k* suggestions, or of all if fewer, that were liked."""
    return len(set(suggested[:k]) & set(liked)) / min(k, len(suggested))


def ndcg_at_k(suggested, liked, k: int = 10) -> float:
    """Return the discounted gain of the first *k* suggestions, 1 for the best possible order."""
    liked = set(liked)
    gains = np.array([film in liked for film in suggested[:k]], dtype=float)
    discounts = 1 / np.log2(np.arange(2, len(gains) + 2))
    best = discounts[: min(len(liked), len(gains))].sum()
    return float((gains * discounts).sum() / best) if best else 0.0
