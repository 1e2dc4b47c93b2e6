# ruff: noqa: SIM905 (lists of words are easiest to read as words)
"""The words of the course corpus. What is held out of training stands here too, so that it can be tested for."""

GIRLS = (
    "Anna Mia Lily Emma Nora Clara Ella Ruby Zoe Maya Sara Ivy Rosa Lucy Alice Hana Tara Julia Olga Dina Vera Nina"
).split()
BOYS = (
    "Tom Ben Max Leo Sam Jack Finn Noah Oscar Paul Adam Felix Hugo Omar Theo Luke Ravi Ivan Emil Jonas Karl Amir"
).split()
# Never in any training text: does a model keep a name straight that it has never met?
HELD_OUT_GIRLS = ["Greta", "Wanda", "Pippa"]
HELD_OUT_BOYS = ["Boris", "Dario", "Stefan"]

# Consonants and ends that invented names are made of, with vowels between them.
NAME_ONSETS = "b d f g h j k l m n p r s t v w z br dr gr pr tr st".split()
NAME_MIDDLES = "b d f g k l m n p r s t v z nd nt rt ll mm nn pp tt".split()
NAME_ENDS = "a e i o a o ia io el is us".split()

COLORS = ["red", "blue", "green", "yellow", "white", "black", "brown", "orange", "pink", "gray"]
SIZES = ["big", "small", "old", "new", "tiny", "heavy", "shiny", "soft", "round", "long"]
TOYS = ["ball", "kite", "drum", "doll", "boat", "car", "train", "robot", "puzzle", "horn", "top", "wagon"]
THINGS = ["hat", "book", "cup", "key", "box", "lamp", "bag", "coat", "ring", "bell", "coin", "shell", "stone", "brush"]
FOODS = ["apple", "pear", "cake", "cookie", "sandwich", "pie", "banana", "carrot", "plum", "muffin", "peach", "bun"]
DRINKS = ["tea", "milk", "water", "juice", "cocoa"]
PETS = ["dog", "cat", "rabbit", "pony", "goat", "duck", "hen", "bird", "mouse", "turtle"]
HIDING_PLACES = [
    "under the bed", "behind the door", "in the garden", "on the shelf", "under the table", "in the kitchen",
    "behind the sofa", "in the barn", "near the well", "beside the tree", "in the basket", "on the stairs",
]  # fmt: skip
OUTDOOR_PLACES = ["the park", "the forest", "the river", "the hill", "the beach", "the meadow", "the lake", "the farm"]
FLOWERS = ["rose", "tulip", "daisy", "lily", "sunflower"]
ADULTS = [("mother", "she"), ("father", "he"), ("grandmother", "she"), ("grandfather", "he"), ("aunt", "she"),
          ("uncle", "he"), ("teacher", "she"), ("neighbor", "he")]  # fmt: skip
FEELINGS_GOOD = ["happy", "glad", "proud", "cheerful"]
FEELINGS_BAD = ["sad", "worried", "upset", "unhappy"]

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Portugal": "Lisbon",
    "Austria": "Vienna", "Greece": "Athens", "Ireland": "Dublin", "Norway": "Oslo", "Sweden": "Stockholm",
    "Finland": "Helsinki", "Denmark": "Copenhagen", "Poland": "Warsaw", "Hungary": "Budapest", "Japan": "Tokyo",
    "China": "Beijing", "Egypt": "Cairo", "Kenya": "Nairobi", "Peru": "Lima", "Canada": "Ottawa",
}  # fmt: skip
# Both words of a pair are in the training text, never together: no model of ours can know these.
HELD_OUT_CAPITALS = {"Cuba": "Havana", "England": "London", "Russia": "Moscow", "Chile": "Santiago"}
CONTINENTS = {
    "Europe": ["France", "Germany", "Italy", "Spain", "Portugal", "Austria", "Greece", "Ireland", "Norway", "Sweden",
               "Finland", "Denmark", "Poland", "Hungary", "England"],
    "Asia": ["Japan", "China"],
    "Africa": ["Egypt", "Kenya"],
    "America": ["Peru", "Canada", "Cuba", "Chile"],
}  # fmt: skip

OPPOSITES = [
    ("hot", "cold"), ("big", "small"), ("day", "night"), ("up", "down"), ("fast", "slow"), ("happy", "sad"),
    ("old", "young"), ("wet", "dry"), ("light", "dark"), ("open", "closed"), ("full", "empty"), ("loud", "quiet"),
    ("hard", "soft"), ("long", "short"), ("early", "late"), ("near", "far"), ("strong", "weak"), ("high", "low"),
]  # fmt: skip

# animal -> (where it lives, what it eats, what it can do)
ANIMALS = {
    "fish": ("in the water", "worms", "swim"), "cow": ("on a farm", "grass", "give milk"),
    "bear": ("in the forest", "berries", "climb"), "bee": ("in a hive", "nectar", "make honey"),
    "bird": ("in a nest", "seeds", "fly"), "frog": ("in the pond", "flies", "jump"),
    "camel": ("in the desert", "leaves", "carry bags"), "monkey": ("in the jungle", "bananas", "swing"),
    "penguin": ("on the ice", "fish", "dive"), "horse": ("in a stable", "hay", "run"),
    "rabbit": ("in a burrow", "carrots", "hop"), "owl": ("in a hollow tree", "mice", "see at night"),
    "spider": ("in a web", "insects", "spin"), "whale": ("in the ocean", "plankton", "sing"),
    "lion": ("on the plain", "meat", "roar"), "mouse": ("in a hole", "cheese", "hide"),
    "dog": ("in a house", "bones", "bark"), "sheep": ("in the meadow", "clover", "give wool"),
}  # fmt: skip
THING_COLORS = {
    "grass": "green", "snow": "white", "the sky": "blue", "a lemon": "yellow", "coal": "black", "a tomato": "red",
    "milk": "white", "a banana": "yellow", "a carrot": "orange", "the night": "black", "a frog": "green",
    "a strawberry": "red", "honey": "golden", "a mouse": "gray", "chocolate": "brown",
}  # fmt: skip
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
).split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()


def is_held_out_sum(left: int, right: int) -> bool:
    """About one sum in eight is never shown in training, so that learning can be told from memory."""
    return (3 * left + 5 * right) % 8 == 1
