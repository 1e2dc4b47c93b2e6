"""Texts with and without addresses and numbers, drawn for redact."""

from torch import Generator

from autograder.exercises.drawing import Arguments, randint
from autograder.exercises.responsible_use.inputs import card_number, in_groups

NAMES = ("ann.lee", "bob_7", "c-d", "Eve", "finn+news", "g%h", "hana.m+2")
LABELS = ("example", "my-shop", "mail", "n3ws", "Uni")
ENDS = ("com", "org", "de", "info", "museum")


def pick(draw: Generator, of: tuple[str, ...]) -> str:
    return of[randint(draw, 0, len(of) - 1)]


def address(draw: Generator) -> str:
    labels = [pick(draw, LABELS) for _ in range(randint(draw, 1, 3))]
    return f"{pick(draw, NAMES)}{randint(draw, 1, 99)}@{'.'.join([*labels, pick(draw, ENDS)])}"


def ip(draw: Generator) -> str:
    return ".".join(str(randint(draw, 0, 255)) for _ in range(4))


def emails(draw: Generator) -> Arguments:
    one, other, third = (address(draw) for _ in range(3))
    return {"text": f"From: <{one}>\nTo: {other}, {third}.  Thanks!"}


def no_emails(draw: Generator) -> Arguments:
    name, label = pick(draw, NAMES), pick(draw, LABELS)
    number = randint(draw, 10, 99)
    return {
        "text": f"{name}@{label} and {name}@{label}.{pick(draw, ('x', 'q'))} and {name}@{label}.{number}, {name} @ "
    }


def ips(draw: Generator) -> Arguments:
    return {"text": f"{ip(draw)} -> {ip(draw)}:443, then 255.{randint(draw, 0, 99)}.0.{randint(draw, 100, 249)}."}


def no_ips(draw: Generator) -> Arguments:
    number = randint(draw, 256, 999)
    digit = randint(draw, 1, 9)
    return {
        "text": f"10.0.{number}.1 or {number}.0.0.{digit}, version {digit}.{digit}.0.{digit}.7, 10.0.0.0{digit},"
        f" {digit}.5.{digit}, 9{digit}92.168.0.{digit}, 10.0.0.{digit}{number}"
    }


def cards(draw: Generator) -> Arguments:
    plain, spaced, hyphened = card_number(draw, 16), card_number(draw, 16), card_number(draw, 19)
    short = card_number(draw, randint(draw, 13, 15))
    return {"text": f"Card {plain}, or {in_groups(spaced, ' ')}; {in_groups(hyphened, '-')} is hers and {short} his."}


def lengths(draw: Generator) -> Arguments:
    return {"text": ", ".join(card_number(draw, length) for length in range(13, 20))}


def odd_groups(draw: Generator) -> Arguments:
    digits = card_number(draw, 15)
    other = card_number(draw, 16)
    return {"text": f"{digits[:4]} {digits[4:10]} {digits[10:]}\n{other[:4]}-{other[4:8]} {other[8:]}!"}


def no_cards(draw: Generator) -> Arguments:
    wrong = [card_number(draw, length, valid=False) for length in (13, 15, 16, 16, 18, 19)]
    short, long = card_number(draw, 12), card_number(draw, 20)
    return {"text": f"Orders {', '.join(wrong)}; {in_groups(wrong[2], ' ')}; {short}, {long}."}


def longer(draw: Generator) -> Arguments:
    """A card number inside a longer row of digits, behind two spaces, across a line, with dots."""
    card, apart, longest = card_number(draw, 16), card_number(draw, 16), card_number(draw, 19)
    digit = randint(draw, 1, 9)
    return {
        "text": f"A{card}0000{card[:3]}, {longest}{digit}, {in_groups(longest, ' ')}-{digit}, {digit}{longest},"
        f" {randint(draw, 1000, 9999)} {in_groups(card, ' ')};"
        f" {apart[:8]}  {apart[8:]}; {apart[:8]}\n{apart[8:]}; {apart[:4]}.{apart[4:]}"
    }


def letter(draw: Generator) -> Arguments:
    return {
        "text": f"  Dear Ms. Müller,\n\n{address(draw)} logged in from {ip(draw)} at 12:30 and  paid 49.90 EUR with\t"
        f"{in_groups(card_number(draw, 16), ' ')}. Call +49 30 1234567 or write to {address(draw)}.\nÄ, ß, 東京 "
    }
