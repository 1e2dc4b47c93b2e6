"""The capstone: a model of the learner's own, from bytes to answers, made by the learner's own functions.

    format       files, caps and names: what is handed in, and what the grader reads
    ledger       what was done, step by step, each entry chained to the one before
    tokenizer    merges learned from words, text to ids and back
    data         what a step reads: texts and dialogues, each batch a function of the step alone
    decoder      from ids to logits, and an answer word by word
    functions    whose functions run: the learner's, or substitutes where one is missing, wrong or too slow
    training     the loop: progress, checkpoints, a run that goes on after a kill
    steps        the five steps, each with its entry in the ledger
    curves       the figures
    answers      what a run's model says at its end

`python -m llm_course.capstone FOLDER` makes the course's own model, the reference run, with the substitutes.
"""
