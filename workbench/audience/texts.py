"""Signals of comment texts: the same words again and again, and comments without any."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAST_COMMENTS = 20
NAMES = ("comment_duplicates", "emoji_only")


def text_signals(comments: pd.DataFrame | None, keys: pd.Index) -> pd.DataFrame:
    """Measure the comments of each account; all missing without texts."""
    if comments is None or comments.empty:
        return pd.DataFrame(np.nan, index=keys, columns=list(NAMES))
    said = comments.dropna(subset="text")
    words = said["text"].str.casefold().str.replace(r"[\W_]+", " ", regex=True).str.strip()
    by = said["creator_key"]
    has_words = words.ne("")
    again = has_words & pd.DataFrame({"by": by, "words": words}).duplicated(keep=False)
    shares = pd.DataFrame({NAMES[0]: again, NAMES[1]: ~has_words}).groupby(by).mean()
    enough = by.groupby(by).size() >= LEAST_COMMENTS
    return shares.where(enough).reindex(keys)
