"""Submissions that attack: each must get exactly the points that its answers deserve, which is none.

A family is a module; each attack is the source of a cell of 05_attention, or (handing_in, serving, and most of
stopping) lays out a whole folder.
"""

from tests.banks.hostile.breaking import BREAKING
from tests.banks.hostile.exhausting import EXHAUSTING
from tests.banks.hostile.forging import FORGING
from tests.banks.hostile.handing_in import HANDING_IN
from tests.banks.hostile.leaking import LEAKING, holds_words
from tests.banks.hostile.lying import LYING
from tests.banks.hostile.overfitting import OVERFITTING
from tests.banks.hostile.persisting import PERSISTING
from tests.banks.hostile.reaching import REACHING
from tests.banks.hostile.serving import SERVING
from tests.banks.hostile.starving import STARVING
from tests.banks.hostile.stopping import SOURCE_FILES, STOPPING
from tests.banks.hostile.undermining import UNDERMINING

FAMILIES = {
    "forging": FORGING,
    "lying": LYING,
    "undermining": UNDERMINING,
    "breaking": BREAKING,
    "overfitting": OVERFITTING,
    "exhausting": EXHAUSTING,
    "persisting": PERSISTING,
    "reaching": REACHING,
    "leaking": LEAKING,
    "starving": STARVING,
    "stopping": STOPPING,
    "serving": SERVING,
}
"""Family -> attack -> source of a cell that takes the place of every answer, or what lays out the folder."""

__all__ = ["FAMILIES", "HANDING_IN", "SOURCE_FILES", "holds_words"]
