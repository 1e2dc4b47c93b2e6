"""Milestones of language models: chapter 18 tells, tabulates and draws these.

The month is that of the release, or of the paper where that is the record. A size is given only where the makers
published it: `total` and `active` are billions of parameters, None where they did not. `source` is a key of
references.bib.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Milestone:
    """`active` differs from `total` in a mixture of experts; `open_weights`: whoever likes can load them."""

    month: str
    name: str
    organization: str
    total: float | None
    active: float | None
    open_weights: bool
    advance: str
    source: str


def _dense(
    month: str, name: str, organization: str, total: float, open_weights: bool, advance: str, source: str
) -> Milestone:
    return Milestone(month, name, organization, total, total, open_weights, advance, source)


def _undisclosed(month: str, name: str, organization: str, advance: str, source: str) -> Milestone:
    return Milestone(month, name, organization, None, None, False, advance, source)


MILESTONES = (
    _dense("2018-06", "GPT-1", "OpenAI", 0.117, True,
           "pre-training on plain text, then tuning for each task", "radford2018improving"),
    _dense("2018-10", "BERT-Large", "Google", 0.34, True, "masked words, read in both directions", "devlin2018bert"),
    _dense("2019-02", "GPT-2", "OpenAI", 1.5, True, "tasks without tuning, by prompt alone", "radford2019language"),
    _dense("2019-10", "T5-11B", "Google", 11.0, True, "every task as text to text", "raffel2019exploring"),
    _dense("2020-05", "GPT-3", "OpenAI", 175.0, False, "learning from examples in the prompt", "brown2020language"),
    _dense("2021-07", "Codex", "OpenAI", 12.0, False, "programs from descriptions, judged by running them",
           "chen2021evaluating"),
    Milestone("2021-12", "GLaM", "Google", 1200.0, 96.6, False, "a trillion parameters, one in twelve used for a token",
              "du2021glam"),
    _dense("2022-01", "LaMDA", "Google", 137.0, False, "tuned for dialogue; calls tools for facts",
           "thoppilan2022lamda"),
    _dense("2022-03", "InstructGPT", "OpenAI", 175.0, False, "instructions followed, by human feedback",
           "ouyang2022training"),
    _dense("2022-03", "Chinchilla", "DeepMind", 70.0, False, "a smaller model, trained longer, beats larger ones",
           "hoffmann2022training"),
    _dense("2022-04", "PaLM", "Google", 540.0, False, "one dense decoder over two pods of accelerators",
           "chowdhery2022palm"),
    _dense("2022-07", "BLOOM", "BigScience", 176.0, True, "as large as GPT-3, in the open: data, code and weights",
           "workshop2022bloom"),
    _undisclosed("2022-11", "ChatGPT", "OpenAI", "a tuned model as a free chat for everyone",
                 "openai2022chatgpt"),
    _dense("2023-02", "LLaMA-65B", "Meta", 65.2, True, "strong models of 7 to 65 billion, for researchers",
           "touvron2023llama"),
    _undisclosed("2023-03", "GPT-4", "OpenAI", "images as input; a report without size or architecture",
                 "openai2023gpt4"),
    _undisclosed("2023-03", "Claude", "Anthropic", "tuned by written principles", "anthropic2023claude"),
    _dense("2023-07", "Llama 2 70B", "Meta", 70.0, True, "open weights for commercial use, with a chat model",
           "touvron2023llama2"),
    Milestone("2023-12", "Mixtral 8x7B", "Mistral AI", 46.7, 12.9, True,
              "an open mixture of experts: 46.7 billion held, 12.9 used for a token", "mistral2023mixtral"),
    _undisclosed("2024-02", "Gemini 1.5 Pro", "Google", "a million tokens of context", "gemini2024gemini15"),
    _undisclosed("2024-03", "Claude 3", "Anthropic", "three sizes, images as input", "anthropic2024claude3"),
    _undisclosed("2024-05", "GPT-4o", "OpenAI", "text, sound and images in and out of one model",
                 "openai2024gpt4o"),
    _dense("2024-07", "Llama 3.1 405B", "Meta", 405.0, True, "the largest dense model with open weights at the time",
           "grattafiori2024llama3"),
    _undisclosed("2024-09", "o1", "OpenAI", "trained to reason at length before it answers", "openai2024o1"),
    Milestone("2024-12", "DeepSeek-V3", "DeepSeek", 671.0, 37.0, True, "a large mixture of experts in 8-bit training",
              "deepseek2024v3"),
    Milestone("2025-01", "DeepSeek-R1", "DeepSeek", 671.0, 37.0, True,
              "reasoning by rewards that can be checked, published with weights", "deepseek2025r1"),
    _undisclosed("2025-02", "Claude 3.7 Sonnet", "Anthropic", "one model with and without thinking",
                 "anthropic2025claude37"),
    Milestone("2025-04", "Llama 4 Maverick", "Meta", 400.0, 17.0, True, "text and images together in pre-training",
              "meta2025llama4"),
    Milestone("2025-05", "Qwen3-235B", "Alibaba", 235.0, 22.0, True, "open weights that think or don't, as asked",
              "yang2025qwen3"),
    _undisclosed("2025-06", "Gemini 2.5 Pro", "Google", "thinking, long context and tools together",
                 "comanici2025gemini25"),
    Milestone("2025-07", "Kimi K2", "Moonshot AI", 1040.0, 32.0, True, "a trillion parameters, tuned to use tools",
              "kimi2025k2"),
    Milestone("2025-08", "gpt-oss-120b", "OpenAI", 116.8, 5.1, True,
              "OpenAI's first open-weight language models since GPT-2", "openai2025gptoss"),
    _undisclosed("2025-08", "GPT-5", "OpenAI", "a router between a fast and a thinking model", "singh2025gpt5"),
    Milestone("2026-02", "Kimi K2.5", "Moonshot AI", 1000.0, 32.0, True,
              "agents that split a task among themselves", "kimi2026k25"),
    _undisclosed("2026-02", "Gemini 3.1 Pro", "Google", "preview of February 19, 2026", "google2026deprecations"),
    _undisclosed("2026-04", "GPT-5.5", "OpenAI", "released on April 23, 2026", "openai2026gpt55"),
    Milestone("2026-04", "DeepSeek-V4-Pro", "DeepSeek", 1600.0, 49.0, True,
              "a million tokens at a tenth of the cache of V3.2", "deepseek2026v4"),
    Milestone("2026-07", "Kimi K3", "Moonshot AI", 2800.0, 104.0, True,
              "the largest size in this table; images and a million tokens", "kimi2026k3"),
    _undisclosed("2026-09", "GPT-6 Astra", "OpenAI", "agents in code and on a computer's screen", "openai2026gpt6"),
    _undisclosed("2026-09", "Claude Opus 5.5", "Anthropic", "for agents that work for hours", "anthropic2026claude"),
)  # fmt: skip
