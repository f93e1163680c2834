"""The picture in the README, from what `sh scripts/example` made: `python docs/images/contact_sheet.py`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MADE = ROOT / "demo/Assets/LIGHT-V0-1/generated-images/v0-1"
WIDTH, GAP = 116, 6


def main() -> None:
    """One row for each account, its scenes in order."""
    rows = [
        sorted(tab.glob("*.png"), key=lambda p: (not p.name.startswith("scene"), "end" in p.name, p.name))
        for tab in sorted(path for path in MADE.iterdir() if path.is_dir())
    ]
    height = WIDTH * 16 // 9
    columns = max(map(len, rows))
    sheet = Image.new("RGB", (columns * (WIDTH + GAP) + GAP, len(rows) * (height + GAP) + GAP), (24, 24, 26))
    for y, row in enumerate(rows):
        for x, path in enumerate(row):
            with Image.open(path) as picture:
                small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
            sheet.paste(small, (GAP + x * (WIDTH + GAP), GAP + y * (height + GAP)))
    sheet.save(Path(__file__).with_name("contact-sheet.jpg"), quality=86, optimize=True)


if __name__ == "__main__":
    main()
