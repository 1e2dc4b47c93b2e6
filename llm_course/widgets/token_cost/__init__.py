"""The same sentence costs more tokens in some languages than in others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from traitlets import Dict, Float, List, Unicode

from ..ui.base import CourseWidget
from ..ui.picture import number_table

# Universal Declaration of Human Rights (1948), article 1, first sentence, in the published translations.
SENTENCES = {
    "English": "All human beings are born free and equal in dignity and rights.",
    "German": "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "French": "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "Spanish": "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "Russian": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "Arabic": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "Chinese": "人人生而自由，在尊严和权利上一律平等。",
    "Japanese": "すべての人間は、生れながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "Burmese": "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ တူညီလွတ်လပ်သော အခွင့်အရေးများဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။",
}
# Counted with the real tokenizers, which are too large for a page; a test counts again where they are installed.
COUNTS = {
    "GPT-2 (2019, 50 thousand tokens)": [13, 23, 26, 25, 73, 90, 50, 139, 36, 56, 88, 357],
    "GPT-4 (2023, 100 thousand tokens)": [13, 16, 22, 19, 35, 76, 37, 84, 21, 44, 41, 250],
    "GPT-4o (2024, 200 thousand tokens)": [13, 14, 17, 15, 17, 31, 18, 25, 15, 34, 24, 67],
}


class TokenCost(CourseWidget):
    """Tokens and price of a sentence by language and tokenizer; in JupyterLab with a learner's own.

    >>> TokenCost({"mine": tokenizer.encode}, sentences={"English": "The cat.", "German": "Die Katze."})

    Args:
        tokenizers: Name -> function from a text to its tokens. The three generations of GPT's if left out.
        sentences: Language -> text; the first is what others are compared with.
        price: Dollars for a million tokens.

    Raises:
        ValueError: If there are other sentences and no tokenizer, or a tokenizer gives no tokens.
    """

    # Pairs and not a dict: a built page sorts the keys of a widget's state, and the counts follow the order.
    sentences: List[Any] = List().tag(sync=True)
    counts: Any = Dict().tag(sync=True)
    tokenizer = Unicode().tag(sync=True)
    price = Float(min=0.0).tag(sync=True)

    def __init__(
        self,
        tokenizers: Mapping[str, Callable[[str], Sequence[Any]]] | None = None,
        *,
        sentences: Mapping[str, str] | None = None,
        price: float = 1.0,
    ) -> None:
        texts = dict(SENTENCES if sentences is None else sentences)
        if tokenizers is None and sentences is not None:
            raise ValueError("These sentences have not been counted: give the tokenizers too.")
        counts = COUNTS
        if tokenizers is not None:
            counts = {name: [len(cut(text)) for text in texts.values()] for name, cut in tokenizers.items()}
        for name, row in counts.items():
            if not row or 0 in row:
                raise ValueError(f"{name} gives no token for a sentence: a text that holds something has tokens.")
        super().__init__(
            sentences=[list(pair) for pair in texts.items()], counts=counts, tokenizer=list(counts)[-1], price=price
        )

    def picture(self) -> str:
        """The counts."""
        rows = list(zip(*self.counts.values(), strict=True))
        return number_table(
            "Tokens of one sentence", [language for language, _ in self.sentences], rows, list(self.counts), digits=0
        )
