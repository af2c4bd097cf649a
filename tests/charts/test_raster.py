"""The PNG, looked at by another program than the one that wrote it."""

import io
import warnings

import pytest
from chart_documents import activity, document

from cardgen.charts import draw, png

Image = pytest.importorskip("PIL.Image", reason="Pillow, which matplotlib brings along, is missing")


@pytest.mark.parametrize(("scale", "wide"), [(1, 720), (2, 1440)])
def test_a_png_is_720_pixels_wide_times_the_scale(scale, wide):
    image = Image.open(io.BytesIO(png(draw(document())["break-even"], scale)))
    assert image.width == wide and "Software" not in image.info


def test_the_margin_stays_white_and_the_marks_have_their_colours():
    image = Image.open(io.BytesIO(png(draw(document())["energy-by-component"], 1))).convert("RGB")
    colours = {image.getpixel((x, y)) for x in range(image.width) for y in range(image.height)}
    assert {(0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73)} <= colours
    assert {image.getpixel((image.width - 4, y)) for y in range(image.height)} == {(255, 255, 255)}


def test_names_that_the_font_cannot_show_give_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart = draw(document(activity("模型😀 $x^2$ \\frac", 5.0), activity("נחל‍ גדול", 4.0)))["energy-by-component"]
        assert png(chart, 1).startswith(b"\x89PNG")


def test_the_users_settings_are_as_before():
    import matplotlib

    with matplotlib.rc_context({"font.size": 33}):
        png(draw(document())["break-even"], 1)
        assert matplotlib.rcParams["font.size"] == 33
