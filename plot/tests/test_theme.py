"""The look that all figures share: places of names, colours, and how names are broken."""

import random

import altair as alt
import pytest
import theme
import wording
from crafted import STRATEGIES


def test_names_are_moved_apart_in_their_order_and_stay_inside():
    assert theme.spread([10, 10, 50], [20, 20, 20], 100) == [10, 30, 50]
    assert theme.spread([50, 50], [20, 20], 100) == [40, 60]
    # A name of two lines takes the room of two.
    assert theme.spread([50, 50], [40, 20], 100) == [35, 65]
    moved = theme.spread([3, 1, 2.9, 99, 100], [10] * 5, 100)
    assert moved == [25, 5, 15, 85, 95]


@pytest.mark.parametrize("seed", range(20))
def test_no_two_names_of_any_places_meet(seed):
    chance = random.Random(seed)
    sizes = [chance.choice([15, 30, 45]) for _ in range(chance.randint(1, 12))]
    places = [chance.choice([chance.uniform(0, 400), 200]) for _ in sizes]
    middles = theme.spread(places, sizes, 600)
    spans = sorted((middle - size / 2, middle + size / 2) for middle, size in zip(middles, sizes, strict=True))
    assert spans[0][0] >= -1e-9 and spans[-1][1] <= 600 + 1e-9
    assert all(one[1] <= other[0] + 1e-9 for one, other in zip(spans, spans[1:], strict=False))


def test_a_place_on_an_axis_and_its_value_are_each_others_inverse():
    for axis in (theme.Log(2, 10_000), theme.Log(0, 86_400, constant=10)):
        for value in (2, 60, 4000):
            assert axis.value(axis.place(value)) == pytest.approx(value)


def test_a_name_is_broken_between_words_before_hyphens_and_never_cut():
    assert wording.folded("hs256-jwt, rs256-jwt") == "hs256-jwt,\nrs256-jwt"
    assert wording.folded("redis-session (not valid)") == "redis-session\n(not valid)"
    long = "acme-session-in-postgresql-with-replicas"
    assert wording.folded(long).replace("\n", "") == long
    assert max(map(len, wording.folded(long).split("\n"))) <= wording.NAME_WIDTH


def luminance(colour: str) -> float:
    parts = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, ground: float) -> float:
    low, high = sorted([luminance(colour), ground])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_stands_out_from_the_ground(dark):
    ground = luminance(theme.config(dark)["background"])
    for colour in [*theme.COLOURS.values(), *theme.SPARE]:
        assert contrast(colour, ground) >= 3, colour


def test_a_strategy_keeps_its_colour_whatever_else_is_there():
    sets = ["hybrid", "mine"], [*STRATEGIES, "hybrid", "mine"]
    few, many = (theme.colour(names).to_dict()["scale"] for names in sets)
    for name in ("hybrid", "mine"):
        assert few["range"][few["domain"].index(name)] == many["range"][many["domain"].index(name)]
    assert isinstance(theme.colour(["a"]), alt.Color)


VARIANTS = ["redis-session@cache=5s", "rs256-jwt@bits=3072", "hybrid@access=5m", "mine"]


def test_twenty_strategies_have_twenty_colours():
    theme.introduce([])
    own = [name for name in theme.COLOURS if name != theme.BASELINE]
    for names in ([*own, *VARIANTS], [*own[:5], *(f"redis-session@cache={place}s" for place in range(15))]):
        assert len(names) >= 20 and len(set(theme.colour(names).to_dict()["scale"]["range"])) == len(names)


def test_of_a_page_every_figure_has_the_same_colours_whoever_it_shows():
    theme.introduce([*STRATEGIES, *VARIANTS])
    try:
        colours = [theme.colour(names).to_dict()["scale"]["range"][-1] for names in (VARIANTS, ["mine"], ["hybrid", "mine"])]
        assert len(set(colours)) == 1
        # Who was not introduced takes nobody's colour.
        assert len(set(theme.colour(["yours", *VARIANTS]).to_dict()["scale"]["range"])) == 5
    finally:
        theme.introduce([])


def test_a_variant_stands_behind_its_strategy():
    names = ["yours", "redis-session@cache=5s", theme.BASELINE, "mine", "rs256-jwt", "redis-session", "rs256-jwt@bits=3072"]
    assert theme.order(names) == [
        "redis-session", "redis-session@cache=5s", "rs256-jwt", "rs256-jwt@bits=3072", "mine", "yours", theme.BASELINE]


def test_a_variant_is_broken_before_its_parameters_and_between_them():
    assert wording.folded("hybrid@access=5m") == "hybrid@access=5m"
    assert wording.folded("rs256-jwt@bits=3072") == "rs256-jwt\n@bits=3072"
    assert wording.folded("redis-session@cache=5s,on-failure=accept") == "redis-session\n@cache=5s,\non-failure=accept"
    assert wording.folded("postgres-session@durability=unlogged") == "postgres-session\n@durability=\nunlogged"
    assert wording.folded("x" * 40) == "\n".join(["x" * 18, "x" * 18, "x" * 4])


def test_a_figure_is_as_tall_as_its_names():
    assert theme.tall(320, ["hybrid"] * 99) == 320
    assert theme.tall(10, ["hybrid", "rs256-jwt@bits=3072"]) == 3 * theme.LINE
