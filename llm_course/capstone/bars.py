"""The bars of the capstone: what each step is measured by, in the learner's check as in the grader.

They come from the reference run, `python -m llm_course.capstone`, with room for another machine and another seed.
"""

BYTES_PER_TOKEN = 2.5
"""At least, of new texts."""
LEARNED, GOOD, EXCELLENT = 1.0, 0.5, 0.33
"""At most: bits per byte of new texts by the base model."""
IN_TURN, RIGHT = 0.9, 0.5
"""At least: shares of answers that end where a turn ends, and that are right."""
KEPT_LANGUAGE = 1.5
"""At most: bits per byte of the tuned model, times those of the base model."""
KEPT_FACTS = 0.8
"""At least: the share of the capitals known before the lesson that are known after it."""
SMALLER = 0.32
"""At most: bytes of the quantized model, of those of the finished one in float16."""
KEPT_LOSS = 1.15
"""At most: bits per byte of the quantized model, times those of the finished one."""
NEARLY_ALL = 0.999
"""At least: the share of weights that are nearest. Another processor rounds a few halves the other way."""
