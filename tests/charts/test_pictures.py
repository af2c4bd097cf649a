"""What each picture tells, and when it is left out."""

import pytest
from chart_documents import activity, document, entry, figure

from cardgen.charts import draw
from cardgen.charts.chart import Crossing


def rows(chart):
    return [(row.group, row.label, row.words) for panel in chart.panels for row in panel.rows]


def test_energy_is_shown_by_component_within_each_phase():
    chart = draw(document())["energy-by-component"]
    assert chart.title == "Pretraining used 95 % of the 23 MWh"
    assert rows(chart) == [
        ("Pretraining", "accelerators", "17.9 MWh"), ("", "host", "1.96 MWh"), ("", "facility overhead", "1.96 MWh"),
        ("Fine-tuning", "accelerators", "992 kWh"), ("", "host", "109 kWh"), ("", "facility overhead", "109 kWh"),
    ]  # fmt: skip
    assert "boundary: accelerators, host, facility overhead" in chart.subtitle and chart.subtitle.startswith("Energy without inference in ")


def test_one_phase_tells_which_component_used_the_most():
    assert draw(document(activity("Training", 100.0)))["energy-by-component"].title == "Accelerators used 82 % of the 100 kWh"


def test_energy_of_many_phases_is_shown_by_phase_and_by_component():
    chart = draw(document(*(activity(f"Run {i}", 10.0 + i) for i in range(9))))["energy-by-component"]
    assert [(panel.heading, len(panel.rows)) for panel in chart.panels] == [("By phase", 7), ("By component", 3)]
    assert chart.panels[0].axis == chart.panels[1].axis
    assert len(chart.rows) == 27


def test_a_phase_without_energy_is_said_to_be_not_reported():
    chart = draw(document(activity("Training", 100.0), activity("Data", None)))["energy-by-component"]
    assert ("Data", "energy", "not reported") in rows(chart)
    assert chart.title == "Training used all of the 100 kWh reported"


def test_inference_is_not_part_of_the_totals():
    serving = activity("Serving", 1e6, "inference", location=1e6)
    assert not [row for chart in draw(document(activity("Training", 9.0, location=3.0, embodied=1.0), serving)).values()
                for row in chart.rows if "Serving" in row]  # fmt: skip


def test_a_single_bar_is_no_picture():
    lone = {**activity("Training", 100.0, location=30.0), "energy_by_component": {"facility": figure(100.0)}}
    assert not {"energy-by-component", "emissions-by-phase"} & set(draw(document(lone)))


def test_emissions_are_shown_by_phase_and_method_and_never_netted():
    chart = draw(document())["emissions-by-phase"]
    assert chart.title == "Pretraining caused 95 % of the 6.16 t CO₂e, location-based"
    assert rows(chart) == [
        ("Pretraining", "location-based", "5.84 t CO₂e"), ("", "market-based", "261 kg CO₂e"), ("", "embodied", "1.21 t CO₂e"),
        ("Fine-tuning", "location-based", "324 kg CO₂e"), ("", "market-based", "14.5 kg CO₂e"),
    ]  # fmt: skip
    assert chart.note == "Offsets of 3 t CO₂e are stated apart and not subtracted."
    assert "embodied is making the hardware" in chart.subtitle


def test_a_value_has_the_same_unit_in_picture_table_and_text():
    made = document(activity("a", 9e6, location=8.95e6, embodied=492e3), activity("b", 9e5, location=4e5))
    made["totals"]["emissions"] = {"embodied": figure(492e3, "kgCO2e")}
    chart = draw(made)["emissions-by-phase"]
    assert [words for *_, words in rows(chart)] == ["8.95 kt CO₂e", "492 t CO₂e", "0.4 kt CO₂e"]
    assert [row[2] for row in chart.rows] == ["8.95 kt CO₂e", "492 t CO₂e", "0.4 kt CO₂e"]
    assert chart.subtitle.startswith("Emissions in kt CO₂e")


def test_components_are_said_in_the_unit_of_the_total():
    chart = draw(document(activity("Training", 1100.0)))["energy-by-component"]
    assert [words for *_, words in rows(chart)] == [row[2] for row in chart.rows] == ["0.902 MWh", "0.099 MWh", "0.099 MWh"]


def test_emissions_without_embodied_say_so():
    chart = draw(document(activity("a", 9.0, location=9.0), activity("b", 9.0, location=8.0)))["emissions-by-phase"]
    assert "making the hardware is not included" in chart.subtitle and chart.note == ""


def test_this_model_is_a_diamond_among_at_most_six_others():
    others = [entry(f"Model {i}", 10.0**i) for i in range(10)]
    chart = draw(document(comparison=[entry("Pond", 5e3, "measured", own=True), *others]))["model-comparison"]
    shown = chart.panels[0].rows
    assert [row.label for row in shown] == ["Model 0", "Model 2", "Model 3", "Pond", "Model 4", "Model 5", "Model 9"]
    assert [row.shape for row in shown] == ["dot", "dot", "dot", "diamond", "dot", "dot", "dot"]
    assert chart.title == "Pond used 5 MWh, more than Model 3 and less than Model 4"
    assert "log scale, each line is ten times the one before" in chart.subtitle


@pytest.mark.parametrize(
    ("own", "title"),
    [
        (1.0, "Pond used 1 kWh, less than A and all others shown"),
        (9e9, "Pond used 9 TWh, more than B and all others shown"),
    ],
)
def test_the_smallest_and_the_largest_are_said_to_be_so(own, title):
    entries = [entry("Pond", own, own=True), entry("A", 10.0), entry("B", 1e6), entry("unknown", None)]
    assert draw(document(comparison=entries))["model-comparison"].title == title


def test_the_comparison_names_developer_and_citation_and_whose_the_intervals_are():
    chart = draw(document())["model-comparison"]
    assert chart.columns[-3:] == ("Developer", "Year", "Source")
    assert ("OpenAI", "2020", "gpt-3-2023") in [row[-3:] for row in chart.rows]
    assert "the intervals of published figures are cardgen's, by their kind of evidence" in chart.subtitle
    entries = [entry("Pond", 5.0, own=True), entry("A", 9.0, source="Strubell et al. 2019, arXiv 1906.02243, Table 3")]
    assert draw(document(comparison=entries))["model-comparison"].source == (
        "Source: run file; Strubell et al. 2019, arXiv 1906.02243, Table 3."
    )


def test_emissions_are_compared_where_more_models_report_them():
    co2 = {"value": 10.0, "low": None, "high": None, "unit": "kgCO2e"}
    entries = [entry("Pond", None, own=True, emissions=co2), entry("A", 5.0, emissions={**co2, "value": 70.0})]
    assert draw(document(comparison=entries))["model-comparison"].title == "Pond caused 10 kg CO₂e, less than A"


@pytest.mark.parametrize("entries", [[], [entry("Pond", 5.0, own=True)], [entry("A", 5.0), entry("B", 6.0)]])
def test_without_this_model_and_another_there_is_no_comparison(entries):
    assert "model-comparison" not in draw(document(comparison=entries))


def test_inference_crosses_training_in_the_middle():
    chart = draw(document())["break-even"]
    assert chart.title == "Inference equals training after about 54.7 million requests, 27.4 days"
    (plot,) = chart.panels
    assert isinstance(plot, Crossing) and plot.across.end == 2 * plot.at and plot.up.end == 2 * plot.level
    assert plot.slow < plot.level / plot.at < plot.fast
    assert [label for _, label in plot.across.ticks] == ["0", "20 days", "40 days"]
    assert plot.crossing_label.endswith("27.4 days (19.2 to 35.6 days)")


def test_the_mean_of_several_services_is_called_so():
    inference = {**document()["inference"], "services": [{"name": "a"}, {"name": "b"}]}
    chart = draw(document(inference=inference))["break-even"]
    assert "; the mean of all requests throughout;" in chart.subtitle
    assert "per request, mean of all requests, inference" in chart.description
    assert chart.rows[1][0] == "Energy per request, mean of all requests"


def test_without_requests_per_day_the_crossing_stands_over_requests():
    inference = {**document()["inference"], "days_to_match_training": None}
    chart = draw(document(inference=inference))["break-even"]
    assert chart.title == "Inference equals training after about 54.7 million requests"
    assert [label for _, label in chart.panels[0].across.ticks] == ["0", "25 million", "50 million", "75 million", "100 million"]


@pytest.mark.parametrize(("days", "words"), [(0.5, "12 hours"), (2.0, "48 hours"), (27.0, "27 days"), (3650.0, "10 years")])
def test_time_is_told_in_the_unit_that_it_is_thought_in(days, words):
    inference = {**document()["inference"], "days_to_match_training": figure(days, "d")}
    assert draw(document(inference=inference))["break-even"].title.endswith(f", {words}")


@pytest.mark.parametrize("gap", ["per_request", "requests_to_match_training"])
def test_without_inference_there_is_no_crossing(gap):
    assert "break-even" not in draw(document(inference={**document()["inference"], gap: None}))
    assert "break-even" not in draw(document(inference=None))


def test_power_and_price_are_shown_with_their_shares():
    chart = draw(document())["cost-and-power"]
    assert chart.title == "GPUs: 81 % of the power and 88 % of the price"
    assert [panel.heading for panel in chart.panels] == ["Power, 31.6 kW in total", "Price, 730,000 USD in total"]
    assert rows(chart)[0] == ("", "GPUs, 81 %", "25.6 kW") and rows(chart)[-1] == ("", "Network", "not reported")


def test_prices_in_another_currency_are_not_mixed():
    parts = [{"name": n, "power": None, "price": figure(9.0, unit)} for n, unit in (("a", "EUR"), ("b", "EUR"), ("c", "USD"))]
    chart = draw(document(infrastructure=parts))["cost-and-power"]
    assert chart.note == "Prices in USD are not converted and not shown."
    assert [panel.heading for panel in chart.panels] == ["Price, 18 EUR in total"]


def test_the_life_of_components_is_told_in_years():
    parts = [
        {**part, "lifetime": figure(hours, "h", spread=0)} for part, hours in zip(document()["infrastructure"], (35040.0, 131400.0, 720.0))
    ]
    chart = draw(document(infrastructure=parts))["cost-and-power"]
    assert [row[3] for row in chart.rows] == ["4 years", "15 years", "30 days"]


def test_one_component_is_no_picture():
    assert "cost-and-power" not in draw(document(infrastructure=document()["infrastructure"][:1]))
