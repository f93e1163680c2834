"""A prompt to a scene: who or what is in it, where, when, in which weather, how near, and how the camera moves.

Words decide, by the tables below; what no word decides is drawn by the seed's own dice later. There is no model here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

Colour = tuple[int, int, int]


class Subject(NamedTuple):
    """A figure to draw, the colour that the prompt gave it, and how many of it."""

    figure: str
    colour: Colour | None = None
    many: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a prompt asks for; None where it says nothing."""

    subjects: tuple[Subject, ...]
    place: str | None
    time: str | None
    weather: str | None
    framing: str | None
    mood: str | None
    move: str | None


def _table(**groups: str) -> dict[str, str]:
    return {word: name for name, words in groups.items() for word in words.split()}


FIGURES = _table(
    cat="cat kitten kitty tabby feline",
    dog="dog puppy hound retriever terrier corgi husky labrador",
    fox="fox foxes vixen",
    bird="bird sparrow robin pigeon parrot crow raven songbird",
    gull="gull seagull",
    horse="horse pony stallion mare",
    fish="fish koi goldfish salmon",
    robot="robot android droid cyborg",
    woman="woman girl lady she her queen mother actress dancer bride ballerina model heroine daughter waitress "
    "grandmother",
    man="man boy guy he him king father person people figure keeper actor wizard chef astronaut hiker fisherman sailor "
    "detective founder worker farmer musician runner traveler traveller creator influencer customer barista hero "
    "someone stranger soldier knight monk child kid grandfather captain driver",
    lighthouse="lighthouse beacon",
    house="house cottage cabin home hut barn villa farmhouse",
    castle="castle fortress palace citadel tower",
    tree="tree oak willow maple",
    pine="pine fir spruce",
    boat="boat sailboat ship yacht vessel dinghy sail schooner trawler",
    car="car taxi automobile van suv sedan truck",
    bicycle="bicycle bike cyclist",
    train="train locomotive tram railway",
    plane="plane airplane aeroplane aircraft jet drone",
    rocket="rocket spaceship spacecraft shuttle starship",
    balloon="balloon",
    bridge="bridge viaduct",
    cup="cup mug coffee tea espresso latte cappuccino",
    bottle="bottle perfume wine serum shampoo vial flask potion lotion",
    flower="flower rose tulip sunflower daisy blossom peony orchid bouquet lily poppy",
    lamp="lamp lantern candle",
    book="book novel notebook diary",
    apple="apple fruit orange peach pear",
    phone="phone smartphone iphone screen tablet",
    shoe="shoe sneaker boot trainers",
    chair="chair armchair sofa stool throne",
    guitar="guitar violin cello ukulele",
    umbrella="umbrella parasol",
    cake="cake cupcake dessert pastry",
)

PLACES = _table(
    sea="sea ocean beach harbour harbor coast shore waves bay lake river water pier island seaside port surf lagoon",
    mountains="mountain mountains alps peak peaks summit cliff cliffs glacier valley himalaya ridge canyon",
    forest="forest woods woodland jungle grove rainforest wood",
    desert="desert dune dunes sahara sand mars",
    city="city street skyline downtown tokyo york paris london alley rooftop neon urban skyscraper skyscrapers town "
    "cyberpunk market",
    field="field meadow farm hill hills garden park countryside prairie grass vineyard village lawn",
    room="room kitchen interior indoors cafe café studio office desk table bedroom window shop library bar restaurant "
    "workshop living bathroom counter gallery",
    space="space galaxy nebula planet cosmos orbit stars",
    studio="product packshot backdrop seamless advertisement minimalist",
)

TIMES = _table(
    night="night midnight moon moonlit moonlight nocturnal starry neon dark",
    dusk="sunset dusk evening golden twilight",
    dawn="dawn sunrise morning daybreak",
    day="day noon midday daylight sunny afternoon bright",
    blue="blue-hour",
)

WEATHERS = _table(
    rain="rain rainy raining drizzle storm stormy thunderstorm wet downpour",
    snow="snow snowy snowing snowfall blizzard winter frost icy",
    fog="fog foggy mist misty haze hazy",
    cloud="cloudy overcast clouds grey gray",
    clear="clear cloudless",
)

FRAMINGS = _table(
    close="close-up closeup close macro portrait detail headshot selfie tight",
    wide="wide panorama panoramic establishing vista landscape distant far epic",
    aerial="aerial drone overhead bird's-eye birdseye top-down above",
    low="low-angle towering below heroic",
)

MOODS = _table(
    warm="warm cozy cosy nostalgic autumn autumnal amber",
    cold="cold cool icy winter bleak sterile",
    dark="moody gloomy ominous noir dramatic horror gritty sombre somber",
    soft="pastel soft dreamy gentle whimsical delicate airy",
    vivid="vivid vibrant colourful colorful neon bold saturated cyberpunk psychedelic pop",
    faded="vintage retro faded sepia film polaroid analog",
    grey="monochrome black-and-white greyscale grayscale",
)

MOVES = _table(
    push="push pushes dolly zoom zooms closer approach approaches toward towards",
    pull="pull pulls reveal reveals away retreat retreats",
    left="left",
    right="right pan pans panning slides",
    up="tilt tilts crane rise rises rising upward ascend ascends soar",
    down="descend descends downward lowers",
    orbit="orbit orbits around circle circles circling arc rotate rotates spin spins",
    drift="handheld drift drifts static still locked tripod breathing calm slow",
)

COLOURS: Mapping[str, Colour] = {
    "red": (196, 52, 46),
    "crimson": (168, 30, 50),
    "scarlet": (206, 48, 36),
    "orange": (226, 124, 48),
    "ginger": (214, 128, 62),
    "amber": (222, 152, 54),
    "yellow": (238, 196, 68),
    "golden": (214, 168, 78),
    "gold": (214, 168, 78),
    "green": (74, 138, 88),
    "emerald": (36, 134, 98),
    "teal": (42, 132, 136),
    "turquoise": (62, 176, 178),
    "blue": (58, 104, 176),
    "navy": (36, 54, 104),
    "purple": (118, 76, 152),
    "violet": (124, 84, 168),
    "pink": (230, 140, 164),
    "white": (236, 234, 228),
    "cream": (236, 222, 196),
    "silver": (178, 184, 192),
    "grey": (128, 132, 140),
    "gray": (128, 132, 140),
    "black": (44, 44, 52),
    "brown": (126, 86, 60),
    "copper": (184, 110, 74),
}

_INDOOR = {"cup", "bottle", "lamp", "book", "apple", "phone", "shoe", "chair", "guitar", "cake", "flower"}
_PLACE_OF = {
    "lighthouse": "sea",
    "boat": "sea",
    "gull": "sea",
    "fish": "sea",
    "rocket": "space",
    "car": "city",
    "train": "field",
    "pine": "forest",
    "castle": "mountains",
    "robot": "city",
    "bicycle": "city",
    "umbrella": "city",
}
_VERBS = {"waters", "parks", "fields", "markets", "falls", "watches", "boats", "stills", "logs"}
_PAIRED = {"flower", "shoe"}  # one drawing shows several
_PEOPLE = ("man", "woman")
_CLOTHES = dict.fromkeys(
    _table(worn="coat dress jacket shirt sweater hoodie raincoat cloak suit robe uniform gown scarf outfit blouse")
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "pair": 2, "several": 3, "many": 4, "group": 3, "crowd": 4, "flock": 4}
_MOST_SUBJECTS = 3
_WORD = re.compile(r"[a-zé]+(?:['-][a-zé]+)*")


def words_of(text: str) -> list[str]:
    """The words of a text, lower case, with hyphenated words whole."""
    return _WORD.findall(text.lower().replace("’", "'"))


def read_scene(prompt: str) -> Scene:
    """What the prompt asks for. The first word that decides something wins."""
    words = words_of(_positive(prompt))
    flat = [part for word in words for part in ((word, *word.split("-")) if "-" in word else (word,))]
    joined = " ".join(words)
    subjects = _subjects(flat)
    place = _first(flat, PLACES) or _place_of(subjects)
    return Scene(
        subjects=subjects,
        place=place,
        time="blue" if "blue hour" in joined else _first(flat, TIMES),
        weather=_first(flat, WEATHERS),
        framing="low" if "low angle" in joined else "aerial" if "bird's eye" in joined else _first(flat, FRAMINGS),
        mood="grey" if "black and white" in joined else _first(flat, MOODS),
        move="pull" if re.search(r"zooms? out|steps? back", joined) else _first(flat, MOVES),
    )


def _positive(prompt: str) -> str:
    """Without what the prompt says it does not want: `no text`, `without people`."""
    return re.sub(
        r"\b(?:no|without|avoid)\s+[\w-]+(?:\s*(?:,|or|and)\s*no\s+[\w-]+)*", " ", prompt, flags=re.IGNORECASE
    )


def _first(words: list[str], table: Mapping[str, str]) -> str | None:
    for word in words:
        found = table.get(word) or (table.get(word.removesuffix("s")) if word not in _VERBS else None)
        if found is not None:
            return found
    return None


def _subjects(words: list[str]) -> tuple[Subject, ...]:
    found: dict[str, Subject] = {}
    for number, word in enumerate(words):
        single = word if word in FIGURES else word.removesuffix("s")
        figure = FIGURES.get(single)
        if figure is None or figure in found:
            continue
        plural = (single != word or word == "foxes") and figure not in _PAIRED
        before = words[max(0, number - 4) : number]
        counts = [_COUNTS[one] for one in before if one in _COUNTS]
        count = counts[-1] if counts and plural else 3 if plural else 1
        worn = _worn_colour(words[number + 1 : number + 9]) if figure in _PEOPLE else None
        found[figure] = Subject(figure, worn or _colour_before(before), count)
        if len(found) == _MOST_SUBJECTS:
            break
    # "he" and "her" point at somebody; they are nobody new where a person is named
    if "man" in found and "woman" in found and not {"man", "person", "boy", "king"} & set(words):
        del found["man"]
    return tuple(found.values())


def _worn_colour(after: list[str]) -> Colour | None:
    """The colour of what somebody wears: `a woman in a red coat`."""
    for number, word in enumerate(after):
        if word in _CLOTHES:
            return next((COLOURS[one] for one in reversed(after[:number]) if one in COLOURS), None)
        if word in FIGURES:
            return None
    return None


def _colour_before(before: list[str]) -> Colour | None:
    for number in range(len(before) - 1, -1, -1):
        if before[number] in FIGURES:
            return None  # that colour belongs to another figure
        if before[number] in COLOURS:
            return COLOURS[before[number]]
    return None


def _place_of(subjects: tuple[Subject, ...]) -> str | None:
    for subject in subjects:
        if subject.figure in _PLACE_OF:
            return _PLACE_OF[subject.figure]
    if subjects and all(subject.figure in _INDOOR for subject in subjects):
        return "room"
    return None
