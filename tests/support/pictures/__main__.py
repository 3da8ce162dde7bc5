"""`make pictures`: draws each picture of the table anew, as a PNG of at most 64 colours.

With names, those only. Fonts are the machine's, so that no test compares pixels.
"""

import argparse
import io
import sys
from itertools import groupby

from PIL import Image
from playwright.sync_api import Browser

from browser import chromium_here, started
from pictures.sources import SOURCES, Opener
from pictures.table import IMAGES, PICTURES, ROOT, Picture

COLOURS = 64
TOP = "e => Math.max(0, Math.floor(e.getBoundingClientRect().top + scrollY) - 16)"


def draw(browser: Browser, opener: Opener, picture: Picture) -> None:
    """One picture, written where documents find it."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": 900}, color_scheme=picture.scheme
    )
    tab = context.new_page()
    opener(tab, picture.page)
    top = tab.locator(picture.start).first.evaluate(TOP)
    left = tab.evaluate("document.documentElement.scrollHeight") - top
    size = {"x": 0, "y": top, "width": picture.width, "height": min(left, picture.most)}
    data = tab.screenshot(full_page=True, clip=size, animations="disabled")
    context.close()
    image = Image.open(io.BytesIO(data)).convert("RGB")
    # Text has hard edges: dots of other colours would make it larger and harder to read.
    small = image.quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(picture.file, optimize=True)


def main() -> int:
    """Draw, and say how large each one is."""
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    parser.add_argument("names", nargs="*", help="names of the table, without the width")
    options = parser.parse_args()
    wanted = [one for one in PICTURES if not options.names or one.name in options.names]
    if unknown := set(options.names) - {one.name for one in PICTURES}:
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    path = chromium_here()
    if path is None:
        sys.exit("needs Chromium (Debian: apt-get install chromium), or FORWARDC_CHROMIUM=PATH")
    IMAGES.mkdir(exist_ok=True)
    with started(path) as browser:
        for source, pictures in groupby(wanted, key=lambda one: one.source):
            with SOURCES[source]() as opener:
                for picture in pictures:
                    draw(browser, opener, picture)
                    size = picture.file.stat().st_size / 1024
                    sys.stdout.write(f"{size:4.0f} kB  {picture.file.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
