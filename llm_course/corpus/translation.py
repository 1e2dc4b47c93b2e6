"""English sentences and their German translations, from one grammar that knows gender, case, order and negation."""

import random
from dataclasses import dataclass

PREFIX = "translate English to German: "
# The sentence of the T5 paper's picture, and of many courses. It is kept out of training, to be a test.
HELD_OUT_PAIRS = (("The house is beautiful.", "Das Haus ist schön."),)


@dataclass(frozen=True)
class Noun:
    english: str
    german: str
    gender: str  # m, f or n
    kind: str  # human, animal, thing (which can be carried or bought) or fixed


NOUNS = (
    Noun("book", "Buch", "n", "thing"), Noun("car", "Auto", "n", "thing"), Noun("bed", "Bett", "n", "thing"),
    Noun("picture", "Bild", "n", "thing"), Noun("ship", "Schiff", "n", "thing"), Noun("table", "Tisch", "m", "thing"),
    Noun("chair", "Stuhl", "m", "thing"), Noun("key", "Schlüssel", "m", "thing"), Noun("apple", "Apfel", "m", "thing"),
    Noun("ball", "Ball", "m", "thing"), Noun("coat", "Mantel", "m", "thing"), Noun("lamp", "Lampe", "f", "thing"),
    Noun("clock", "Uhr", "f", "thing"), Noun("flower", "Blume", "f", "thing"), Noun("bag", "Tasche", "f", "thing"),
    Noun("cup", "Tasse", "f", "thing"), Noun("house", "Haus", "n", "fixed"), Noun("window", "Fenster", "n", "fixed"),
    Noun("garden", "Garten", "m", "fixed"), Noun("tree", "Baum", "m", "fixed"), Noun("door", "Tür", "f", "fixed"),
    Noun("city", "Stadt", "f", "fixed"), Noun("bridge", "Brücke", "f", "fixed"), Noun("woman", "Frau", "f", "human"),
    Noun("man", "Mann", "m", "human"), Noun("child", "Kind", "n", "human"), Noun("girl", "Mädchen", "n", "human"),
    Noun("father", "Vater", "m", "human"), Noun("mother", "Mutter", "f", "human"),
    Noun("teacher", "Lehrer", "m", "human"), Noun("dog", "Hund", "m", "animal"), Noun("cat", "Katze", "f", "animal"),
    Noun("horse", "Pferd", "n", "animal"), Noun("bird", "Vogel", "m", "animal"),
)  # fmt: skip
BEINGS = ("human", "animal")

ADJECTIVES = {
    "beautiful": "schön", "old": "alt", "small": "klein", "big": "groß", "good": "gut", "strong": "stark", "new": "neu",
    "red": "rot", "green": "grün", "white": "weiß", "black": "schwarz", "long": "lang", "heavy": "schwer",
    "light": "leicht", "clean": "sauber", "bad": "schlecht", "expensive": "teuer", "cheap": "billig",
}  # fmt: skip
# What a person or an animal can be called; a thing can be any of them.
FOR_BEINGS = ("beautiful", "old", "small", "big", "good", "strong")
# "teuer" loses its e before an ending: ein teures Auto.
STEMS = {"teuer": "teur"}
FEELINGS = {
    "tired": "müde", "happy": "glücklich", "sad": "traurig", "sick": "krank", "hungry": "hungrig", "thirsty": "durstig",
}  # fmt: skip


@dataclass(frozen=True)
class Verb:
    """A verb with an accusative object: third person and base form, third and first person in German."""

    english: str
    english_base: str
    german: str
    german_first: str
    subjects: tuple[str, ...] = BEINGS
    objects: tuple[str, ...] = ("thing", "fixed")


VERBS = (
    Verb("sees", "see", "sieht", "sehe", objects=("human", "animal", "thing", "fixed")),
    Verb("looks for", "look for", "sucht", "suche", objects=("human", "animal", "thing")),
    Verb("finds", "find", "findet", "finde"),
    Verb("needs", "need", "braucht", "brauche", objects=("thing",)),
    Verb("knows", "know", "kennt", "kenne", ("human",), ("human", "fixed")),
    Verb("paints", "paint", "malt", "male", ("human",), ("human", "animal", "thing", "fixed")),
    Verb("has", "have", "hat", "habe", ("human",), ("thing",)),
    Verb("buys", "buy", "kauft", "kaufe", ("human",), ("thing",)),
    Verb("brings", "bring", "bringt", "bringe", ("human",), ("thing",)),
    Verb("sells", "sell", "verkauft", "verkaufe", ("human",), ("thing",)),
)
INTRANSITIVE = {
    "sleeps": "schläft", "waits": "wartet", "plays": "spielt", "runs": "läuft", "stays": "bleibt", "sits": "sitzt",
}  # fmt: skip
NAMES = ("Anna", "Tom", "Mia", "Ben", "Clara", "Paul", "Nora", "Felix")
PLACES = {
    "in the garden": "im Garten", "in the house": "im Haus", "at school": "in der Schule",
    "in the city": "in der Stadt",    "under the tree": "unter dem Baum", "at the window": "am Fenster",
}  # fmt: skip

DEFINITE = {"nominative": {"m": "der", "f": "die", "n": "das"}, "accusative": {"m": "den", "f": "die", "n": "das"}}
INDEFINITE = {
    "nominative": {"m": "ein", "f": "eine", "n": "ein"},
    "accusative": {"m": "einen", "f": "eine", "n": "ein"},
}
# The adjective's ending after the definite and after the indefinite article.
WEAK = {"nominative": {"m": "e", "f": "e", "n": "e"}, "accusative": {"m": "en", "f": "e", "n": "e"}}
MIXED = {"nominative": {"m": "er", "f": "e", "n": "es"}, "accusative": {"m": "en", "f": "e", "n": "es"}}

Pair = tuple[str, str]


def inflect(adjective: str, ending: str) -> str:
    return STEMS.get(adjective, adjective) + ending


def noun_phrase(noun: Noun, case: str, adjective: str | None, *, definite: bool, negated: bool = False) -> Pair:
    """A noun with article and perhaps an adjective. A negated indefinite is "not a" in English and "kein" in German."""
    articles, endings = (DEFINITE, WEAK) if definite else (INDEFINITE, MIXED)
    german = articles[case][noun.gender]
    if negated:
        german = "k" + german
    words = [german, *([inflect(ADJECTIVES[adjective], endings[case][noun.gender])] if adjective else []), noun.german]
    english = " ".join([*([adjective] if adjective else []), noun.english])
    article = "the" if definite else ("an" if english[0] in "aeiou" else "a")
    return f"{article} {english}", " ".join(words)


def noun_of(rng: random.Random, kinds: tuple[str, ...]) -> Noun:
    return rng.choice([noun for noun in NOUNS if noun.kind in kinds])


def maybe_adjective(rng: random.Random, noun: Noun, chance: float) -> str | None:
    if rng.random() >= chance:
        return None
    return rng.choice(FOR_BEINGS if noun.kind in BEINGS else tuple(ADJECTIVES))


def phrase(rng: random.Random, kinds: tuple[str, ...], case: str, adjective: float, definite: float) -> Pair:
    """A noun of one of `kinds`; the two numbers are the chances of an adjective and of a definite article."""
    noun = noun_of(rng, kinds)
    return noun_phrase(noun, case, maybe_adjective(rng, noun, adjective), definite=rng.random() < definite)


def subject(rng: random.Random, kinds: tuple[str, ...] = BEINGS) -> Pair:
    """A person or an animal in the third person singular."""
    draw = rng.random()
    if draw < 0.3:
        name = rng.choice(NAMES)
        return name, name
    if draw < 0.45:
        return rng.choice([("he", "er"), ("she", "sie")])
    return phrase(rng, kinds, "nominative", adjective=0.3, definite=0.8)


def object_of(rng: random.Random, verb: Verb) -> Pair:
    return phrase(rng, verb.objects, "accusative", adjective=0.5, definite=0.5)


def description(rng: random.Random) -> Pair:
    """The table is old. The small table is not old."""
    noun = noun_of(rng, ("human", "animal", "thing", "fixed"))
    first = maybe_adjective(rng, noun, 0.25)
    english, german = noun_phrase(noun, "nominative", first, definite=True)
    qualities = [word for word in (FOR_BEINGS if noun.kind in BEINGS else ADJECTIVES) if word != first]
    quality = rng.choice(qualities)
    qualität = ADJECTIVES[quality]
    if rng.random() < 0.2:
        return f"{english} is not {quality}", f"{german} ist nicht {qualität}"
    if rng.random() < 0.15:
        return f"{english} is very {quality}", f"{german} ist sehr {qualität}"
    return f"{english} is {quality}", f"{german} ist {qualität}"


def state(rng: random.Random) -> Pair:
    """Anna is tired. He is not hungry."""
    who, wer = subject(rng)
    feeling, gefühl = rng.choice(list(FEELINGS.items()))
    if rng.random() < 0.25:
        return f"{who} is not {feeling}", f"{wer} ist nicht {gefühl}"
    return f"{who} is {feeling}", f"{wer} ist {gefühl}"


def action(rng: random.Random) -> Pair:
    """The man buys an old book. I see the green tree."""
    verb = rng.choice(VERBS)
    what, was = object_of(rng, verb)
    if rng.random() < 0.15:
        return f"I {verb.english_base} {what}", f"ich {verb.german_first} {was}"
    who, wer = subject(rng, verb.subjects)
    return f"{who} {verb.english} {what}", f"{wer} {verb.german} {was}"


def denial(rng: random.Random) -> Pair:
    """Tom does not buy the lamp (nicht). She does not have a red car (kein)."""
    verb = rng.choice(VERBS)
    who, wer = subject(rng, verb.subjects)
    noun = noun_of(rng, verb.objects)
    adjective = maybe_adjective(rng, noun, 0.35)
    if rng.random() < 0.5:
        what, was = noun_phrase(noun, "accusative", adjective, definite=True)
        return f"{who} does not {verb.english_base} {what}", f"{wer} {verb.german} {was} nicht"
    what, was = noun_phrase(noun, "accusative", adjective, definite=False, negated=True)
    return f"{who} does not {verb.english_base} {what}", f"{wer} {verb.german} {was}"


def place(rng: random.Random) -> Pair:
    """The cat sleeps under the tree. The key is in the garden."""
    where, wo = rng.choice(list(PLACES.items()))
    if rng.random() < 0.4:
        what, was = phrase(rng, ("thing",), "nominative", adjective=0.3, definite=1.0)
        return f"{what} is {where}", f"{was} ist {wo}"
    (who, wer), (does, tut) = subject(rng), rng.choice(list(INTRANSITIVE.items()))
    return f"{who} {does} {where}", f"{wer} {tut} {wo}"


def two_clauses(rng: random.Random) -> Pair:
    """With "and" and "but" the order stays; after "because" the German verb goes to the end."""
    first, erste = rng.choice([state, action, description])(rng)
    draw = rng.random()
    if draw < 0.4:
        second, zweite = rng.choice([state, action])(rng)
        joint, verbindung = rng.choice([("and", "und"), ("but", ", aber")])
        return f"{first} {joint} {second}", f"{erste} {verbindung} {zweite}".replace(" ,", ",")
    if draw < 0.7:
        who, wer = subject(rng)
        feeling, gefühl = rng.choice(list(FEELINGS.items()))
        return f"{first} because {who} is {feeling}", f"{erste}, weil {wer} {gefühl} ist"
    verb = rng.choice(VERBS)
    (who, wer), (what, was) = subject(rng, verb.subjects), object_of(rng, verb)
    return f"{first} because {who} {verb.english} {what}", f"{erste}, weil {wer} {was} {verb.german}"


def yes_or_no(rng: random.Random) -> Pair:
    """Does Anna see the dog? In German the verb comes first."""
    verb = rng.choice(VERBS)
    (who, wer), (what, was) = subject(rng, verb.subjects), object_of(rng, verb)
    return f"does {who} {verb.english_base} {what}?", f"{verb.german} {wer} {was}?"


KINDS = (description, state, action, denial, place, two_clauses, yes_or_no)
WEIGHTS = (3, 1, 3, 2, 1.5, 3, 1)


def pair(rng: random.Random) -> Pair:
    """One sentence in both languages, capitalized, with its mark at the end."""
    english, german = rng.choices(KINDS, WEIGHTS)[0](rng)
    mark = "" if english.endswith("?") else "."
    return english[0].upper() + english[1:] + mark, german[0].upper() + german[1:] + mark


def pairs(count: int, seed: int, exclude: frozenset[str] = frozenset()) -> list[Pair]:
    """`count` different pairs. `exclude` are English sentences that must not be among them."""
    rng = random.Random(f"pairs {seed}")
    found: dict[str, str] = {}
    while len(found) < count:
        english, german = pair(rng)
        if english not in exclude:
            found[english] = german
    return list(found.items())


def held_out_pairs(count: int = 300, seed: int = 0) -> list[Pair]:
    """Pairs kept out of training: the held-out one first, then a sample of the grammar's."""
    return [*HELD_OUT_PAIRS, *pairs(count - len(HELD_OUT_PAIRS), seed=1_000_000 + seed)]


def training_pairs(count: int, seed: int = 0) -> list[Pair]:
    """Pairs without any of the test's English sentences."""
    return pairs(count, seed, frozenset(english for english, _ in held_out_pairs()))
