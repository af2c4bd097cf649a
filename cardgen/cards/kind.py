"""Whether a file is a model card or a run file."""

from __future__ import annotations

import re


def is_card(name: str, content: bytes) -> bool:
    """Return whether a file is a card: by its name, or by front matter with Markdown after it.

    >>> is_card("README.md", b""), is_card("x", b"---\\nlicense: mit\\n---\\n# A model\\n"), is_card("run.yaml", b"cardgen: 1")
    (True, True, False)
    """
    if name.casefold().endswith((".md", ".markdown")):
        return True
    if name.casefold().endswith((".yaml", ".yml", ".json")):
        return False
    from cardgen.cards.front_matter import HUB

    matter = HUB.match(content[:1_000_000].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    rest = content[len(matter[0].encode()) :] if matter else b""
    return matter is not None and bool(rest.strip()) and re.search(r"^cardgen\s*:", matter[2], re.MULTILINE) is None
