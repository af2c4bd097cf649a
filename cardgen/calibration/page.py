"""The page on calibration: cases, intervals, verdicts and the evidence behind the defaults."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from cardgen.calibration.plot import chart
from cardgen.calibration.priors import Observation, fitted, is_fitted, observations, overhead
from cardgen.calibration.trials import Trial, trials
from cardgen.charts import Chart, svg
from cardgen.core.factors import Factors
from cardgen.core.figure import stated
from cardgen.core.place import overhead as overhead_of
from cardgen.core.tables import Row
from cardgen.numbers import digits, interval, percent, quantity

COMMAND = "cardgen calibrate -o docs"
TITLES = {"device-hours": "From device-hours", "compute": "From FLOPs"}
GIVEN = {
    "device-hours": "the device, how many there were and their device-hours",
    "compute": "the device, how many there were and the FLOPs, or parameters and tokens",
}
BOUNDARIES = {
    "accelerators": "accelerators", "node": "whole nodes", "facility": "facility, PUE included",
}  # fmt: skip


INTRODUCTION = f"""\
Where a run file states neither energy nor power, cardgen estimates. This page tries the estimates against energy that
others measured and published. An estimate is given no more than the device, the number of devices, the device-hours (or
the FLOPs), what the job was, its year, and the provider where it is known; rated power, utilisation, the host's share and
the PUE are cardgen's. What a meter on the GPUs says is held against the accelerators alone, what a meter on the nodes
says against the IT energy, and what includes the PUE against the facility's energy. Inference is not tried.

No organisation judges itself: each case is estimated with defaults that were worked out anew without anything that its
own organisation had a part in, and at an unnamed site where the organisation owns the site. Only the rated power of the
parts that it makes remains. Nothing is fitted to single cases.

This page is made by `{COMMAND}` from the tables of cardgen; a test holds it current."""
DEFAULTS = """\
A default is the geometric mean over organisations, of which each counts once however much it published; those that
worked on one publication count as one. Its spread is that of all observations around the mean, each organisation again
counting once. Few organisations hardly show how organisations differ: one more, as spread as those of the related
defaults are on average, counts with them. For accelerators other than GPUs there are no observations: those of GPUs in
training, large jobs and small, stand in. The table `uncertainty` holds the rounded numbers; a test holds the two
together.

Of a PUE the spread is that of its overhead, PUE − 1, in so far as its interval stays above 1."""
LIMITS = """\
- Published runs went well: jobs that wait for data, fail or idle are rarely measured, and use less power than the
  defaults say.
- For TPUs only Google has published power; cross-validated, a TPU is estimated as an accelerator of which no more than
  the rating is known.
- Large runs were measured by few organisations, all on NVIDIA GPUs; no published meter on AMD, Intel or AWS accelerators
  was found.
- No operator has published what its GPUs draw when they serve real traffic: that default rests on benchmarks of one
  laboratory, at small and large batches.
- The PUE of a kind of site is published by operators, and no measured training names its kind alone: it is not tried.
- FLOPs as 6 × parameters × tokens leave out attention, restarts and data that is seen twice.
- Publications carry errors of their own: software trackers that estimate processors and memory, rounded hours, ratings of
  unclear variants. "How" says what was measured.
- The runs of OLMo's development are there in full and by size: five rows, one meter."""
HOW = {
    "metered": "meter", "CodeCarbon": "software tracker", "GPU only": "sensors of the GPUs", "measured_system": "mean power × hours",
}  # fmt: skip


def files(factors: Factors) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of the page and its plots. Same tables, same bytes."""
    cross = {kind: trials(kind, factors) for kind in TITLES}
    plots = {kind: _plot(kind, cross[kind]) for kind in TITLES}
    yield "calibration.md", page(factors, cross, plots).encode()
    for plot in plots.values():
        yield f"{plot.name}.svg", svg(plot).encode()


def summary(factors: Factors) -> str:
    """Return one line for each kind of estimate: how many measurements its interval holds, and how wide it is."""
    lines = []
    for kind, title in TITLES.items():
        tried = trials(kind, factors)
        lines.append(f"{title}: {_held(tried)}; {_widths(tried)} (each judged without its own organisation's evidence)")
    return "\n".join(lines) + "\n"


def page(factors: Factors, cross: dict[str, list[Trial]], plots: dict[str, Chart]) -> str:
    """Return the page in Markdown."""
    evidence = observations(factors)
    return "\n".join(
        [
            "# Calibration", "", INTRODUCTION, "", *_results(factors, cross), "",
            *(line for kind in TITLES for line in _cases(kind, cross[kind], plots[kind])),
            *_priors(factors, evidence), "", *_evidence(factors, evidence), "## What this does not show", "", LIMITS, "",
        ]
    )  # fmt: skip


def _results(factors: Factors, cross: dict[str, list[Trial]]) -> list[str]:
    lines = [
        "## Result",
        "",
        "| Estimate | Priors | Measurements held by the 90 % interval | Upper end ÷ lower end, median |",
        "|:--|:--|--:|--:|",
    ]
    for kind, title in TITLES.items():
        for words, tried in (("cross-validated", cross[kind]), ("in use", trials(kind, factors, cross_validated=False))):
            held = sum(trial.holds for trial in tried)
            lines.append(f"| {title} | {words} | {held} of {len(tried)} ({percent(held / len(tried))}) | {digits(_median(tried))} |")
    return lines


def _cases(kind: str, tried: Sequence[Trial], plot: Chart) -> Iterator[str]:
    yield from (f"## {TITLES[kind]}", "", f"Given: {GIVEN[kind]}.", "", f"![{plot.description}]({plot.name}.svg)", "")
    yield "| Case | Published by | Measured | How | Estimate (90 % interval) | Measured ÷ estimate | Boundary | Held |"
    yield "|:--|:--|--:|:--|--:|--:|:--|:--|"
    for trial in sorted(tried, key=lambda t: (t.row["organisation"], t.row["id"])):
        row, estimate = trial.row, trial.estimate
        span = interval(estimate.low, estimate.high, estimate.value, "kWh")
        yield (
            f"| {_cell(row['system'])} | {_cell(row['organisation'])}, {row['year']} | {quantity(trial.measured, 'kWh')} "
            f"| {_how(row)} | {quantity(estimate.value, 'kWh')} ({span}) | {digits(trial.ratio)} | {BOUNDARIES[trial.boundary]} "
            f"| {'yes' if trial.holds else '**no**'} |"
        )
    yield ""
    yield "Sources: " + "; ".join(sorted({_cell(trial.row["source"]) for trial in tried})) + "."
    yield ""


def _priors(factors: Factors, evidence: list[Observation]) -> list[str]:
    lines = [
        "## The defaults", "", DEFAULTS, "",
        "| Default | Value | 90 % of cases | Observations | Organisations |", "|:--|--:|--:|--:|--:|",
    ]  # fmt: skip
    for row in factors.table("uncertainty"):
        if is_fitted(row["id"], evidence):
            prior, base = fitted(evidence, row["id"]), overhead(row["id"])
            figure = stated(base + prior.value, "1", row["id"], sigma=math.log(prior.gsd))
            figure = overhead_of(figure) if base else figure
            value, low, high = (digits(number, 2 + base) for number in (figure.value, figure.low, figure.high))
            what = f"{_cell(row['what'].partition(';')[0])} (`{row['id']}`)"
            lines.append(f"| {what} | {value} | {low} to {high} | {prior.observations} | {prior.organisations} |")
    return [*lines, "", *_from_memory(factors)]


def _from_memory(factors: Factors) -> list[str]:
    """Return the defaults and spreads that no document was read for."""
    rows = [row for row in factors.table("uncertainty") if not row.verified]
    names = ", ".join(f"`{row['id']}`" for row in rows)
    return [f"No document was read for these, and the card says so where it uses one as a value: {names}.", ""]


def _evidence(factors: Factors, evidence: list[Observation]) -> Iterator[str]:
    yield from (
        "## The evidence",
        "",
        "Each observation as a share, or as a PUE; GPU shares of node meters have the host's share taken out.",
        "",
    )
    for row in factors.table("uncertainty"):
        found = sorted((o for o in evidence if o.prior == row["id"]), key=lambda o: (o.organisation, o.value, o.what))
        if not found:
            continue
        yield from ("<details>", f"<summary><code>{row['id']}</code>: {len(found)} observations</summary>", "")
        yield from ("| Published by | What | Value | Source |", "|:--|:--|--:|:--|")
        for o in found:
            value = digits(o.value + overhead(o.prior))
            yield f"| {_cell(o.organisation)} | {_cell(o.what)} | {value} | {_cell(_source(factors, o.source))} |"
        yield from ("", "</details>", "")


def _plot(kind: str, tried: Sequence[Trial]) -> Chart:
    subtitle = (
        f"Measured ÷ estimated energy, {TITLES[kind][0].lower()}{TITLES[kind][1:]} alone; log scale; "
        "bars are 90 % intervals, each case judged without its own organisation's evidence; hollow lies outside."
    )
    return chart(f"calibration-{kind}", f"{TITLES[kind]}, the intervals hold {_held(tried)}", subtitle, tried)


def _held(tried: Sequence[Trial]) -> str:
    return f"{sum(trial.holds for trial in tried)} of {len(tried)} measurements"


def _widths(tried: Sequence[Trial]) -> str:
    return f"median ratio of the interval's ends {digits(_median(tried))}"


def _how(row: Row) -> str:
    """Return how an energy was measured."""
    return next((words for part, words in HOW.items() if part in f"{row['energy_basis']} {row['power_basis']}"), "not said")


def _median(tried: Sequence[Trial]) -> float:
    return statistics.median(trial.width for trial in tried)


def _source(factors: Factors, source: str) -> str:
    """Return a citation; the ids of sources become their titles."""
    rows = [(part, factors.source(part)) for part in source.split(";")] if " " not in source else [(source, None)]
    return "; ".join(", ".join(row[key] for key in ("publisher", "title", "year") if row[key]) if row else part for part, row in rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
