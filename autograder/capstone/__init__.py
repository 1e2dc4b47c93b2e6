"""The capstone's grader: it measures a model that was handed in, and runs none of the learner's code.

tensors      safetensors as hostile bytes
language     bits per byte, answers in turn, what a model says: by the course's own decoder
likeness     how alike two models are in what a disguise does not change
shipped      whether a model comes from one of the course's
replay       the ledger's chain, and some of its steps done once more
mistakes     known ways to fail, by name
steps        the graded steps: properties, weights, hints
copies       whether two of a class handed in one model or one run
measuring    all of it in a process of its own, with a deadline and a limit of memory
curves       the learner's figures as pictures
"""
