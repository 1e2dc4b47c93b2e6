"""How the course models were made: corpus grammar, tokenizers, training loop, recipes, evaluation and browser export."""
