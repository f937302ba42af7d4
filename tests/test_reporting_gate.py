import base64

import pytest

from workbench.formats import interval
from workbench.reporting.gate import FORBIDDEN_WORDS, check_report

PICTURE = "data:image/svg+xml;base64," + "A" * 300
ALT = "A scatter plot of 20 creators"
POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
GOOD = (
    f"<html><head>{POLICY}</head><body><h1>Title</h1><main>"
    '<section aria-labelledby="a"><h2 id="a">Answer</h2><div class="finding"><p>Fine.</p></div>'
    f'<figure><img src="{PICTURE}" alt="{ALT}"></figure></section></main></body></html>'
)


def with_finding(text: str) -> str:
    return GOOD.replace("<p>Fine.</p>", f"<p>{text}</p>")


def test_a_good_report_passes():
    assert check_report(GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (POLICY, "", "policy"),
        ("<h1>Title</h1>", "", "main heading"),
        ("<h1>Title</h1>", "<h1>Title</h1><script>1</script>", "<script>"),
        ("</head>", "<style>@import url(x.css)</style></head>", "asks for a file"),
        ("</head>", "<meta http-equiv='refresh' content='0'></head>", "besides the policy"),
        ("<h1>Title</h1>", "<h1 onclick='x'>Title</h1>", "onclick"),
        ("<h1>Title</h1>", "<h1 style='color:red'>Title</h1>", "style attribute"),
        ("<p>Fine.</p>", "<p><a href='https://example.org'>x</a></p>", "asks for"),
        ("<p>Fine.</p>", "<p><img src='x.png' alt='A picture of something'></p>", "asks for"),
        ("<p>Fine.</p>", "", "an empty <div>"),
        (f'src="{PICTURE}"', 'src="data:image/png;base64,"', "without its picture"),
        (f'<img src="{PICTURE}" alt="{ALT}">', "", "without its picture"),
        (f'alt="{ALT}"', "", "says too little"),
        (ALT, "No description has been provided for this image", "says too little"),
        ("</figure>", f'</figure><figure><img src="{PICTURE}" alt="{ALT}"></figure>', "share one"),
        ("</figure>", "</figure><table><caption>c</caption></table>", "without rows"),
        ("</figure>", "</figure><table><tbody><tr><td>1</td></tr></tbody></table>", "a caption"),
        ("</main>", '<section aria-labelledby="b"><h2 id="b">B</h2></section></main>', "is empty"),
        ("</figure>", "</figure><table><caption>c</caption><tbody><tr><td>nan</td></tr></tbody>"
         "</table>", "an empty <td>"),
    ],
)  # fmt: skip
def test_a_bad_report_is_refused(before, after, fault):
    assert before in GOOD
    faults = check_report(GOOD.replace(before, after))
    assert any(fault in line for line in faults), faults


@pytest.mark.parametrize("word", FORBIDDEN_WORDS)
def test_forbidden_words_are_found(word):
    assert any(word in fault for fault in check_report(with_finding(f"This is {word}.")))


@pytest.mark.parametrize(
    "text", ["waterproof", "unconfirmed", '<span class="imported">fake.tan</span>']
)
def test_words_are_whole_and_imported_text_is_exempt(text):
    assert check_report(with_finding(text)) == []


def test_fixed_prose_may_explain_a_word():
    prose = '<div class="prose"><p>What fake means here.</p></div>'
    assert check_report(GOOD.replace("<figure>", f"{prose}<figure>")) == []


def test_a_bare_percentage_is_refused():
    assert any("without its range" in fault for fault in check_report(with_finding("28% of them")))


def test_an_interval_passes():
    text = interval(0.28, 0.2, 0.36, unit="percent", confidence=0.9)
    assert check_report(with_finding(text)) == []


@pytest.mark.parametrize(
    "mark",
    [
        '<span class="estimate" data-value="1">1 (0 to 2)</span>',
        '<span class="estimate" data-value="3" data-low="0" data-high="2">3 (0 to 2)</span>',
        '<span class="estimate" data-value="1" data-low="0" data-high="2">1</span>',
    ],
)
def test_an_estimate_without_its_range_is_refused(mark):
    assert check_report(with_finding(mark))


def drawing(text: str) -> str:
    svg = f"<svg><!-- 1  {text} --><text>Followers</text>{'<g/>' * 99}</svg>"
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<span class="imported">Anna.Bakes</span>', True),
        ("seen at @anna.bakes, and", True),
        ("by anna.bakes: here", True),
        ('<span class="imported">Acme x plain</span>', True),
        (f'<img src="{drawing("anna.bakes")}" alt="A plot of all creators">', True),
        (f'<img src="{drawing("nobody")}" alt="A plot of all creators">', False),
        ("plain prose, rank 30", False),
        ("hanna.bakes", False),
    ],
)
def test_a_masked_edition_names_nobody(text, found):
    faults = check_report(with_finding(f"See: {text}"), hidden={"anna.bakes", "plain", "30"})
    assert bool(faults) == found, faults
