import colorsys
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SettingsError
from workbench.reporting.brand import MAX_LOGO, SURFACES, Brand, contrast, read_brand
from workbench.reporting.gate import check_report
from workbench.reporting.html import render_html, template_source

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/>{}</svg>'
COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def write(folder, text="name: Acme\ncolour: '#1f5f8f'\n", logo=None):
    if logo is not None:
        (folder / "logo").write_bytes(logo)
        text += "logo: logo\n"
    (folder / "brand.yaml").write_text(text)
    return folder / "brand.yaml"


def test_a_brand_is_read_with_its_logo(tmp_path):
    brand = read_brand(write(tmp_path, logo=PNG))
    assert (brand.name, brand.colour) == ("Acme", "#1f5f8f")
    assert brand.logo.startswith("data:image/png;base64,")


def test_every_fault_of_a_brand_is_told(tmp_path):
    with pytest.raises(SettingsError) as fault:
        read_brand(write(tmp_path, "name: ''\ncolour: blue\nfont: Arial\nlogo: none.png\n"))
    told = [line.split(":")[0] for line in fault.value.faults]
    assert told == ["font", "name", "colour", "logo"]
    assert fault.value.exit_code == 2


@pytest.mark.parametrize("text", ["- a\n", "a: [", "\x00"])
def test_what_is_no_brand_is_told(tmp_path, text):
    with pytest.raises(SettingsError):
        read_brand(write(tmp_path, text))


@pytest.mark.parametrize(
    ("logo", "told"),
    [
        (PNG + b"\0" * MAX_LOGO + PNG, "at most"),
        (PNG[:-9], "broken off"),
        (b"GIF89a", "PNG, JPEG or SVG"),
        (b"<html></html>", "PNG, JPEG or SVG"),
        (SVG.format("<script>1</script>").encode(), "<script>"),
        (SVG.format('<g onclick="x"/>').encode(), "runs onclick"),
        (SVG.format('<image href="https://example.org/x.png"/>').encode(), "asks for"),
        (SVG.format("<style>@import 'x.css'</style>").encode(), "asks for"),
        (SVG.format('<g style="fill: url(x.svg#a)"/>').encode(), "asks for"),
        (b'<?xml-stylesheet href="x.css"?>' + SVG.encode(), "style sheet"),
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG.encode(), "entities"),
    ],
)
def test_a_logo_that_may_not_be_mailed_is_refused(tmp_path, logo, told):
    with pytest.raises(SettingsError, match=told):
        read_brand(write(tmp_path, logo=logo))


def test_a_drawing_may_refer_to_itself(tmp_path):
    inner = '<use href="#a"/><g fill="url(#b)"/>'
    logo = read_brand(write(tmp_path, logo=SVG.format(inner).encode())).logo
    assert logo.startswith("data:image/svg+xml;base64,")


@given(COLOURS)
def test_the_shade_for_text_can_always_be_read(colour):
    brand = Brand(name="x", colour=colour)
    for shades, least in ((brand.text, 4.5), (brand.marks, 3)):
        for shade, papers in zip(shades, SURFACES.values(), strict=True):
            assert min(contrast(shade, paper) for paper in papers) >= least


def test_a_colour_that_is_strong_enough_stays():
    assert Brand(name="x", colour="#1f5f8f").text[0] == "#1f5f8f"
    assert Brand(name="x", colour="#888888").marks == ("#888888", "#888888")


def test_a_weak_colour_keeps_its_hue_and_is_told():
    brand = Brand(name="x", colour="#ffd500")
    hues = [
        colorsys.rgb_to_hls(*(int(c[n : n + 2], 16) for n in (1, 3, 5)))[0]
        for c in (brand.colour, brand.text[0])
    ]
    assert hues[0] == pytest.approx(hues[1], abs=0.01)
    assert [line for line in brand.adjusted if "light paper and text needs 4.5:1" in line]


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_papers_are_those_of_the_style():
    found = re.findall(r"--paper: (#\w{6}); --sheet: (#\w{6})", template_source("report.css"))
    assert found == [*SURFACES.values()]


@pytest.fixture
def executed(tmp_path):
    import nbformat

    finding = '<div class="finding"><p>Fine.</p></div>'
    shown = nbformat.v4.new_output("display_data", {"text/html": finding, "text/plain": "Fine."})
    printed = nbformat.v4.new_output("stream", name="stdout", text="1 < 2\n\n\x1b[31mproof\x1b[0m")
    parameters = nbformat.v4.new_code_cell('data_dir = "/secret/acme"', execution_count=1)
    parameters.metadata.tags = ["injected-parameters"]
    cells = [
        nbformat.v4.new_markdown_cell("# Title"),
        parameters,
        nbformat.v4.new_markdown_cell("## The answer"),
        nbformat.v4.new_code_cell("a\n\n\nb", execution_count=2, outputs=[shown, printed]),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "executed.ipynb")
    return tmp_path / "executed.ipynb"


def test_a_branded_report_passes_and_wears_it(executed, tmp_path):
    brand = read_brand(write(tmp_path, "name: A & <B>\ncolour: '#ffd500'\n", logo=PNG))
    html = render_html(executed, title="x", brand=brand)
    assert check_report(html) == []
    assert f'alt="A &amp; &lt;B&gt;" class="logo" src="{brand.logo}"' in html
    assert f"--accent: {brand.text[0]}; --mark: {brand.marks[0]}" in html


def test_a_client_edition_shows_no_code(executed):
    html = render_html(executed, title="x")
    assert check_report(html) == []
    assert "<details" not in html
    assert "proof" not in html


def test_an_analyst_edition_shows_code_and_what_it_printed(executed):
    html = render_html(executed, title="x", code=True)
    assert check_report(html) == []
    assert "Analyst edition: with code, not for sharing" in html
    assert "a\n<br/><br/>b" in html
    assert "1 &lt; 2\n<br/>proof" in html
    assert 'data_dir = ".../acme"' in html


def test_code_without_its_mark_is_refused(executed):
    html = render_html(executed, title="x", code=True).replace('class="edition"', "")
    assert any("analyst edition" in fault for fault in check_report(html))


def test_a_section_of_code_alone_is_empty(executed):
    html = render_html(executed, title="x", code=True).replace("Fine.", "")
    assert any("is empty" in fault for fault in check_report(html))
