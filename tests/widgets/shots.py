"""Screenshots of every widget, to look at: python -m tests.widgets.shots FOLDER [WIDGET ...]."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.widgets.conftest import BUILT, CHROMIUM_FLAGS, WIDGETS, page_html


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(BUILT / "site", folder, dirs_exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        for name in names or WIDGETS:
            for theme, width in (("light", 900), ("dark", 900), ("light", 320)):
                file = folder / f"{name}-{theme}.html"
                file.write_text(page_html(WIDGETS[name](), theme=theme), encoding="utf-8")
                page = browser.new_page(viewport={"width": width, "height": 600})
                page.on("console", lambda message: print(message.text))
                page.on("pageerror", lambda error: print(error))
                page.goto(file.as_uri())
                page.wait_for_timeout(1500)
                page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
