"""For those who write exercises: checks of learners, trials, trivial answers, mutants, figures, a learner's lab."""
