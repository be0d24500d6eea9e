"""The page for those who do not look at it, do not use a mouse, or print it."""

import io

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader
from table import COLUMNS

FOCUSED = """() => {
    const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
    return {
        what: it.getAttribute('href') ?? it.tagName,
        outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_axe_finds_nothing(either, seen, scheme, width):
    result = Axe().run(seen(either, width, scheme))
    assert result.response["passes"]
    assert result.violations_count == 0, result.generate_report()


def test_the_keyboard_reaches_every_link_and_header_and_shows_where_it_is(report, opened):
    page = opened(report)
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    headers = page.locator("thead button").count()
    assert headers == len(COLUMNS)
    reached = []
    for _ in range(len(links) + headers + 2):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        assert at["outline"] and at["seen"], at
        reached.append(at["what"])
    assert reached[0] == "#main"
    assert [one for one in reached if one not in ("DIV", "SUMMARY", "BUTTON")] == links
    assert {"DIV", "SUMMARY"} <= set(reached) and reached.count("BUTTON") == headers


def test_the_skip_link_leads_past_the_contents(report, opened):
    page = opened(report)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_every_figure_has_words_in_place_of_the_picture(report, seen):
    page = seen(report)
    for figure in page.query_selector_all("figure"):
        words = figure.query_selector("[role=img]").get_attribute("aria-label")
        assert len(words) > 40 and any(digit in words for digit in "0123456789"), words
        assert words == figure.query_selector("img").get_attribute("alt")
        assert any(digit in figure.query_selector("figcaption").inner_text() for digit in "0123456789")


def test_links_lead_to_files_that_are_there(report, seen):
    page = seen(report)
    targets = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.getAttribute('href'))")
    assert {"summary.csv", "latency.csv", "throughput.csv", "size.csv", "histograms.jsonl", "run.json"} <= set(targets)
    assert all((report.parent / target).is_file() for target in targets)


def test_paper_is_a4_and_light_for_a_dark_reader_too(report, opened):
    page = opened(report, scheme="dark")
    titles = page.locator("main h2").all_inner_texts()
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert all(abs(sheet.mediabox.width - 595) < 1 and abs(sheet.mediabox.height - 842) < 1 for sheet in sheets)
    text = "\n".join(sheet.extract_text() for sheet in sheets)
    assert all(title in text for title in titles)
    assert "Valid" in text
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".live").first.is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_pictures_for_paper_are_there_with_and_without_scripts(report, opened, scripts):
    page = opened(report, ready=scripts, java_script_enabled=scripts)
    if scripts:
        page.emulate_media(media="print")
    for still in page.locator(".still").all():
        assert still.is_visible()
        assert still.bounding_box()["height"] > 100
        assert still.evaluate("image => image.complete && image.naturalWidth > 300")
