"""How the course models were made: corpus, tokenizers, training loop, recipes, evaluation, browser export."""
