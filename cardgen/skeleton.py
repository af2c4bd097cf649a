"""A commented run file to fill in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from cardgen.problems import plain

# What `init` asks for: the question and an example, which stands in the file where no answer is given.
QUESTIONS = {
    "name": ("Name of the model", "My model 7B"),
    "hardware": ("Accelerator or CPU (cardgen factors list hardware)", "A100-SXM4-80GB"),
    "count": ("Number of devices", "8"),
    "duration": ("Wall-clock time of the training, with unit", "36 h"),
    "country": ("Country of the data centre, three letters of ISO 3166", "USA"),
}

_TEMPLATE = """\
cardgen: 1                              # format version
model:
  name: {name}
  # id: organisation/my-model           # Hub repository id
  # version: "1.0"
  # released: 2026-03-01
  # organization: My organisation
  # parameters: 7e9
activities:                             # one entry for each phase of the life cycle; add as many as there were
  - phase: pretraining                  # data-preparation, experimentation, pretraining, fine-tuning, evaluation, inference, other
    # start: 2026-01-10
    # end: 2026-01-12
    hardware:
      - type: {hardware}
        count: {count}
        duration: {duration}                   # wall-clock time; or device_hours, the total over all devices
        # power: 310 W                  # mean power of a device, if you know it; the table's rated power otherwise
        # utilization: 0.85             # mean power as a share of the rated power
        # embodied: 462 kgCO2e          # making one device with its share of the server
        # lifetime: 4 y                 # service life of a device
    # energy:                           # measured energy is the strongest evidence; uncomment it if you have it
    #   value: 17.8 MWh                 # an uncertainty may follow: 17.8 MWh ± 5%
    #   boundary: accelerators          # accelerators, node, it, facility
    #   method: codecarbon 3.2.1
    facility:
      country: {country}                      # or provider and region, as in provider: gcp, region: europe-west4
      # kind: colocation                # hyperscale, colocation, supercomputer, enterprise, office: where the PUE is not known
      # pue: 1.10                       # the region's, the fleet's, the kind's or the industry's average otherwise
      # wue: 0.2 L/kWh
    # grid:
    #   location: 268 gCO2e/kWh         # the table's value for place and year otherwise
    #   market: 12 gCO2e/kWh            # after contractual instruments
    #   instruments: power purchase agreement, 2026
    #   offsets: 3 tCO2e                # stated apart, never subtracted
    #   water: 1.8 L/kWh                # used to generate the electricity
    # cost:
    #   electricity: 0.11 EUR/kWh
    #   device_hour: 1.90 USD
    # practices: [mixed-precision, early-stopping]
    # note: Free text
  # - phase: inference
  #   requests:
  #     energy: 0.42 Wh                 # per request; or per_1000: 420 Wh; or repeats: [0.41 Wh, 0.43 Wh]
  #     task: text-generation
  #     per_day: 2.0e6
  #     period: 365 d
# reported:                             # what a publication says; a contradiction is reported
#   energy: 21.8 MWh
#   emissions: 5.8 tCO2e
#   source: https://example.org/paper
"""


def skeleton(answers: Mapping[str, str]) -> str:
    """Return a commented run file with the answers, and with an example where there is none."""
    values = {key: answers.get(key) or example for key, (_, example) in QUESTIONS.items()}
    return _TEMPLATE.format(**{key: value if key == "count" else scalar(value) for key, value in values.items()})


_COLUMN = 48  # where comments begin


def line(text: str, comment: str = "") -> str:
    """Return a line of a run file with a comment, all comments in one column.

    >>> line("cardgen: 1", "format version")
    'cardgen: 1                                      # format version'
    """
    return f"{text.ljust(_COLUMN - 1)} # {plain(comment)}" if comment else text


def digits(number: float) -> str:
    """Return a number without an exponent and without zeros at its end.

    >>> digits(0.000012), digits(140.0)
    ('0.000012', '140')
    """
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def scalar(text: str) -> str:
    """Return a text as a YAML scalar, quoted unless it is made of harmless characters alone."""
    harmless = text[:1].isalpha() and all(character.isalnum() or character in " .-/" for character in text)
    number = text[:1].isdigit() and " " in text and all(character.isalnum() or character in " ." for character in text)
    reserved = text.casefold() in ("yes", "no", "on", "off", "y", "n", "true", "false", "null")
    return text if (harmless or number) and not reserved and text.strip() == text else json.dumps(text, ensure_ascii=False)
