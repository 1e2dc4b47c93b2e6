"""What newcomers call things, where the book calls them otherwise: words that would not find their section by its text.

Each stands with the label of the section, or the name of the page, that a reader should come to. A word is here only if
without it that place is not among the first three that the search finds: who types "ChatGPT" or "homework" finds
nothing, who types "transformer" finds forty sections before the one that builds it.
"""

NEWCOMERS_WORDS = {
    "language-models-base-chat": "chatbot ChatGPT",
    "language-models-definition": "LLM",
    "language-models-instructions": "prompt prompting",
    "language-models-which": "open source model open weights",
    "tokenization-why": "token",
    "chapters/04_positions/chapter": "positional encoding",
    "feed-forward-by-hand": "neural network MLP",
    "normalization-decoder": "transformer GPT Llama how ChatGPT works",
    "pretraining-adam": "optimizer",
    "pretraining-by-hand": "loss function cross-entropy",
    "pretraining-data": "dataset",
    "chapters/09_post_training/chapter": "RLHF alignment reinforcement learning",
    "post-training-sft": "instruction tuning",
    "chapters/10_context/chapter": "context window context length",
    "context-vectors": "semantic search",
    "emergence-abilities": "few-shot in-context learning zero-shot",
    "emergence-interval": "evaluate a model evaluation benchmark",
    "chapters/13_peft/chapter": "fine-tuning fine tune own model",
    "production-absmax": "quantization",
    "production-gpu": "VRAM",
    "production-serve": "deploy",
    "production-why": "run locally own machine API",
    "chapters/17_responsible_use/chapter": "safety ethics",
    "responsible-use-bias": "bias fairness",
    "responsible-use-injection": "jailbreak",
    "responsible-use-law": "copyright",
    "responsible-use-memorization": "copyright",
    "frontier-better-reasoning": "chain of thought",
    "frontier-loop": "agent tool use function calling",
    "chapters/exercises": "solve homework",
    "chapters/guides/how_grading_works": "grade autograder",
    "chapters/guides/running_a_class": "nbgrader teach instructor",
}
