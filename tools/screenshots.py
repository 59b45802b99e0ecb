"""Pictures of every page, of made-up films: light, dark, and 320 pixels wide."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.web_browser import LOOKS, chromium, running_site  # noqa: E402

FOLDER = ROOT / "build" / "screenshots"
DOCUMENTED = ("now", "coverage")
"""Pages of which the documentation shows the part that a window has room for."""


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(Path(folder), is_hostile=False) as site,
        chromium() as browser,
    ):
        for look, settings in LOOKS.items():
            context = browser.new_context(**settings)
            page = context.new_page()
            page.goto(f"{site.address}/login")
            page.screenshot(path=FOLDER / f"login-{look}.png", full_page=True)
            site.sign_in(context)
            for address in site.pages():
                page.goto(site.address + address)
                name = re.sub(r"\W+", "-", address).strip("-") or "now"
                if name in DOCUMENTED and look in ("light", "narrow"):
                    suffix = "" if look == "light" else "-narrow"
                    page.screenshot(path=FOLDER / f"page-{name}{suffix}.png")
                page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True)
            context.close()
    print(f"written to {FOLDER.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
