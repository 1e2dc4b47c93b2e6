"""What goes wrong in redact: addresses, numbers and Luhn's check, one after another."""

import re

from autograder.exercises.mistakes import Mistakes
from solutions import responsible_use

DO_EMAILS = 're.sub(email, "[EMAIL]", text)'
DO_IPS = 're.sub(ipv4, "[IP]", text)'
DO_CARDS = 're.sub(digits, lambda found: "[CARD]" if is_card(found[0]) else found[0], text)'
IS_CARD = "is_card(found[0])"
LOCAL, DOMAIN = "[A-Za-z0-9._%+-]+", r"([A-Za-z0-9-]+\.)+[A-Za-z]{2,}"
BEFORE, BEHIND = "(?<![0-9])(?<![0-9][.])", "(?![0-9])(?![.][0-9])"

known = Mistakes(responsible_use.redact, section="responsible-use-redaction")


def emails(before: str = LOCAL, domain: str = DOMAIN) -> dict[str, str]:
    """Another pattern for what stands before the @, or behind it."""
    return {DO_EMAILS: f're.sub(r"{before}@{domain}", "[EMAIL]", text)'}


def ips(octet: str = "{octet}", before: str = BEFORE, behind: str = BEHIND, dot: str = "[.]") -> dict[str, str]:
    """Other patterns for an address and what stands around it, as they are in an f-string that knows {octet}."""
    return {DO_IPS: f're.sub(rf"{before}{octet}(?:{dot}{octet}){{{{3}}}}{behind}", "[IP]", text)'}


def cards(pattern: str, is_card: str = IS_CARD) -> dict[str, str]:
    return {DO_CARDS: f're.sub(r"{pattern}", lambda found: "[CARD]" if {is_card} else found[0], text)'}


known.edit("emails_kept", {DO_EMAILS: "text"}, "Your text keeps its e-mail addresses.")
known.edit(
    "email_until_the_next_space",
    emails(r"\S+", r"\S+"),
    "You take everything up to the next space, so that brackets, commas and full stops disappear, and things that are "
    "no address. Say which characters an address is made of.",
)
known.edit(
    "email_swallows_the_full_stop",
    emails(domain="[A-Za-z0-9.-]+"),
    "Your domain may end with a dot, and may have none at all. The full stop of a sentence is no part of an address, "
    "and ann@localhost is none: the domain ends with a dot and at least two letters.",
)
known.edit(
    "email_of_word_characters",
    emails(r"[\w.+-]+", r"[\w.-]+"),
    "Your domain may be any run of word characters and dots. It has at least one dot, and its last label is at least "
    "two letters; the full stop of a sentence is no part of it.",
)
known.edit(
    "email_of_words_and_dots",
    emails(r"[\w.]+", r"[\w.]+"),
    "You take a run of word characters and dots on both sides. The name may have % + - in it, the domain hyphens, and "
    "the full stop of a sentence is no part of it.",
)
known.edit(
    "email_of_three_words",
    emails(r"\w+", r"\w+\.\w+"),
    "You take one word, an @, and two words with a dot. The name may have . % + - in it, the domain more dots and "
    "hyphens, and its last label has letters only.",
)
known.edit(
    "email_of_anything_but_spaces",
    emails("[^@ ]+", r"[^@ ]+\.[^@ ]+"),
    "You take whatever is no space: brackets, commas and full stops disappear. Say which characters an address is made "
    "of.",
)
known.edit(
    "email_with_two_dots_in_a_row",
    emails(domain=r"[A-Za-z0-9.-]+\.[A-Za-z]{2,}"),
    "Your domain may have two dots in a row. Between two dots stands a label.",
)
known.edit(
    "email_without_a_dot",
    emails(domain=r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"),
    "You take ann@localhost for an address. A domain has at least one dot, and a last label of letters.",
)
known.edit(
    "email_with_a_short_last_label",
    emails(domain=r"([A-Za-z0-9-]+\.)+[A-Za-z]+"),
    "You accept a last label of one letter. It has at least two.",
)
known.edit(
    "email_with_digits_in_the_last_label",
    emails(domain=r"([A-Za-z0-9-]+\.)+[A-Za-z0-9]{2,}"),
    "You accept digits in the last label of a domain. It has letters only.",
)
known.edit(
    "email_with_three_letters_at_most",
    emails(domain=r"([A-Za-z0-9-]+\.)+[A-Za-z]{2,3}"),
    "Your last label has three letters at most: .info and .museum leave a rest.",
)
known.edit(
    "email_with_two_or_four_letters_at_most",
    emails(domain=r"([A-Za-z0-9-]+\.)+[A-Za-z]{2,4}"),
    "Your last label has four letters at most: .museum leaves a rest.",
)
known.edit(
    "email_missed_above_three_letters",
    emails(domain=r"([A-Za-z0-9-]+\.)+[A-Za-z]{2,3}\b"),
    "Your last label has three letters at most, so addresses in .info and .museum stay. It has at least two, and no "
    "most.",
)
known.edit(
    "email_missed_above_four_letters",
    emails(domain=r"([A-Za-z0-9-]+\.)+[A-Za-z]{2,4}\b"),
    "Your last label has four letters at most, so an address in .museum stays. It has at least two, and no most.",
)
known.edit(
    "email_with_one_dot",
    emails(domain=r"[A-Za-z0-9-]+\.[A-Za-z]{2,}"),
    "Your domain has one dot only. Of ann@mail.example.com something stays: repeat the labels.",
)
known.edit(
    "email_in_lower_case",
    emails("[a-z0-9._%+-]+", r"([a-z0-9-]+\.)+[a-z]{2,}"),
    "Your addresses are in lower case only. Capitals may stand in them.",
)
known.edit(
    "email_without_plus",
    emails("[A-Za-z0-9._-]+"),
    "The part before the @ may have % and + in it: of ann+news@example.com you leave the beginning.",
)
known.edit(
    "email_of_letters_and_digits",
    emails("[A-Za-z0-9]+"),
    "The part before the @ may have . _ % + - in it: you leave its beginning.",
)
known.edit(
    "email_of_word_characters_before",
    emails(r"\w+"),
    "The part before the @ may have . % + - in it: you leave its beginning.",
)
known.edit(
    "email_without_a_hyphen",
    emails(domain=r"([A-Za-z0-9]+\.)+[A-Za-z]{2,}"),
    "A label of a domain may have hyphens in it.",
)
known.edit(
    "email_name_kept",
    emails(""),
    "You replace the domain and leave the name before the @.",
)
known.edit(
    "first_email_only",
    {DO_EMAILS: DO_EMAILS.replace(", text)", ", text, count=1)")},
    "You replace the first address only.",
)
known.edit(
    "dot_of_the_email_unescaped",
    emails(domain="([A-Za-z0-9-]+.)+[A-Za-z]{2,}"),
    "A dot in a regular expression stands for any character, so that your labels may end with a space. Write \\. for a "
    "dot.",
)

known.edit("ips_kept", {DO_IPS: "text"}, "Your text keeps its IPv4 addresses.")
known.edit(
    "ip_of_any_numbers",
    ips("[0-9]+"),
    "You accept any four numbers. An octet is from 0 to 255, without leading zeros.",
)
known.edit(
    "ip_up_to_999",
    ips("[0-9]{{1,3}}"),
    "You accept octets up to 999, and leading zeros. An octet is from 0 to 255.",
)
known.edit(
    "ip_of_short_numbers_anywhere",
    ips("[0-9]{{1,3}}", before="", behind=""),
    "You accept octets up to 999, and four numbers out of a longer row. An octet is from 0 to 255, and 1.2.3.4.5 is "
    "no address.",
)
known.edit(
    "ip_of_short_numbers_between_boundaries",
    ips("[0-9]{{1,3}}", before=r"\b", behind=r"\b"),
    "You accept octets up to 999, and \\b lets four numbers out of a longer row pass. An octet is from 0 to 255, and "
    "1.2.3.4.5 is no address.",
)
known.edit(
    "ip_with_leading_zeros",
    ips("(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])"),
    "You accept leading zeros: 10.0.0.07 is no address here.",
)
known.edit(
    "ip_inside_a_longer_number",
    ips(before="", behind=""),
    "You find addresses inside longer numbers: 1192.168.0.1 and 1.2.3.4.5 hold none. Look at what stands before and "
    "behind.",
)
known.edit(
    "ip_between_word_boundaries",
    ips(before=r"\b", behind=r"\b"),
    "\\b holds longer numbers off, but not a longer row: between a digit and a dot there is a boundary, and of "
    "1.2.3.4.5 you replace a part.",
)
known.edit(
    "ip_not_before_a_full_stop",
    ips(before="(?<![0-9.])", behind="(?![0-9.])"),
    "You miss an address at the end of a sentence: the dot behind it is a full stop, as no digit follows.",
)
known.edit(
    "ip_only_the_end_is_looked_at",
    ips(before=""),
    "You look at what follows an address, and not at what stands before: in 1192.168.0.1 and 1.2.3.4.5 there is none.",
)
known.edit(
    "ip_only_the_start_is_looked_at",
    ips(behind=""),
    "You look at what stands before an address, and not at what follows: in 192.168.0.1234 and 1.2.3.4.5 there is "
    "none.",
)
known.edit(
    "ip_up_to_254",
    ips("(?:25[0-4]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"),
    "You leave out 255. An octet is from 0 to 255, both included.",
)
known.edit(
    "ip_up_to_256",
    ips("(?:25[0-6]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"),
    "You accept 256. An octet is from 0 to 255.",
)
known.edit(
    "ip_without_zero",
    ips("(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]?)"),
    "You leave out octets of 0. An octet is from 0 to 255, both included.",
)
known.edit(
    "ip_with_any_separator",
    ips(dot="."),
    "In a regular expression a dot stands for any character, so that 10-0-0-7 is an address for you. Write \\. for a "
    "dot.",
)
known.edit(
    "first_ip_only", {DO_IPS: DO_IPS.replace(", text)", ", text, count=1)")}, "You replace the first IP address only."
)

known.edit("cards_kept", {DO_CARDS: "text"}, "Your text keeps its card numbers.")
known.edit(
    "no_luhn",
    cards(r"[0-9](?:[ -]?[0-9])*", "13 <= sum(map(str.isdigit, found[0])) <= 19"),
    "You replace every run of 13 to 19 digits. A card number passes Luhn's check; order numbers mostly do not.",
)
known.edit(
    "no_luhn_sixteen_digits",
    cards(r"(?<![0-9])[0-9]{4}(?:[ -]?[0-9]{4}){3}(?![0-9])", "True"),
    "You replace every group of sixteen digits, without Luhn's check, and no other length. A card number has 13 to 19 "
    "digits and passes the check.",
)
LENGTH = "13 <= len(d := [int(c) for c in found[0] if c.isdigit()]) <= 19"


def luhn(value: str, digits: str = "reversed(d)") -> dict[str, str]:
    """Another sum over the places i and digits v."""
    return {IS_CARD: f"({LENGTH} and sum({value} for i, v in enumerate({digits})) % 10 == 0)"}


known.edit(
    "luhn_from_the_left",
    luhn("(2 * v - 9 * (v > 4) if i % 2 == 0 else v)", "d"),
    "You double every second digit counted from the *left*. For 16 digits that is the same as from the right, for 13, "
    "15 or 19 it is not: begin with the last but one.",
)
known.edit(
    "luhn_from_the_left_beginning_with_the_second",
    luhn("(2 * v - 9 * (v > 4) if i % 2 else v)", "d"),
    "You double every second digit counted from the *left*, beginning with the second. That fits 13, 15 and 19 digits, "
    "not 16: begin with the last but one, and go to the left.",
)
known.edit(
    "luhn_doubles_the_last",
    luhn("(2 * v - 9 * (v > 4) if i % 2 == 0 else v)"),
    "You double the last digit, too. The doubling begins with the last but one.",
)
known.edit(
    "luhn_without_taking_nine",
    luhn("(2 * v if i % 2 else v)"),
    "You take a doubled digit above 9 as it is, or only its last digit. Its two digits are added: 16 counts 1 + 6, "
    "which is 16 - 9.",
)
known.edit(
    "luhn_nine_from_nine_on",
    luhn("(2 * v - 9 * (2 * v > 10) if i % 2 else v)"),
    "You take 9 off from 11 on. A doubled 5 is 10, which counts 1 + 0.",
)
known.edit(
    "luhn_all_doubled",
    luhn("(2 * v - 9 * (v > 4))"),
    "You double all digits. Luhn's check doubles every second one.",
)
known.edit(
    "digit_sum",
    luhn("v"),
    "You add the digits as they are. Luhn's check doubles every second one first.",
)
known.edit(
    "luhn_check_turned",
    {IS_CARD: f"({LENGTH} and not is_card(found[0]))"},
    "You replace the numbers that *fail* Luhn's check.",
)
known.edit(
    "sixteen_digits_only",
    {IS_CARD: f"({IS_CARD} and sum(map(str.isdigit, found[0])) == 16)"},
    "You look for 16 digits only. Card numbers have 13 to 19: those of American Express, for one, have 15.",
)
known.edit(
    "sixteen_digits_at_most",
    {IS_CARD: f"({IS_CARD} and sum(map(str.isdigit, found[0])) <= 16)"},
    "You stop at 16 digits. Card numbers have 13 to 19.",
)
known.edit(
    "fourteen_digits_at_least",
    {IS_CARD: f"({IS_CARD} and sum(map(str.isdigit, found[0])) > 13)"},
    "You begin at 14 digits or later. Card numbers have 13 to 19.",
)
known.edit(
    "eighteen_digits_at_most",
    {IS_CARD: f"({IS_CARD} and sum(map(str.isdigit, found[0])) < 19)"},
    "You leave out numbers of 19 digits. Card numbers have 13 to 19, both included.",
)
known.edit(
    "short_numbers_too",
    {"13 <= len(numbers) <= 19": "len(run) > 1"},
    "You replace short or long numbers that happen to pass Luhn's check. A card number has 13 to 19 digits.",
)
known.edit(
    "twelve_digits",
    {"13 <=": "12 <="},
    "You accept twelve digits. A card number has 13 to 19.",
)
known.edit(
    "twenty_digits",
    {"<= 19": "<= 20"},
    "You accept twenty digits. A card number has 13 to 19.",
)
known.edit(
    "no_separators",
    cards(r"[0-9]+"),
    "You find card numbers without spaces and hyphens only. Between two digits one of them may stand.",
)
known.edit(
    "spaces_only",
    cards(r"[0-9](?: ?[0-9])*"),
    "You allow spaces between the digits, but no hyphens.",
)
known.edit(
    "hyphens_only",
    cards(r"[0-9](?:-?[0-9])*"),
    "You allow hyphens between the digits, but no spaces.",
)
known.edit(
    "several_separators",
    cards(r"[0-9](?:[ -]*[0-9])*"),
    "You allow several spaces or hyphens between two digits. One at most belongs to a number: behind two the next "
    "one begins.",
)
known.edit(
    "any_space",
    cards(r"[0-9](?:[\s-]?[0-9])*"),
    "You let a line break stand between the digits of one number. Only a space or a hyphen may.",
)
known.edit(
    "dots_too",
    cards(r"[0-9](?:[ .-]?[0-9])*"),
    "You let a dot stand between the digits of one number. Only a space or a hyphen may.",
)
known.edit(
    "separator_swallowed",
    cards(r"(?<![0-9])(?<![0-9][ -])(?:[0-9][ -]?){13,19}(?![0-9])"),
    "You swallow the space behind the number. A separator stands *between* two digits: [0-9](?:[ -]?[0-9])*.",
)
known.edit(
    "separator_swallowed_and_a_part_taken",
    cards(r"(?:[0-9][ -]?){13,19}"),
    "You swallow the space behind the number, and take 19 digits out of a longer one. A separator stands *between* two "
    "digits, and the run is the longest there is: [0-9](?:[ -]?[0-9])*.",
)
known.edit(
    "separator_swallowed_behind_any_run",
    cards(r"(?:[0-9][ -]?)+"),
    "You swallow the space behind the number. A separator stands *between* two digits: [0-9](?:[ -]?[0-9])*, and not a "
    "digit and a separator again and again.",
)
known.edit(
    "part_of_a_longer_number",
    cards(r"[0-9](?:[ -]?[0-9]){12,18}"),
    "You take 19 digits out of a longer number. The run is the longest there is; if it has more than 19 digits, it "
    "stays.",
)
known.edit(
    "separator_swallowed_up_to_a_boundary",
    cards(r"\b(?:[0-9][ -]?){13,19}\b"),
    "You let a separator stand behind the last digit: a space there is swallowed wherever a word follows. It stands "
    "*between* two digits: [0-9](?:[ -]?[0-9])*.",
)
known.edit(
    "digits_and_separators_in_any_order",
    cards(r"[0-9 -]+"),
    "Your run is any mixture of digits, spaces and hyphens, so that spaces around a number are swallowed. One "
    "separator at most stands between two digits.",
)
known.edit(
    "four_groups_of_four",
    cards(r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}"),
    "You look for four groups of four digits. A card number has 13 to 19 digits, in any groups.",
)
known.edit(
    "groups_of_four",
    cards(r"(?<![0-9])(?<![0-9][ -])[0-9]{4}(?:[ -]?[0-9]{4}){2,3}(?:[ -]?[0-9]{1,3})?(?![ -]?[0-9])"),
    "You expect groups of four digits. A separator may stand between any two: an American Express card shows 4, 6 "
    "and 5.",
)
known.edit(
    "word_boundary_for_the_run",
    cards(r"\b[0-9](?:[ -]?[0-9]){12,18}\b"),
    "You hold longer numbers off with \\b. Between a digit and a space or hyphen there is a boundary, too, so that you "
    "take 19 digits out of a longer row in groups.",
)
known.edit(
    "first_card_only",
    {DO_CARDS: DO_CARDS.replace(", text)", ", text, count=1)")},
    "You look at the first run of digits only.",
)
known.edit(
    "last_four_digits_kept",
    {'"[CARD]" if': '"[CARD]" + found[0][-4:] if'},
    "You keep the last four digits. The whole number becomes [CARD].",
)


@known.function(
    "You look for a card at every place, and find one inside a longer number. The run is the longest there is."
)
def window_inside_a_run(text: str) -> str:
    text = re.sub(r"\S*@\S*|[0-9]+(?:[.][0-9]+)+", lambda found: responsible_use.redact(found[0]), text)

    def redacted(found: re.Match[str]) -> str:
        run = found[0]
        for length in range(len(run), 12, -1):
            for start in range(len(run) - length + 1):
                part = run[start : start + length]
                if part[0].isdigit() and part[-1].isdigit() and responsible_use.redact(part) == "[CARD]":
                    return run[:start] + "[CARD]" + run[start + length :]
        return run

    return re.sub("[0-9](?:[ -]?[0-9])*", redacted, text)


known.edit(
    "removed",
    {
        DO_EMAILS: 're.sub(email, "", text)',
        DO_IPS: 're.sub(ipv4, "", text)',
        '"[CARD]" if': '"" if',
    },
    "You remove what you find. Put [EMAIL], [IP] or [CARD] in its place, so that a reader sees that something stood "
    "there, and what.",
)
known.edit(
    "stars",
    {
        DO_EMAILS: 're.sub(email, lambda found: "*" * len(found[0]), text)',
        DO_IPS: 're.sub(ipv4, lambda found: "*" * len(found[0]), text)',
        '"[CARD]" if': '"*" * len(found[0]) if',
    },
    "You put stars in place of what you find. Their number tells how long it was: put [EMAIL], [IP] or [CARD].",
)
known.edit(
    "marks_in_angle_brackets",
    {'"[EMAIL]"': '"<EMAIL>"', '"[IP]"': '"<IP>"', '"[CARD]"': '"<CARD>"'},
    "Your marks have angle brackets. They are [EMAIL], [IP] and [CARD].",
)
known.edit(
    "one_mark_for_all",
    {'"[EMAIL]"': '"[REDACTED]"', '"[IP]"': '"[REDACTED]"', '"[CARD]"': '"[REDACTED]"'},
    "You put one mark for all three. A reader should see what stood there: [EMAIL], [IP] and [CARD].",
)
known.edit(
    "lower_case_marks",
    {'"[EMAIL]"': '"[email]"', '"[IP]"': '"[ip]"', '"[CARD]"': '"[card]"'},
    "Your marks are in lower case. They are [EMAIL], [IP] and [CARD].",
)
known.edit(
    "marks_without_brackets",
    {'"[EMAIL]"': '"EMAIL"', '"[IP]"': '"IP"', '"[CARD]"': '"CARD"'},
    "Your marks have no brackets. They are [EMAIL], [IP] and [CARD].",
)
known.edit(
    "text_in_lower_case",
    {DO_EMAILS: 're.sub(email, "[EMAIL]", text.lower())'},
    "You turn the text into lower case. Nothing but what is redacted may change.",
)
known.edit(
    "spaces_joined",
    {DO_EMAILS: 're.sub(email, "[EMAIL]", " ".join(text.split()))'},
    "You split the text at spaces and join it again, so that line breaks and double spaces are lost. Nothing but what "
    "is redacted may change.",
)
known.edit(
    "text_stripped",
    {DO_EMAILS: 're.sub(email, "[EMAIL]", text.strip())'},
    "You strip the text. Nothing but what is redacted may change, spaces at its ends included.",
)
known.edit(
    "nothing_redacted",
    {DO_EMAILS: "text", DO_IPS: "text", DO_CARDS: "text"},
    "You return the text as it is. re.sub returns a new text and leaves the old one: take what it returns.",
)
known.edit(
    "count_returned",
    {f"return {DO_CARDS}": f"return {DO_CARDS.replace('.sub', '.subn')}"},
    "You return a pair: re.subn gives the text and a number. Asked is the text.",
)


@known.function(
    "You split the text at spaces and look at whole words. An address before a comma, in brackets or at the end of a "
    "sentence is missed, and a number in groups as well."
)
def word_by_word(text: str) -> str:
    def redacted(word: str) -> str:
        mark = responsible_use.redact(word)
        return mark if mark in ("[EMAIL]", "[IP]", "[CARD]") else word

    return " ".join(redacted(word) for word in text.split(" "))
