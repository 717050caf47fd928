"""Takes the screenshots of docs/images/: the dashboard and one batch's page, on a desk and on a telephone.

python benchmarks/draw_screens.py docs/images --reporting data/08_reporting --batch 2025-10-27
"""

import argparse
import shutil
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WIDTHS = {1280: 900, 390: 844}
"""Widths and heights of the screens in pixels."""
LONGEST = 2_400  # pixels of a page that a picture shows
COLOURS = 160


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the screenshots of the documentation.")
    parser.add_argument("images", type=Path, help="Folder to write PNG files to.")
    parser.add_argument("--reporting", type=Path, default=Path("data/08_reporting"), help="Folder of index.html.")
    parser.add_argument("--batch", required=True, help="Id of the batch whose page is shown.")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="The browser.")
    asked = parser.parse_args()
    pages = {"dashboard": "index.html", "batch": f"monitoring/{asked.batch}.html"}
    asked.images.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=asked.chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, file in pages.items():
            for width, height in WIDTHS.items():
                for scheme in ("light", "dark"):
                    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                    page.goto((asked.reporting / file).resolve().as_uri())
                    target = asked.images / f"{name}-{width}-{scheme}.png"
                    save_small(page.screenshot(full_page=True), target)
                    print(f"{target}: {target.stat().st_size:,} bytes")
                    page.close()
        browser.close()


def save_small(picture: bytes, target: Path) -> None:
    """The upper part of the page in few colours, which is all that such a page has."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    image.crop((0, 0, image.width, min(image.height, LONGEST))).quantize(COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    main()
