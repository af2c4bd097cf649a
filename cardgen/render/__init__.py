"""The assessment's JSON as text for people: ``section`` is Markdown for a card, ``fragment`` and ``report`` are HTML.

All three are pure. What a figure is called and how a sentence runs stands in ``words`` and ``method``; the order on the page
stands in the templates; ``text`` makes sure that nothing a user wrote becomes markup.
"""

from __future__ import annotations

from cardgen.render.markdown import fragment, section
from cardgen.render.page import report

__all__ = ["fragment", "report", "section"]
