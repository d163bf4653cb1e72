"""The ratings of the film club."""

import numpy as np
import pandas as pd

GENRES = ["comedy", "crime", "drama", "fantasy"]


def load_ratings(members: int = 120, films: int = 60, seed: int = 7) -> pd.DataFrame:
    """Return one row for each rating: member, film, genre, rating from 1 to 5, and the day."""
    random = np.random.default_rng(seed)
    taste = random.normal(size=(members, len(GENRES)))
    genre = random.integers(len(GENRES), size=films)
    quality = random.normal(scale=0.6, size=films)

    seen = random.random((members, films)) < 0.3
    member, film = np.nonzero(seen)
    liking = 3.3 + taste[member, genre[film]] * 0.8 + quality[film]
    noise = random.normal(scale=0.4, size=len(member))
    return pd.DataFrame(
        {
            "member": member,
            "film": film,
            "genre": np.array(GENRES)[genre[film]],
            "rating": np.clip(np.rint(liking + noise), 1, 5).astype(int),
            "day": pd.Timestamp("2025-01-01")
            + pd.to_timedelta(random.integers(365, size=len(member)), unit="D"),
        }
    )
