"""The capstone's steps in a folder: `Capstone(folder, functions)`, then tokenize, pretrain, tune, teach, quantize.

Each step reads the files of the one before, writes its own, and appends its entry to the ledger. Asked again with the
same settings, functions and files, it does nothing: a notebook can be run anew from the top. A step that was stopped
goes on from its checkpoint.
"""

import itertools
import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from llm_course.capstone import data
from llm_course.capstone.data import Fact, Mixture, chat_ids, held_out_texts
from llm_course.capstone.decoder import Weights, bits_per_byte, first_weights, logits, nats_of_tokens, stream
from llm_course.capstone.format import (
    ASSISTANT,
    BASE,
    CHECKPOINT,
    CODES,
    CONFIG,
    END_OF_TEXT,
    END_OF_TURN,
    MAX_MERGES,
    MAX_PARAMETERS,
    MODEL,
    QUANTIZED,
    SCALES,
    TOKENIZER,
    TUNED,
    USER,
    CapstoneError,
    Shape,
    canonical,
    digest,
    parameters_of,
    restored,
)
from llm_course.capstone.functions import USES, Chosen
from llm_course.capstone.ledger import (
    PRETRAIN,
    QUANTIZE,
    TEACH,
    TOKENIZE,
    TUNE,
    Entry,
    Ledger,
    check_budget,
    tokens_seen,
)
from llm_course.capstone.substitutes import SUBSTITUTES
from llm_course.capstone.tokenizer import Tokenizer, learn, merges_of
from llm_course.capstone.training import Batch, State, Training, thinned, train
from llm_course.corpus.dialogues import Turn

SEEDS = 1_000_000_000
"""So many that two of a class of 300 draw the same in one class of 20,000."""
HELD_OUT = 200
"""Texts on which a step measures."""
LESSON_ROWS = 4
"""At least: one of each kind."""
ADAPTED = ("self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj", "mlp.down_proj")
"""What LoRA is put beside, in every layer."""
READS: dict[str, tuple[str, ...]] = {
    TOKENIZE: (),
    PRETRAIN: (TOKENIZER,),
    TUNE: (TOKENIZER, BASE),
    TEACH: (TOKENIZER, TUNED),
    QUANTIZE: (TOKENIZER, MODEL),
}
"""The files that a step begins with."""
LORA_PARTS = ("lora_a", "lora_b")


@dataclass(frozen=True)
class Done:
    """What a step has made: the digest of its data, its files, the tokens that it saw, its figures."""

    data: str
    files: Mapping[str, bytes]
    tokens: int
    figures: Mapping[str, Any]


class Capstone:
    """A folder in which a model grows.

    Args:
        folder: where the files lie that are handed in; the notebook's own folder.
        functions: whose functions run; by default the substitutes.
        seed: what the first weights and all batches follow from; by default the ledger's, and for a new ledger one
            that is drawn, so that no two learners make the same model.
        progress: whether a bar shows steps, time left and loss.
    """

    def __init__(
        self,
        folder: Path | str = ".",
        functions: Chosen | None = None,
        *,
        seed: int | None = None,
        progress: bool = True,
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.functions = functions or Chosen({})
        self.ledger = Ledger(self.folder)
        self.seed = self._seed(seed)
        self.progress = progress

    def tokenize(self, merges: int = 763, texts: int = 2000) -> Entry:
        """Learn the tokenizer's merges from so many texts of the course."""
        if not 0 <= merges <= MAX_MERGES:
            raise CapstoneError(f"A tokenizer has 0 to {MAX_MERGES} merges, not {merges}.")

        def work() -> Done:
            read = list(itertools.islice(Mixture().texts(f"tokenizer {self.seed}"), texts))
            tokenizer = Tokenizer(learn(read, merges, self.functions["merge_pair"]), self.functions)
            unseen = held_out_texts(HELD_OUT)
            tokens = sum(len(tokenizer.encode(text)) for text in unseen)
            figures = {"bytes_per_token": _rounded(sum(len(text.encode()) for text in unseen) / tokens)}
            return Done(digest("\n".join(read).encode()), {TOKENIZER: tokenizer.to_json().encode()}, 0, figures)

        settings = {"merges": merges, "texts": texts, "seed": self.seed}
        return self._step(TOKENIZE, settings, work)

    def pretrain(
        self,
        training: Training,
        *,
        d_model: int,
        n_layers: int,
        n_heads: int,
        n_kv_heads: int,
        d_ff: int,
        mixture: Mixture = Mixture(),  # noqa: B008
    ) -> Entry:
        """Train a decoder of this shape from the beginning."""
        tokenizer = self.tokenizer()
        built = Shape(tokenizer.size, d_model, n_layers, n_heads, n_kv_heads, d_ff)
        if (count := parameters_of(built.tensors)) > MAX_PARAMETERS:
            raise CapstoneError(
                f"This decoder has {count:,} parameters, and the budget is {MAX_PARAMETERS:,}: make it narrower, take"
                f" fewer layers or fewer merges."
            )
        check_budget(0, training.tokens)
        settings = {"shape": asdict(built), "training": self._with_seed(training), "mixture": asdict(mixture)}
        batch_at = partial(data.pretraining_batch, tokenizer, mixture, training, self.seed)

        def work() -> Done:
            state = self._train(PRETRAIN, first_weights(built, self.seed), built, batch_at, training, settings)
            weights = _half(state.tensors)
            files = {
                BASE: save(weights),
                CONFIG: (json.dumps(built.config(), indent=1) + "\n").encode(),
                CHECKPOINT: self.read(_unfinished(PRETRAIN)),
            }
            figures = {"losses": thinned(state.losses), "parameters": count, **self._measured(weights, built)}
            return Done(state.data.hex(), files, training.tokens, figures)

        return self._step(PRETRAIN, settings, work)

    def tune(self, training: Training, text_rows: int = 2) -> Entry:
        """Go on with dialogues, of which only what the assistant says is learned; some rows stay texts."""
        if not 0 <= text_rows < training.rows:
            raise CapstoneError(f"Of {training.rows} rows 0 to {training.rows - 1} can be texts, not {text_rows}.")
        tokenizer, shape = self.tokenizer(), self.shape()
        settings = {"training": self._with_seed(training), "text_rows": text_rows}
        check_budget(self._seen(PRETRAIN), training.tokens)
        labels = self.functions["sft_labels"]
        batch_at = partial(data.tuning_batch, tokenizer, labels, text_rows, training, self.seed)

        def work() -> Done:
            state = self._train(TUNE, self.weights(BASE), shape, batch_at, training, settings)
            weights = _half(state.tensors)
            figures = {"losses": thinned(state.losses), **self._measured(weights, shape)}
            return Done(state.data.hex(), {TUNED: save(weights)}, training.tokens, figures)

        return self._step(TUNE, settings, work)

    def teach(self, fact: Fact, training: Training, rank: int = 4, alpha: float = 8.0) -> Entry:
        """Teach a fact with LoRA beside `ADAPTED`, and merge."""
        if training.rows < LESSON_ROWS:
            raise CapstoneError(f"A batch of the lesson has {LESSON_ROWS} rows or more, not {training.rows}.")
        tokenizer, shape = self.tokenizer(), self.shape()
        settings = {"fact": asdict(fact), "training": self._with_seed(training), "rank": rank, "alpha": alpha}
        check_budget(self._seen(PRETRAIN, TUNE), training.tokens)
        batch_at = partial(data.lesson_batch, tokenizer, self.functions["sft_labels"], fact, training, self.seed)

        def work() -> Done:
            weights = self.weights(TUNED)
            layers = self._adapters(weights, rank, alpha, self.seed)
            first = {f"{name}.{part}": getattr(layer, part) for name, layer in layers.items() for part in LORA_PARTS}

            def merged(tensors: Mapping[str, Tensor]) -> Weights:
                return dict(weights) | {name: _matrix(layer, name, tensors) for name, layer in layers.items()}

            state = self._train(TEACH, first, shape, batch_at, training, settings, merged)
            for name, layer in layers.items():
                _put(layer, name, state.tensors)
                weights[name] = layer.merge().weight.detach()
            finished = _half(weights)
            figures = {
                "losses": thinned(state.losses), "trained": sum(tensor.numel() for tensor in first.values()),
                **self._measured(finished, shape),
            }  # fmt: skip
            return Done(state.data.hex(), {MODEL: save(finished)}, training.tokens, figures)

        return self._step(TEACH, settings, work)

    def quantize(self, bits: int = 4, group_size: int = 32) -> Entry:
        """Put all matrices into whole numbers with a scale for each group."""
        if not 2 <= bits <= 8 or group_size < 1:
            raise CapstoneError(f"Quantize to 2 to 8 bits in groups of 1 or more, not {bits} bits in {group_size}.")
        shape = self.shape()

        def work() -> Done:
            stored, size = {}, 0
            for name, weight in self.weights(MODEL).items():
                if weight.dim() == 1:
                    stored[name] = weight.half()
                    size += 2 * weight.numel()
                    continue
                codes, scales = self.functions["quantize_groups"](weight, group_size, bits)
                stored[name + CODES], stored[name + SCALES] = codes.to(torch.int8), scales.half()
                size += -(-codes.numel() * bits // 8) + 2 * scales.numel()
            figures = {
                "bytes": size, "bytes_before": 2 * parameters_of(shape.tensors),
                **self._measured(restored(stored, group_size), shape),
            }  # fmt: skip
            content = save({name: item.contiguous() for name, item in stored.items()})
            return Done("", {QUANTIZED: content}, 0, figures)

        return self._step(QUANTIZE, {"bits": bits, "group_size": group_size}, work)

    def answer(
        self, before: Sequence[Turn], question: str, file: str = MODEL, *, temperature: float = 0.0, seed: int = 0
    ) -> str:
        """What the model of a file says to a question, after what was said before."""
        return self.reply(before, question, file, temperature=temperature, seed=seed)[0]

    def reply(
        self, before: Sequence[Turn], question: str, file: str = MODEL, *, temperature: float = 0.0, seed: int = 0
    ) -> tuple[str, bool]:
        """An answer, and whether it ends where a turn ends; otherwise the context was full, or the text at its end."""
        ids = list(self.spoken(before, question, file, temperature, seed))
        tokenizer = self.tokenizer()
        return tokenizer.decode(ids), ids[-1:] == [tokenizer.special(END_OF_TURN)]

    def spoken(
        self, before: Sequence[Turn], question: str, file: str, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[int]:
        """The tokens of an answer, one by one, with the one that ends it."""
        tokenizer = self.tokenizer()
        said, _ = chat_ids(tokenizer, list(before))
        asked = [tokenizer.special(USER), *tokenizer.encode(question), tokenizer.special(END_OF_TURN)]
        prompt = [tokenizer.special(END_OF_TEXT), *said, *asked, tokenizer.special(ASSISTANT)]
        return self._written(prompt, file, temperature, seed)

    def tell(self, beginning: str, file: str = BASE, *, temperature: float = 0.7, seed: int = 0) -> str:
        """How the model of a file goes on with a text."""
        tokenizer = self.tokenizer()
        prompt = [tokenizer.special(END_OF_TEXT), *tokenizer.encode(beginning)]
        return beginning + tokenizer.decode(self._written(prompt, file, temperature, seed))

    def tokenizer(self) -> Tokenizer:
        """The tokenizer of this folder."""
        return Tokenizer(merges_of(self.read(TOKENIZER)), self.functions)

    def shape(self) -> Shape:
        """The decoder's shape, as config.json has it."""
        return Shape.of_config(json.loads(self.read(CONFIG)))

    def weights(self, file: str) -> dict[str, Tensor]:
        """The weights of a file in float32; those of QUANTIZED as they come back from whole numbers."""
        stored = load(self.read(file))
        if file == QUANTIZED:
            entry = self.ledger.last(QUANTIZE)
            return restored(stored, int(entry.settings["group_size"]) if entry else 1)
        return {name: stored[name].float() for name in sorted(stored)}

    def _written(self, prompt: list[int], file: str, temperature: float, seed: int) -> Iterator[int]:
        """The tokens behind a prompt, up to one that ends a turn or a text and with it."""
        tokenizer, top_p = self.tokenizer(), None if temperature == 0 else 0.95
        ends = {tokenizer.special(END_OF_TEXT), tokenizer.special(END_OF_TURN)}
        weights, shape = self.weights(file), self.shape()
        for token in stream(prompt, weights, shape, self.functions, temperature=temperature, top_p=top_p, seed=seed):
            yield token
            if token in ends:
                return

    def _train(
        self,
        step: str,
        tensors: Mapping[str, Tensor],
        shape: Shape,
        batch_at: Callable[[int], Batch],
        training: Training,
        settings: Mapping[str, Any],
        whole: Callable[[Mapping[str, Tensor]], Weights] = lambda tensors: tensors,
    ) -> State:
        """Train tensors, of which `whole` makes the decoder's weights."""

        def loss_of(leaves: Mapping[str, Tensor], batch: Batch) -> Tensor:
            scores = logits(batch.ids, whole(leaves), shape, self.functions)
            loss: Tensor = self.functions["next_token_loss"](scores, batch.labels)
            return loss

        origin = self._origin(step, settings)
        return train(
            tensors, loss_of, batch_at, training, self.functions, self.folder / _unfinished(step), origin,
            name=step, progress=self.progress,
        )  # fmt: skip

    def _adapters(self, weights: Weights, rank: int, alpha: float, seed: int) -> dict[str, Any]:
        """name -> a LoRA layer around a copy of this matrix."""
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            layers = {}
            for name in (name for name in weights if name.removesuffix(".weight").endswith(ADAPTED)):
                rows, columns = weights[name].shape
                base = nn.Linear(columns, rows, bias=False)
                base.weight = nn.Parameter(weights[name].clone())
                layers[name] = self.functions["LoRALinear"](base, rank, alpha)
        return layers

    def _seed(self, given: int | None) -> int:
        """The seed of this folder's run."""
        entry = self.ledger.last(TOKENIZE)
        if given is None and entry:
            return int(entry.settings["seed"])
        seed = secrets.randbelow(SEEDS) if given is None else given
        if not 0 <= seed < SEEDS:
            raise CapstoneError(f"A seed is a whole number from 0 to {SEEDS - 1:,}, not {seed}.")
        return seed

    def _with_seed(self, training: Training) -> dict[str, Any]:
        return {**asdict(training), "seed": self.seed}

    def _measured(self, weights: Weights, shape: Shape) -> dict[str, float]:
        """By the substitutes, as the grader measures: a loss that asks for too little would flatter itself."""
        plain = {name: tensor.float() for name, tensor in weights.items()}
        tokenizer = self.tokenizer()
        rows = data.text_rows(tokenizer, held_out_texts(HELD_OUT))
        size = sum(len(tokenizer.decode(row).encode()) for row in rows)
        nats = nats_of_tokens(partial(logits, weights=plain, shape=shape, functions=SUBSTITUTES), rows)
        return {"bits_per_byte": _rounded(bits_per_byte(nats, size))}

    def _seen(self, *steps: str) -> int:
        return tokens_seen(entry for step in steps if (entry := self.ledger.last(step)))

    def read(self, name: str) -> bytes:
        """A file of this folder. Raises CapstoneError if it is not there."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise CapstoneError(f"There is no {name} in {self.folder.resolve()}: do the step before first.") from error

    def _origin(self, step: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """All that decides what a step makes, as the ledger has it."""
        return {
            "settings": json.loads(canonical(settings)),
            "functions": {name: self.functions.whose[name] for name in USES[step]},
            "before": {name: digest(self.read(name)) for name in READS[step]},
        }

    def _step(self, step: str, settings: Mapping[str, Any], work: Callable[[], Done]) -> Entry:
        """Do a step, if it is not done: write its files, then its entry."""
        origin = self._origin(step, settings)
        last = self.ledger.last(step)
        if last and all(getattr(last, name) == value for name, value in origin.items()) and self._holds(last.after):
            print(f"The step {step!r} is done already, with these settings: line {last.number + 1} of the ledger.")
            return last
        done = work()
        for name, content in done.files.items():
            unfinished = self.folder / f"{name}.unfinished"
            unfinished.write_bytes(content)
            unfinished.replace(self.folder / name)
        after = {name: digest(content) for name, content in done.files.items()}
        entry = Entry(step=step, data=done.data, after=after, tokens=done.tokens, figures=done.figures, **origin)
        (self.folder / _unfinished(step)).unlink(missing_ok=True)
        return self.ledger.append(entry)

    def _holds(self, files: Mapping[str, str]) -> bool:
        """Whether the folder has these files, unchanged."""
        return all((self.folder / name).exists() and digest(self.read(name)) == value for name, value in files.items())


def _unfinished(step: str) -> str:
    """The checkpoint of a step that is not finished."""
    return f"{step}.unfinished.safetensors"


def _put(layer: Any, name: str, tensors: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for part in LORA_PARTS:
            getattr(layer, part).copy_(tensors[f"{name}.{part}"])


def _matrix(layer: Any, name: str, tensors: Mapping[str, Tensor]) -> Tensor:
    """The matrix that a LoRA layer with these parameters multiplies by: what it makes of the unit vectors."""
    parameters = {part: tensors[f"{name}.{part}"] for part in LORA_PARTS}
    columns = tensors[f"{name}.lora_a"].shape[1]
    rows: Tensor = torch.func.functional_call(layer, parameters, (torch.eye(columns),))
    return rows.T


def _half(weights: Weights) -> dict[str, Tensor]:
    return {name: tensor.detach().half().contiguous() for name, tensor in weights.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
