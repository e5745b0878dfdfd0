"""Text as a vector, by feature hashing: a stand-in for an embedding model.

Words and their three-letter pieces are hashed into a fixed number of dimensions, weighed by how often they come, and the
vector is made one long. Texts that share words, or forms of the same word, come out near each other; unlike a
model's, these vectors know nothing of meaning: `ship` and `vessel` are strangers. Same text, same vector, on every machine.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b

DIMENSIONS = 1024
MODEL = "hashed-ngrams-1024"
"""Changes whenever the vectors do: what was stored under another name cannot be compared."""

_WORD = re.compile(r"[^\W_]+")
_PIECE_WEIGHT = 0.35
"""Of one three-letter piece, where a whole word counts 1."""

# Words that are in every text say nothing about any.
_COMMON = frozenset(
    "a an and are as at be but by for from has have in into is it its of on or our so than that the their them"
    " they this to was we were what when which who will with you your".split()
)


def embed(text: str) -> list[float]:
    """A vector of length 1, or of zeros for a text without a word."""
    counts: Counter[str] = Counter()
    for word in words(text):
        counts[f"w:{word}"] += 1
        for piece in pieces(word):
            counts[f"p:{piece}"] += 1
    vector = [0.0] * DIMENSIONS
    for feature, count in counts.items():
        weight = (1 + math.log(count)) * (1.0 if feature.startswith("w:") else _PIECE_WEIGHT)
        index, sign = place(feature)
        vector[index] += sign * weight
    length = math.sqrt(sum(value * value for value in vector))
    return [round(value / length, 6) for value in vector] if length else vector


def words(text: str) -> Iterator[str]:
    """Lower case, without accents, without the words that are everywhere."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    for match in _WORD.finditer(plain):
        if match[0] not in _COMMON:
            yield match[0]


def pieces(word: str) -> Iterator[str]:
    """`ship` is `^sh`, `shi`, `hip`, `ip$`: so that `ships` is not far away."""
    edged = f"^{word}$"
    for start in range(len(edged) - 2):
        yield edged[start : start + 3]


def place(feature: str) -> tuple[int, int]:
    """Where a feature counts, and with which sign: collisions then cancel out as often as they add up."""
    digest = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest())
    return digest % DIMENSIONS, 1 if digest >> 63 else -1


def literal(vector: list[float]) -> str:
    """As pgvector reads it."""
    return "[" + ",".join(f"{value:g}" for value in vector) + "]"
