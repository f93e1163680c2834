"""Draws the reference pictures of the examples: two cats, a lighthouse, a lantern. Run it with no arguments."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

SCALE = 3  # drawn large and scaled down, which makes edges smooth
SIZE = 512
HERE = Path(__file__).parent

Colour = tuple[int, int, int]
NIGHT, SEA, FOAM = (34, 48, 82), (40, 78, 110), (120, 168, 188)
INK, CREAM, WARM = (38, 34, 44), (250, 240, 220), (255, 206, 110)


class Page:
    """A square of 512 units to draw on."""

    def __init__(self, top: Colour, bottom: Colour) -> None:
        self.image = Image.new("RGB", (SIZE * SCALE, SIZE * SCALE))
        self.draw = ImageDraw.Draw(self.image)
        for row in range(SIZE):
            share = row / SIZE
            shade = tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
            self.draw.rectangle(self._box(0, row, SIZE, row + 1), fill=shade)

    def _box(self, *values: float) -> list[float]:
        return [value * SCALE for value in values]

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        self.draw.ellipse(self._box(x - rx, y - ry, x + rx, y + ry), fill=fill)

    def shape(self, fill: Colour, *points: float) -> None:
        self.draw.polygon(self._box(*points), fill=fill)

    def line(self, fill: Colour, width: float, *points: float) -> None:
        self.draw.line(self._box(*points), fill=fill, width=round(width * SCALE), joint="curve")

    def glow(self, x: float, y: float, radius: float, fill: Colour, strength: int = 130) -> None:
        layer = Image.new("L", self.image.size, 0)
        pen = ImageDraw.Draw(layer)
        for step in range(24):
            r = radius * (1 - step / 24)
            pen.ellipse(self._box(x - r, y - r, x + r, y + r), fill=round(strength * (step + 1) / 24))
        self.image.paste(Image.new("RGB", self.image.size, fill), mask=layer)

    def save(self, name: str) -> None:
        small = self.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        options = {"quality": 84} if name.endswith(".jpg") else {"optimize": True}
        target = small if name.endswith(".jpg") else small.quantize(128, dither=Image.Dither.NONE)
        target.save(HERE / name, **options)


def cat(name: str, fur: Colour, chest: Colour, coat: Colour, backdrop: Colour, *, stripes: Colour | None) -> None:
    """A cat that sits and looks at us, in its coat."""
    page = Page(tuple(min(255, part + 30) for part in backdrop), backdrop)  # type: ignore[arg-type]
    page.oval(256, 468, 150, 26, tuple(part - 26 for part in backdrop))  # type: ignore[arg-type]
    page.line(fur, 34, 360, 440, 420, 410, 430, 340, 396, 300)  # tail
    page.oval(256, 370, 118, 108, coat)
    page.shape(coat, 158, 330, 200, 262, 312, 262, 354, 330)
    page.oval(214, 462, 34, 20, fur)
    page.oval(298, 462, 34, 20, fur)
    page.line(INK, 3, 256, 290, 256, 452)
    for y in (318, 362, 406):
        page.oval(270, y, 7, 7, CREAM)
    page.shape(fur, 160, 150, 172, 58, 240, 116)  # ears
    page.shape(fur, 352, 150, 340, 58, 272, 116)
    page.shape((232, 150, 150), 176, 128, 182, 84, 216, 114)
    page.shape((232, 150, 150), 336, 128, 330, 84, 296, 114)
    page.oval(256, 188, 112, 92, fur)
    if stripes is not None:
        for x in (-34, 0, 34):
            page.shape(stripes, 250 + x, 98 + abs(x) / 4, 262 + x, 98 + abs(x) / 4, 256 + x, 144)
        for side in (-1, 1):
            page.line(stripes, 7, 256 + side * 108, 186, 256 + side * 74, 192)
            page.line(stripes, 7, 256 + side * 102, 212, 256 + side * 72, 212)
    page.oval(256, 226, 56, 44, chest)
    for side in (-1, 1):
        page.oval(256 + side * 46, 178, 24, 26, CREAM)
        page.oval(256 + side * 44, 180, 14, 22, INK)
        page.oval(256 + side * 40, 172, 5, 6, CREAM)
        for lift in (-10, 4, 18):
            page.line(CREAM, 2, 256 + side * 40, 226 + lift / 3, 256 + side * 128, 214 + lift)
    page.shape((214, 112, 112), 244, 206, 268, 206, 256, 220)
    page.line(INK, 3, 256, 220, 256, 230, 240, 240)
    page.line(INK, 3, 256, 230, 272, 240)
    page.oval(256, 286, 60, 16, tuple(max(0, part - 24) for part in coat))  # type: ignore[arg-type]
    page.save(name)


def lighthouse(name: str) -> None:
    """The lighthouse on its rock at dusk, its beam over the sea."""
    page = Page(NIGHT, (232, 150, 112))
    for x, y in ((70, 60), (140, 110), (400, 50), (460, 130), (330, 90), (40, 160)):
        page.oval(x, y, 2.2, 2.2, CREAM)
    page.shape((255, 226, 160), 256, 128, 0, 60, 0, 150)
    page.shape((255, 226, 160), 256, 128, 512, 40, 512, 150)
    page.draw.rectangle(page._box(0, 372, 512, 512), fill=SEA)
    for row in range(6):
        y = 388 + row * 22
        for x in range(-40 + row % 2 * 40, 540, 92):
            page.line(FOAM, 3, x, y, x + 22, y - 5, x + 46, y)
    page.shape((70, 62, 70), 96, 430, 150, 366, 216, 344, 300, 342, 372, 372, 430, 434, 360, 462, 160, 458)
    page.shape((94, 82, 88), 150, 366, 216, 344, 300, 342, 320, 372, 220, 390)
    for band in range(6):
        y, fill = 166 + band * 32, (196, 58, 52) if band % 2 == 0 else CREAM
        spread = 34 + band * 5
        page.shape(fill, 256 - spread, y, 256 + spread, y, 256 + spread + 5, y + 32, 256 - spread - 5, y + 32)
    page.draw.rectangle(page._box(208, 156, 304, 168), fill=INK)
    page.glow(256, 128, 120, WARM)
    page.draw.rectangle(page._box(228, 104, 284, 156), fill=WARM)
    for x in (228, 246, 264, 282):
        page.line(INK, 3, x, 104, x, 156)
    page.shape((150, 40, 44), 216, 106, 296, 106, 256, 66)
    page.oval(256, 62, 6, 6, INK)
    page.oval(256, 262, 12, 14, WARM)
    page.shape(INK, 240, 358, 240, 326, 272, 326, 272, 358)
    page.save(name)


def lantern(name: str) -> None:
    """The Ember lantern, the product of the story."""
    page = Page((70, 54, 66), (34, 28, 40))
    page.glow(256, 292, 230, WARM, 170)
    page.oval(256, 460, 130, 20, (24, 20, 30))
    page.line((184, 110, 74), 10, *_arc(256, 150, 70, 82))
    page.shape((184, 110, 74), 196, 176, 316, 176, 290, 130, 222, 130)
    page.shape((255, 232, 170), 186, 190, 326, 190, 338, 396, 174, 396)
    page.glow(256, 300, 92, (255, 150, 60), 230)
    page.shape((255, 120, 40), 232, 352, 256, 226, 280, 352, 256, 376)
    page.shape((255, 226, 130), 244, 352, 256, 276, 268, 352, 256, 366)
    for x1, x2 in ((186, 174), (256, 256), (326, 338)):
        page.line((184, 110, 74), 9, x1, 186, x2, 400)
    for y, half in ((182, 78), (402, 92)):
        page.draw.rounded_rectangle(page._box(256 - half, y, 256 + half, y + 18), 8 * SCALE, fill=(184, 110, 74))
    page.draw.rounded_rectangle(page._box(156, 420, 356, 456), 10 * SCALE, fill=(132, 76, 52))
    page.save(name)


def _arc(x: float, y: float, rx: float, ry: float) -> list[float]:
    points: list[float] = []
    for step in range(25):
        angle = math.pi * (1 - step / 24)
        points += (x + rx * math.cos(angle), y - ry * math.sin(angle))
    return points


if __name__ == "__main__":
    cat("marlow.png", (222, 138, 66), (248, 226, 196), (240, 196, 62), (150, 186, 196), stripes=(176, 92, 40))
    cat("pepper.png", (52, 50, 58), (244, 240, 234), (196, 62, 60), (226, 196, 160), stripes=None)
    lighthouse("lighthouse.jpg")
    lantern("lantern.png")
