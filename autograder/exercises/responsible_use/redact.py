"""redact: e-mail addresses, IPv4 addresses and card numbers out of a text."""

from autograder.exercises.responsible_use import texts
from autograder.exercises.spec import Case, exercise, requires, shown
from solutions import responsible_use

EMAILS = "E-mail addresses become [EMAIL]"
IPS = "IPv4 addresses become [IP]"
CARDS = "Card numbers become [CARD]"


EXERCISE = exercise(
    responsible_use.redact,
    __file__,
    requires(
        EMAILS,
        shown("addresses", text="Write to ann.lee+news@mail.example.com, or (BOB_7@shop.museum)."),
        shown("addresses of all kinds", text="c-d@example.info g%h@my-shop.Uni.n3ws.de x@y.org."),
        Case("addresses, drawn", texts.emails),
        advice="Before the @ stand letters, digits and . _ % + -, behind it labels with dots between them. A comma, a "
        "bracket or the full stop of the sentence is no part of it.",
        weight=2,
        fails="You leave an e-mail address, or part of one, or take more than the address.",
    ),
    requires(
        "What is no e-mail address stays",
        shown(
            "no addresses",
            text="ann@localhost, bob@shop.x, eve@server.42, dan@mail..example.com and @hana; 3 @ 4.50 each, c@d@e,"
            " ida@my_shop.com",
        ),
        Case("no addresses, drawn", texts.no_emails),
        advice="A domain has at least one dot, no underscore, and a last label of at least two characters, all "
        "letters.",
        needs=EMAILS,
        fails="You replace something that is no e-mail address.",
    ),
    requires(
        IPS,
        shown("IP addresses", text="From (10.0.0.7) to 192.168.255.249, then 8.8.8.8."),
        Case("IP addresses, drawn", texts.ips),
        advice="Four numbers from 0 to 255 with dots between them. An address may stand before a full stop or a colon.",
        weight=2,
        fails="You leave an IPv4 address, or part of one.",
    ),
    requires(
        "What is no IPv4 address stays",
        shown(
            "no IP addresses",
            text="256.1.1.1, 1.2.3.4.5, 1.2.3, 10.0.0.07, 1192.168.0.1, 10.0.0.1234, 300.4.4.4, 10-0-0-7, 999.1.2.3",
        ),
        Case("no IP addresses, drawn", texts.no_ips),
        advice="256 is no octet, nor is 07; 1.2.3.4.5 is a version, and 1192.168.0.1 no address with a 1 before it.",
        weight=2,
        needs=IPS,
        fails="You replace something that is no IPv4 address.",
    ),
    requires(
        CARDS,
        shown("cards", text="4111-1111-1111-1111 and 5555 5555 5555 4444 or 378282246310005, 4222222222222 too."),
        Case("cards of all lengths", texts.lengths, visible=True),
        Case("cards, drawn", texts.cards),
        advice="13 to 19 digits with at most one space or hyphen between two of them. Luhn: from the right, double "
        "every second digit, beginning with the last but one; take 9 off what is above 9; the sum ends in 0.",
        weight=3,
        fails="You leave a card number, or part of one, or take more than its digits.",
    ),
    requires(
        "The digits of a card may stand in any groups",
        shown("other groups", text="Pay with 3782 822463 10005 today; 5105 1051-05105100!"),
        Case("other groups, drawn", texts.odd_groups),
        advice="American Express prints 4, 6 and 5 digits. Spaces and hyphens may be mixed.",
        needs=CARDS,
        fails="You leave a card number whose digits stand in other groups.",
    ),
    requires(
        "Digits that fail Luhn's check, fewer than 13 or more than 19, stay",
        shown(
            "no cards",
            text="Order 4111111111111112, 4111 1111 1111 1111 1111 1, 411111111116, 378282246310004, 370012345678940.",
        ),
        Case("no cards, drawn", texts.no_cards),
        advice="An order number is no card: check it by Luhn before you replace it, and count its digits.",
        weight=2,
        needs=CARDS,
        fails="You replace digits that fail Luhn's check, or fewer than 13 or more than 19.",
    ),
    requires(
        "A longer number that holds a card number stays",
        shown(
            "longer numbers",
            text="41111111111111110000, 40120000333300267199, 4012 0000 3333 0026 719 9, 2026 4111 1111 1111 1111,"
            " 4111 1111  1111 1111, 41111111\n11111111, 4111.1111.1111.1111",
        ),
        Case("longer numbers, drawn", texts.longer),
        advice="Take the longest run of digits, with single spaces or hyphens between them, and check all of it. Two "
        "spaces, a line break or a dot end a run.",
        needs=CARDS,
        fails="You replace part of a longer number, or digits that do not belong together.",
    ),
    requires(
        "Nothing else changes",
        shown(
            "a letter",
            text=" Dear Ms. Müller,\n\nann@example.com came from 10.0.0.7 and  paid 49.90 EUR.\tCall"
            " +49 30 1234567, or pay with 4111111111111111. ",
        ),
        Case("a letter, drawn", texts.letter),
        shown("no text", text=""),
        advice="Every space, line break and letter that is not redacted stays as it is; so do dates, prices and "
        "telephone numbers.",
        needs=CARDS,
        fails="You change something else in the text, or leave something in it.",
    ),
    points=5,
    shortcuts=("presidio_analyzer", "presidio_anonymizer", "scrubadub"),
)
