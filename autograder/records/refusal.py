"""What a command answers with one sentence."""


class Refusal(Exception):
    """Something cannot be done; the message says why, and what to do, in a sentence that is shown as it is."""
