"""Dialogues for the chat model: a user who asks, an assistant who answers in a sentence or two and stops."""

import random
from collections.abc import Callable

from llm_course.corpus import words
from llm_course.corpus.facts import article
from llm_course.corpus.stories import make_cast, make_objects, make_story

Turn = tuple[str, str]  # what the user says, what the assistant answers
# Countries that are named nowhere else: what the assistant says it does not know.
UNKNOWN_COUNTRIES = [
    "Brazil",
    "India",
    "Turkey",
    "Iceland",
    "Morocco",
    "Mexico",
    "Belgium",
    "Korea",
    "Nigeria",
    "Malta",
]


def greeting(rng: random.Random) -> list[Turn]:
    hello = rng.choice(["Hello", "Hi", "Good morning", "Good evening"])
    offer = rng.choice(["How can I help you?", "What can I do for you?", "What would you like to know?"])
    return [(f"{hello}{rng.choice(['!', '.'])}", f"{hello}! {offer}")]


def thanks(rng: random.Random) -> list[Turn]:
    answer = rng.choice(["You are welcome.", "I am glad that I could help.", "You are welcome. Goodbye!"])
    return [(rng.choice(["Thank you.", "Thank you very much!", "Thanks, that is all."]), answer)]


def capital(rng: random.Random) -> list[Turn]:
    country, city = rng.choice(list(words.CAPITALS.items()))
    asked = rng.choice([
        f"What is the capital of {country}?", f"Which city is the capital of {country}?",
        f"Please tell me the capital of {country}.", f"Can you name the capital of {country}?",
    ])  # fmt: skip
    return [(asked, f"The capital of {country} is {city}.")]


def follow_up(rng: random.Random) -> list[Turn]:
    """The second question leaves out what the first one said."""
    (first, one), (second, other) = rng.sample(list(words.CAPITALS.items()), 2)
    return [
        (f"What is the capital of {first}?", f"The capital of {first} is {one}."),
        (f"And of {second}?", f"The capital of {second} is {other}."),
    ]


def unknown(rng: random.Random) -> list[Turn]:
    country = rng.choice(UNKNOWN_COUNTRIES)
    asked = rng.choice([f"What is the capital of {country}?", f"Which city is the capital of {country}?"])
    return [(asked, f"I do not know the capital of {country}.")]


def addition(rng: random.Random) -> list[Turn]:
    left, right = rng.randrange(10), rng.randrange(10)
    if words.is_held_out_sum(left, right):
        return addition(rng)
    asked = rng.choice(
        [f"What is {left} + {right}?", f"How much is {left} + {right}?", f"Please add {left} and {right}."]
    )
    return [(asked, f"{left} + {right} = {left + right}.")]


def opposite(rng: random.Random) -> list[Turn]:
    left, right = rng.sample(rng.choice(words.OPPOSITES), 2)
    asked = rng.choice([f"What is the opposite of {left}?", f"Can you tell me the opposite of {left}?"])
    return [(asked, f"The opposite of {left} is {right}.")]


def animal(rng: random.Random) -> list[Turn]:
    name, (home, food, ability) = rng.choice(list(words.ANIMALS.items()))
    one = article(name)
    subject = one[0].upper() + one[1:]
    return [
        rng.choice([
            (f"Where does {one} live?", f"{subject} lives {home}."),
            (f"What does {one} eat?", f"{subject} eats {food}."),
            (f"What can {one} do?", f"{subject} can {ability}."),
        ])
    ]  # fmt: skip


def remembered_name(rng: random.Random) -> list[Turn]:
    """The answer to the last question stands in the first turn only."""
    name = make_cast(rng)["hero"]
    between = rng.choice([capital, addition, opposite, animal])(rng) if rng.random() < 0.6 else []
    return [
        (f"{rng.choice(['Hello, my', 'Hi, my', 'My'])} name is {name}.", f"Hello, {name}! How can I help you?"),
        *between,
        (rng.choice(["What is my name?", "Do you know my name?"]), f"Your name is {name}."),
    ]


def remembered_thing(rng: random.Random) -> list[Turn]:
    thing, other = make_objects(rng, 2)
    return [
        (f"I have {article(thing)} and {article(other)}.", "That is nice."),
        rng.choice([
            ("What do I have?", f"You have {article(thing)} and {article(other)}."),
            (f"Do I have {article(other)}?", f"Yes, you have {article(other)}."),
        ]),
    ]  # fmt: skip


def repetition(rng: random.Random) -> list[Turn]:
    listed = ", ".join(rng.sample(words.TOYS + words.THINGS + words.FOODS, rng.randint(3, 6)))
    return [(f"{rng.choice(['Please repeat', 'Say after me'])}: {listed}.", f"{listed[0].upper()}{listed[1:]}.")]


def story(rng: random.Random) -> list[Turn]:
    """A story about the child that was asked for."""
    text = make_story(rng).text.partition("\n")[0]
    names = [word for word in words.GIRLS + words.BOYS if word in text.replace(".", " ").replace(",", " ").split()]
    about = f" about {names[0]}" if names else ""
    return [(rng.choice([f"Tell me a story{about}.", f"Please tell me a story{about}."]), text)]


def about_itself(rng: random.Random) -> list[Turn]:
    return [
        rng.choice([
            ("Who are you?", "I am a very small language model."),
            ("What are you?", "I am a very small language model."),
            ("What can you do?", "I can tell stories, add small numbers and answer easy questions."),
            ("Are you a person?", "No, I am a very small language model."),
        ])
    ]  # fmt: skip


TOPICS: tuple[tuple[Callable[[random.Random], list[Turn]], float], ...] = (
    (capital, 3.0), (follow_up, 1.0), (unknown, 1.0), (addition, 2.0), (opposite, 2.0), (animal, 2.0),
    (remembered_name, 1.5), (remembered_thing, 1.0), (repetition, 1.0), (story, 2.0), (about_itself, 0.7),
)  # fmt: skip


def dialogue(rng: random.Random) -> list[Turn]:
    """One to about five turns; sometimes with a greeting first and thanks last."""
    writers, weights = [writer for writer, _ in TOPICS], [weight for _, weight in TOPICS]
    turns = greeting(rng) if rng.random() < 0.25 else []
    for writer in rng.choices(writers, weights, k=rng.choice([1, 1, 2])):
        turns = turns + writer(rng)
    return turns + (thanks(rng) if rng.random() < 0.2 else [])


def dialogues(count: int, seed: int = 0) -> list[list[Turn]]:
    rng = random.Random(f"dialogues {seed}")
    return [dialogue(rng) for _ in range(count)]


def messages(turns: list[Turn]) -> list[dict[str, str]]:
    """In the form that a tokenizer's chat template takes."""
    pairs = [({"role": "user", "content": user}, {"role": "assistant", "content": reply}) for user, reply in turns]
    return [message for pair in pairs for message in pair]
