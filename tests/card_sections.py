"""What the tests of cards share: a section, emissions, real cards where they are, and what an edit has changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cardgen.cards.edit import CardError, Edit, update

FOLDER = Path(__file__).parents[2] / "shared" / "fixtures" / "model-cards" / "cards"
EMISSIONS = {
    "emissions": 5800000.5, "source": "cardgen, https://example.org/run: 1", "training_type": "pre-training",
    "geographical_location": "Netherlands (NLD)", "hardware_used": '64 × "A100"',
}  # fmt: skip
REGION = re.compile(rb"[ ]*<!-- cardgen:begin run=.*?<!-- cardgen:end -->", re.DOTALL)
BLOCK = re.compile(rb"co2_eq_emissions:[^\r\n]*(?:(?:\r\n|\r|\n) +[^\r\n]*)*(?:\r\n|\r|\n)")


def section(heading: str | None, level: int) -> str:
    """Return a section as cardgen writes it: a heading or none, a sentence, a table, a picture, something folded."""
    above = f"{'#' * level} {heading}\n\n" if heading else ""
    table = "| Phase | Energy (MWh) |\n|:--|--:|\n| Pre-training | 152 |\n\n![152 MWh.](environment/a.svg)\n"
    return f"{above}**8.5 t** (6.6 to 10.6).\n\n{table}\n<details>\n<summary>Method</summary>\n\n1. Text\n\n</details>\n"


def updated(card: bytes | str, **more: Any) -> str:
    """Return the card after an update without emissions, as text."""
    return edited(card, **{"emissions": None, **more}).content.decode()


def edited(card: bytes | str, **more: Any) -> Edit:
    content = card.encode() if isinstance(card, str) else card
    return update(content, **{"run": "run.yaml", "section": lambda heading, level: section(heading, level), "emissions": EMISSIONS, **more})


def refusals(card: bytes | str, **more: Any) -> list[tuple[str, int, int]]:
    """Return code, line and column of what an update refuses; none where it edits."""
    try:
        edited(card, **more)
    except CardError as error:
        assert all(problem.hint and problem.message for problem in error.problems)
        return [(problem.code, problem.line, problem.column) for problem in error.problems]
    return []


def outline(card: str) -> list[str]:
    """Return the lines of a card that are not blank, with "SECTION" for what stands between the markers."""
    text = REGION.sub(b"SECTION", card.encode()).decode()
    return [line for line in text.splitlines() if line.strip()]
