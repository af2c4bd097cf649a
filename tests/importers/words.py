"""Files of words as they get damaged: a word of a line lost, doubled or moved, or a line written twice."""

from __future__ import annotations

import random
from collections.abc import Iterator


def with_damaged_words(content: bytes, most: int = 150, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield a file with one word of one line missing, doubled, or exchanged for the next one doubled."""
    lines = content.decode().splitlines()
    places = [(row, word) for row, line in enumerate(lines) for word in range(len(line.split(" ")))]
    for row, word in places if len(places) <= most else sorted(random.Random(seed).sample(places, most)):
        words = lines[row].split(" ")
        for name, changed in (
            ("missing", words[:word] + words[word + 1 :]),
            ("doubled", words[: word + 1] + words[word:]),
            ("lost, and the next doubled", words[:word] + words[word + 1 : word + 2] + words[word + 1 :]),
            ("doubled, and the next lost", words[: word + 1] + words[word : word + 1] + words[word + 2 :]),
        ):
            yield f"line {row + 1} word {word + 1} {name}", "\n".join([*lines[:row], " ".join(changed), *lines[row + 1 :], ""]).encode()


def with_lines_doubled(content: bytes, most: int = 40, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield a file with one of its lines twice."""
    lines = content.splitlines(keepends=True)
    for row in sorted(random.Random(seed).sample(range(len(lines)), min(most, len(lines)))):
        yield f"line {row + 1} twice", b"".join(lines[: row + 1] + lines[row:])
