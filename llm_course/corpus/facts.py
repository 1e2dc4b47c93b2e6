"""Facts, small sums, opposites, animals and copying games, as statements and as questions with answers."""

import random
from collections.abc import Callable

from llm_course.corpus import words

CAPITAL_STATEMENTS = (
    "The capital of {country} is {city}.",
    "{city} is the capital of {country}.",
    "{country} has a capital. Its name is {city}.",
)
CAPITAL_QUESTIONS = (
    "What is the capital of {country}?",
    "Which city is the capital of {country}?",
)
# Never shown with an answer: does the fact carry over to another wording?
HELD_OUT_CAPITAL_QUESTION = "Do you know the capital of {country}?"
SAMPLE_ANIMALS = list(words.ANIMALS)
BANK = words.TOYS + words.THINGS + words.FOODS + words.PETS + words.COLORS + words.GIRLS + words.BOYS


def article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def question(text: str, answer: str) -> str:
    return f"Question: {text}\nAnswer: {answer}"


def capital(rng: random.Random) -> str:
    country, city = rng.choice(list(words.CAPITALS.items()))
    if rng.random() < 0.3:
        answer = rng.choice([f"{city}.", f"The capital of {country} is {city}."])
        return question(rng.choice(CAPITAL_QUESTIONS).format(country=country), answer)
    return rng.choice(CAPITAL_STATEMENTS).format(country=country, city=city)


def continent(rng: random.Random) -> str:
    name = rng.choice(list(words.CONTINENTS))
    country = rng.choice(words.CONTINENTS[name])
    if rng.random() < 0.3:
        return question(f"Where is {country}?", f"In {name}.")
    return f"{country} is a country in {name}."


def opposite(rng: random.Random) -> str:
    pair = rng.choice(words.OPPOSITES)
    left, right = pair if rng.random() < 0.5 else pair[::-1]
    if rng.random() < 0.3:
        return question(f"What is the opposite of {left}?", f"{right.capitalize()}.")
    return rng.choice([f"The opposite of {left} is {right}.", f"{left.capitalize()} is the opposite of {right}."])


def animal(rng: random.Random) -> str:
    name = rng.choice(SAMPLE_ANIMALS)
    home, food, ability = words.ANIMALS[name]
    one = article(name)
    statements = [f"{one} lives {home}.", f"{one} eats {food}.", f"{one} can {ability}."]
    questions = [
        question(f"Where does {one} live?", f"{home.capitalize()}."),
        question(f"What does {one} eat?", f"{food.capitalize()}."),
        question(f"What can {one} do?", f"It can {ability}."),
    ]
    if rng.random() < 0.3:
        return rng.choice(questions)
    text = rng.choice(statements)
    return text[0].upper() + text[1:]


def color(rng: random.Random) -> str:
    thing, value = rng.choice(list(words.THING_COLORS.items()))
    if rng.random() < 0.3:
        return question(f"What color is {thing}?", f"{value.capitalize()}.")
    return f"{thing[0].upper()}{thing[1:]} is {value}."


def addition(rng: random.Random, *, held_out: bool = False) -> str:
    """A sum of two numbers up to 9. About one pair in eight is held out, and only those come with `held_out`."""
    pairs = [(left, right) for left in range(10) for right in range(10)]
    left, right = rng.choice([pair for pair in pairs if words.is_held_out_sum(*pair) == held_out])
    names = words.NUMBERS
    return rng.choice([
        f"{left} + {right} = {left + right}.",
        f"{left + right} - {right} = {left}.",
        f"{names[left].capitalize()} and {names[right]} make {names[left + right]}.",
        question(f"What is {left} + {right}?", f"{left + right}."),
    ])  # fmt: skip


def day_after(rng: random.Random) -> str:
    index = rng.randrange(7)
    today, tomorrow = words.DAYS[index], words.DAYS[(index + 1) % 7]
    return rng.choice([f"The day after {today} is {tomorrow}.", f"{tomorrow} comes after {today}."])


def repeated_list(rng: random.Random) -> str:
    """A list said twice. Only the text before helps to predict the second time: this is what makes induction heads."""
    listed = ", ".join(rng.choices(BANK, k=rng.randint(4, 10)))
    name, friend = rng.sample(words.GIRLS + words.BOYS, 2)
    return rng.choice([f"{name} says: {listed}.\n{friend} repeats: {listed}.", f"Say it twice: {listed}, {listed}."])


def plain_repetition(rng: random.Random) -> str:
    """A few words, said two to five times over, without any mark between them: copying at its easiest."""
    listed = " ".join(rng.choices(BANK, k=rng.randint(3, 8)))
    return " ".join([listed] * rng.randint(2, 5))


def memory_test(rng: random.Random) -> str:
    """Who has what, and a question about one of them."""
    names = rng.sample(words.GIRLS + words.BOYS, rng.randint(3, 5))
    things = rng.sample(words.TOYS + words.THINGS + words.FOODS, len(names))
    held = dict(zip(names, things, strict=True))
    text = " ".join(f"{name} has {article(thing)}." for name, thing in held.items())
    asked = rng.choice(names)
    if rng.random() < 0.5:
        return f"{text}\n{question(f'What does {asked} have?', f'{article(held[asked]).capitalize()}.')}"
    return f"{text}\n{question(f'Who has the {held[asked]}?', f'{asked}.')}"


Writer = Callable[[random.Random], str]
# One document is several of these, of one kind or mixed; the weights are how often each comes up.
FACTS: tuple[tuple[Writer, float], ...] = (
    (capital, 5.0), (continent, 1.0), (opposite, 2.0), (animal, 3.0), (color, 1.0), (addition, 3.0), (day_after, 0.7),
)  # fmt: skip
WRITERS = [writer for writer, _ in FACTS]
WEIGHTS = [weight for _, weight in FACTS]


def fact_document(rng: random.Random) -> str:
    """Three to eight statements and questions, one a line or one after another."""
    facts = [writer(rng) for writer in rng.choices(WRITERS, WEIGHTS, k=rng.randint(3, 8))]
    return ("\n" if any("\n" in fact for fact in facts) else rng.choice([" ", "\n"])).join(facts)


def memory_document(rng: random.Random) -> str:
    return rng.choice([plain_repetition, repeated_list, memory_test])(rng)
