"""The calibration plot: each measured case beside the interval of its estimate."""

from __future__ import annotations

from collections.abc import Sequence

from cardgen.calibration.trials import Trial
from cardgen.charts.chart import Axis, Chart, Row, Strip
from cardgen.numbers import digits, round_to

KINDS = {"cluster": "16 or more GPUs", "server": "2 to 15 GPUs", "single": "one GPU", "other": "TPUs"}
TICKS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


def chart(name: str, title: str, subtitle: str, trials: Sequence[Trial]) -> Chart:
    """Return the plot of some trials: measured ÷ estimated energy of each, in the interval of the estimate."""
    ends = [end for t in trials for end in (t.ratio, 1 / t.ratio, t.width**0.5)]
    reach = next(tick for tick in TICKS if tick > 1 and (tick >= max(ends) or tick == TICKS[-1]))
    ticks = tuple((tick, digits(tick)) for tick in TICKS if 1 / reach <= tick <= reach)
    ordered = sorted(trials, key=lambda trial: (list(KINDS).index(trial.kind), trial.ratio, trial.row["id"]))
    numbers = {trial.row["id"]: str(number) for number, trial in enumerate((t for t in ordered if not t.holds), 1)}
    groups = []
    for kind, words in KINDS.items():
        rows = tuple(_row(trial, numbers.get(trial.row["id"], "")) for trial in ordered if trial.kind == kind)
        groups += [(words, rows)] if rows else []
    outside = "; ".join(f"{numbers[trial.row['id']]} {trial.row['system']}" for trial in ordered if not trial.holds)
    strip = Strip(Axis(1 / reach, reach, ticks, log=True), 1.0, tuple(groups))
    note = f"Outside their intervals: {outside}." if outside else "None lies outside its interval."
    return Chart(name, title, subtitle, "Source: the publications that the table below names.", f"{title}. {note}", (strip,), note=note)


def _row(trial: Trial, number: str) -> Row:
    low, high = trial.estimate.low / trial.estimate.value, trial.estimate.high / trial.estimate.value
    return Row(
        trial.row["system"], number, value=round_to(trial.ratio, 6), low=round_to(low, 6), high=round_to(high, 6),
        shape="small", filled=trial.holds, colour=0 if trial.holds else 1,
    )  # fmt: skip
