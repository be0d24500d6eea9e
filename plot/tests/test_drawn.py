"""The figures in a real browser: drawn, readable in any width, and answering to the mouse."""

import re

import pytest
from conftest import LONG
from opening import until

MARKS = ".live .role-mark:is(.mark-symbol, .mark-rect, .mark-line, .mark-area, .mark-rule) :is(path, line)"
WIDTHS = [375, 768, 1440]
# Of a label drawn twice, for its halo, one is left; slanted labels have boxes that say little.
LABELS = """figure => {
    const frame = figure.querySelector('.live svg').getBoundingClientRect();
    const seen = new Map();
    for (const text of figure.querySelectorAll('.live svg text')) {
        const box = text.getBoundingClientRect();
        if (!text.textContent.trim() || !box.width || getComputedStyle(text).opacity == 0) continue;
        const slanted = /rotate\\((?!0|-?90)/.test(text.getAttribute('transform') ?? '');
        seen.set(text.textContent + Math.round(box.x) + Math.round(box.y), {
            text: text.textContent, slanted, left: box.left - frame.left, right: box.right - frame.left,
            top: box.top - frame.top, bottom: box.bottom - frame.top});
    }
    return {width: frame.width, height: frame.height, labels: [...seen.values()]};
}"""


def figures(page):
    return page.locator("figure").element_handles()


def name(figure):
    return figure.evaluate("figure => figure.closest('section').id")


def overlap(one, other):
    """Decides whether two labels cover each other by more than the air around letters."""
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 2 and down > 3


def test_a_run_has_five_figures_and_a_complete_folder_all(report, complete, seen):
    five = ["front", "latency", "throughput", "cost", "size"]
    assert [name(figure) for figure in figures(seen(report))] == five
    assert [name(figure) for figure in figures(seen(complete))] == [
        *five[:2], "distance", *five[2:], "exposure", "load", "capacity", "comparison"]


def test_every_figure_has_drawn_marks(either, seen):
    page = seen(either)
    for figure in figures(page):
        boxes = [mark.bounding_box() for mark in figure.query_selector_all(MARKS)]
        drawn = [box for box in boxes if box and box["width"] + box["height"] > 2]
        assert len(drawn) >= 4, name(figure)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_does_not_scroll_sideways(either, seen, width):
    page = seen(either, width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for figure in figures(page):
        assert figure.query_selector(".live svg").bounding_box()["width"] <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_is_cut(either, seen, width):
    for figure in figures(seen(either, width)):
        seen = figure.evaluate(LABELS)
        for label in seen["labels"]:
            inside = label["left"] >= -1 and label["right"] <= seen["width"] + 1 and label["top"] >= -1
            assert inside and label["bottom"] <= seen["height"] + 1, (name(figure), label)
            assert "…" not in label["text"], name(figure)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_covers_another(either, seen, width):
    covered = []
    for figure in figures(seen(either, width)):
        labels = [label for label in figure.evaluate(LABELS)["labels"] if not label["slanted"]]
        covered += [(name(figure), one["text"], other["text"]) for place, one in enumerate(labels)
                    for other in labels[place + 1:] if overlap(one, other)]
    assert covered == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_longest_name_stands_whole_in_every_figure(complete, seen, width):
    for figure in figures(seen(complete, width)):
        texts = figure.eval_on_selector_all(".live svg text", "texts => texts.map(text => text.textContent)")
        if name(figure) != "comparison":
            # Its lines in a column of names, or its row's label.
            assert LONG in "".join(texts).replace(" ", ""), (name(figure), texts)


@pytest.mark.parametrize("width", WIDTHS)
def test_letters_stay_large_enough_to_read(report, seen, width):
    for figure in figures(seen(report, width)):
        heights = figure.eval_on_selector_all(
            ".live .role-axis-label text", "texts => texts.map(text => text.getBoundingClientRect().height)")
        assert heights and max(heights) >= 11, name(figure)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_axis_has_few_enough_ticks(either, seen, width):
    for figure in figures(seen(either, width)):
        for axis in figure.query_selector_all(".live .role-axis"):
            assert len(axis.query_selector_all(".role-axis-label text")) <= 12, name(figure)


def test_a_mark_under_the_mouse_tells_its_numbers(either, opened):
    page = opened(either)
    for figure in figures(page):
        marks = figure.query_selector_all(MARKS)
        answers = [answer for mark in marks[::max(1, len(marks) // 16)] if (answer := hover(page, mark))]
        assert answers, name(figure)
        # Bytes are counted, not sampled.
        if name(figure) != "size":
            assert any(re.search(r"(\(n\)|requests|credentials)\s+\d", answer) for answer in answers), answers
        if name(figure) == "latency":
            assert any("95 %" in answer and " to " in answer for answer in answers), answers


def hover(page, mark):
    """Returns what the tooltip says over the middle of a mark."""
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    page.mouse.move(0, 0)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    return page.evaluate("document.querySelector('#vg-tooltip-element.visible')?.innerText ?? ''")


def test_figures_follow_the_colour_scheme(report, opened):
    page = opened(report)
    colour = "getComputedStyle(document.querySelector('.live svg text')).fill"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    until(page, f"{colour} !== '{light}'")


def test_figures_follow_the_width(report, opened):
    page = opened(report)
    page.set_viewport_size({"width": 700, "height": 900})
    # As drawn, not as the style sheet shrinks it.
    until(page, "document.querySelector('#latency .live svg').getAttribute('width') < 700")
    until(page, "document.documentElement.scrollWidth === 700")
