import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from workbench import formats

FRACTIONS = st.floats(0, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [(950, "950"), (12_500, "12.5k"), (999_600, "1M"), (2_400_000_000, "2.4B"), (0, "0")],
)
def test_short_count(value, text):
    assert formats.short_count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0234, "2.3%"),
        (0.00312, "0.31%"),
        (0.4, "40%"),
        (1.91, "191%"),
        (0, "0%"),
        (None, "no data"),
    ],
)
def test_percent(value, text):
    assert formats.percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1st"),
        (2, "2nd"),
        (11, "11th"),
        (13, "13th"),
        (22, "22nd"),
        (93, "93rd"),
        (99.7, "over 99th"),
        (0.1, "under 1st"),
    ],
)
def test_ordinal(value, text):
    assert formats.ordinal(value) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "no posts"), (1, "1 post"), (1204, "1,204 posts")]
)
def test_plural(amount, text):
    assert formats.plural(amount, "post") == text


@given(st.lists(FRACTIONS, min_size=3, max_size=3))
def test_an_interval_carries_its_raw_numbers(values):
    low, middle, high = sorted(values)
    text = formats.interval(middle, low, high, unit="percent", confidence=0.9)
    mark = BeautifulSoup(text, "html.parser").span
    assert float(mark["data-low"]) <= float(mark["data-high"])


@pytest.mark.parametrize("range_", [(0.3, 0.4), (float("nan"), 1), (0, float("inf"))])
def test_an_estimate_without_a_range_that_holds_it_is_refused(range_):
    with pytest.raises(ValueError, match="range"):
        formats.interval(0.2, *range_, unit="percent", confidence=0.9)


@given(st.text(max_size=40))
def test_imported_text_is_shown_as_it_is(text):
    import mistune

    shown = BeautifulSoup(mistune.html(formats.literal(text)), "html.parser").get_text()
    assert shown.split() == text.split() or not text.isprintable()
