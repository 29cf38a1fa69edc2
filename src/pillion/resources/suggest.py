"""Which known word a misspelt one was meant to be."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` is a slip of: other case, `_` or `-` inside, or a letter or two astray."""
    words = tuple(known)
    plain = _plain(word)
    for candidate in words:
        if _plain(candidate) == plain:
            return candidate
    slips = max(1, len(plain) // 4) if len(plain) > 2 else 0
    near = [(edits, candidate) for candidate in words if (edits := distance(plain, _plain(candidate))) <= min(slips, 2)]
    return min(near)[1] if near else None


def distance(left: str, right: str) -> int:
    """Count the letters to insert, delete, replace or swap with their neighbour, to turn one word into the other."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _plain(word: str) -> str:
    return word.replace("_", "").replace("-", "").lower()
