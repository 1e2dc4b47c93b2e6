/** The parts of the decoder map: what each shows of the sentence when it is opened. */

import { alongStream, rowsAlong } from "./along_stream.ts";
import { carriedTable } from "./carried.ts";
import { element } from "../ui/dom.ts";
import { headGrid } from "./head_grid.ts";
import { headInWords, headTable } from "./layer_heads.ts";
import { scoresOfHeads } from "./head_scores.ts";
import { guessOf, guessThen, written } from "./guesses.ts";
import { rms } from "../models/norms.ts";
import { format, ranking, softmax } from "../models/numbers.ts";
import { pairsSeen } from "./pair_grid.ts";
import { lookOf, rivalsAlong, rivalsOf } from "./rivals.ts";
import { isLeftOut, token, traceWithout, type Sight } from "./sight.ts";
import { strip } from "./strip.ts";
import { captionedTable, tableRow } from "../ui/table.ts";
import { percent, tokenBars } from "../ui/token_bars.ts";
import { pushesToward } from "./trace.ts";
import type { Pair, PairGuesses } from "./name_pairs.ts";

const SCORES = 7;
/** Fewer, for the guesses without heads stand with them. */
const BARS = 3;
const HIDDEN_UNITS = 4;
/** Of a plot in the small map, in pixels. */
const ROOMY = 146;
/** The same where the heads stand below it. */
const FLAT = 110;

/** What a reader may do in an opened part. */
export interface PartActions {
  chooseHead: (head: number) => void;
  seeCarried: (head: number, isSeen: boolean) => void; // What the head takes from each token, or all heads again.
  toggle: (parts: string[]) => void;
  compare: (rival: string) => void;
  leaveOutAlone: (part: string) => void; // Or puts it back.
  leaveOutOnly: (part: string) => void; // The same, and tells no more than that.
  tellAll: () => void; // The guesses without heads.
  pairs: PairGuesses;
  showPair: (pair: Pair) => void; // Its sentence in the map.
}

/** What an opened part shows. */
interface Opened {
  said: (Node | string)[]; // Sentences and plots, which stand first.
  proof?: Node; // The one of these that backs the answer to a question: on a phone it stands beside that.
  shown: (Node | string)[]; // Tables and what is behind them: beside the others where there is room.
}

/** A box of the map. */
export interface Part {
  key: string;
  name: string;
  fullName?: string; // Where others have the same name.
  kind: "tensor" | "learned"; // What the diagrams of the book draw with sharp corners, and in the color of what learns.
  chapters: string[]; // What its chapters are about, the keys of their addresses.
  heads?: number; // The layer, from 0, whose heads it shows.
  leadsTo?: Part; // What is no box of its own.
  adds?: string[]; // What adds to the stream in it, as `traceWithout` names it.
  open: (sight: Sight, actions: PartActions) => Opened;
}

export const TOKENS: Part = {
  key: "tokens",
  name: "Tokens",
  kind: "tensor",
  chapters: ["tokenization"],
  open: ({ ids, labels, position, course }) => ({
    said: [paragraph(`The text in ${ids.length} pieces, each with its number in a vocabulary of ${course.config.vocabulary_size}. START is the token between two texts: each begins behind one.`)],
    shown: [table("Tokens and their numbers", ["Token", "Number"], labels.map((label, i) => [label, String(ids[i])]), position)],
  }),
};

export const ROWS: Part = {
  key: "rows",
  name: "Embeddings",
  kind: "learned",
  chapters: ["embeddings"],
  open: (sight) => ({
    said: [paragraph(`Each token picks a row of a table by its number. This is the row of “${token(sight)}”, one of ${shape(sight)}. Its position comes in later, in attention. The same table turns rows into guesses, so at first each row guesses itself.`)],
    shown: [strip("The row", sight.trace.embedding[sight.position])],
  }),
};

export const FINAL_NORM: Part = {
  key: "final",
  name: "Last norm",
  kind: "learned",
  chapters: ["normalization"],
  open: (sight) => {
    const before = sight.trace.layers[sight.trace.layers.length - 1].residual[sight.position];
    return norm(sight, before, sight.trace.final[sight.position], sight.trace.layers.length);
  },
};

export const LOGITS: Part = {
  key: "logits",
  name: "Logits",
  kind: "tensor",
  chapters: ["decoding"],
  open: (sight) => {
    const logits = sight.trace.logits[sight.position];
    const ranked = ranking(logits).slice(0, SCORES);
    return {
      said: [paragraph(`A score for each token of the vocabulary, ${sight.ids.length} × ${logits.length} in all: the row’s product with each row of the embedding table.`)],
      shown: [table(`The highest after “${token(sight)}”`, ["Next token", "Logit"], ranked.map((id) => [written(sight.course, id), format(logits[id])]))],
    };
  },
};

/** No box of the map, but the sentence with other names. */
export const OTHER_NAMES: Part = { key: "pairs", name: "Other names", kind: "tensor", chapters: [], open: pairsSeen };

export const DRAW: Part = {
  key: "draw",
  name: "Next token",
  kind: "tensor",
  chapters: ["decoding"],
  leadsTo: OTHER_NAMES,
  open: (sight, actions) => {
    const probabilities = softmax(sight.trace.logits[sight.position]);
    const bars = tokenBars(sight.out.length ? "The most probable next tokens (mark: before)" : "The most probable next tokens");
    const rivals = rivalsOf(sight);
    const whole = sight.out.length ? softmax(traceWithout(sight, []).logits[sight.position]) : undefined;
    bars.show(ranking(probabilities).slice(0, BARS).map((id) => ({ id, token: sight.course.tokenizer.decode([id]), probability: probabilities[id], before: whole?.[id], look: lookOf(rivals, id) })));
    const came = sight.ids[sight.position + 1];
    const next = came === undefined ? "One is drawn, and the text goes on with it." : `In the text came “${sight.labels[sight.position + 1]}”, ${percent(probabilities[came])}.`;
    return { said: [paragraph(`The softmax of the logits: shares of one. ${next}`), bars.node], shown: [headGrid(sight, actions)] };
  },
};

/**
 * The boxes on each of a layer's branches: a norm, and what adds to the stream.
 * @param isSmall  A layer is one box.
 */
export function branches(i: number, isSmall: boolean): Part[][] {
  if (isSmall) return [[headsPart(i, true)]];
  return [[normBefore(i, "attention"), headsPart(i, false)], [normBefore(i, "feed-forward"), feedForwardOf(i)]];
}

function normBefore(i: number, next: "attention" | "feed-forward"): Part {
  return {
    key: `norm-${next}-${i + 1}`,
    name: "Norm",
    kind: "learned",
    fullName: `Norm before ${next} ${i + 1}`,
    chapters: ["normalization"],
    open: (sight) => {
      const layer = sight.trace.layers[i];
      const [before, after, at] = next === "attention" ? [layer.input, layer.attentionInput, i] : [layer.middle, layer.feedForwardInput, i + 0.5];
      return norm(sight, before[sight.position], after[sight.position], at);
    },
  };
}

/** The heads of a layer: those of its attention, or of all of it. */
function headsPart(i: number, isWhole: boolean): Part {
  const adds = isWhole ? [`attention-${i + 1}`, `feed-forward-${i + 1}`] : [`attention-${i + 1}`];
  return {
    key: isWhole ? `layer-${i + 1}` : adds[0],
    adds,
    name: `${isWhole ? "Layer" : "Attention"} ${i + 1}`,
    kind: "learned",
    heads: i,
    chapters: isWhole ? ["attention", "feed-forward networks"] : ["attention"],
    open: (sight, actions) => {
      const isOut = isLeftOut(sight, adds);
      const added = scoresOfHeads(sight, i);
      const said = paragraph(headInWords(sight, i, isOut, added));
      const sizes = [...attentionSizes(sight, i), ...(isWhole ? [feedForwardAdds(sight, i)] : [])];
      return {
        said: [said, rivalsAlong(sight, [i, i + (isWhole ? 1 : 0.5)], actions.compare, isWhole ? ROOMY : FLAT)],
        proof: said,
        shown: sight.carried ? carriedTable(sight, i, actions) : [headTable(sight, i, isOut, added, actions), details("Shapes and sizes", ...sizes)],
      };
    },
  };
}

function attentionSizes({ course, ids, position, trace }: Sight, i: number) {
  const { heads, kv_heads, head_size } = course.config;
  const { attentionOutput, input } = trace.layers[i];
  const n = ids.length;
  return [
    `Layer ${i + 1}: ${heads} heads of ${head_size} numbers. Queries ${n} × ${heads} × ${head_size}, keys and values ${n} × ${kv_heads} × ${head_size}, ` +
      `turned by their positions; weights ${heads} × ${n} × ${n}. Each layer has two steps in the plot: attention, then feed-forward.`,
    sizesOf("What attention adds", attentionOutput[position], input[position]),
  ];
}

function feedForwardOf(i: number): Part {
  const adds = [`feed-forward-${i + 1}`];
  return {
    key: `feed-forward-${i + 1}`,
    adds,
    name: `Feed-forward ${i + 1}`,
    kind: "learned",
    chapters: ["feed-forward networks"],
    open: (sight, actions) => {
      const { hidden, middle } = sight.trace.layers[i];
      const mine = hidden[sight.position];
      const [n, width] = [sight.ids.length, middle[0].length];
      const isOut = isLeftOut(sight, adds);
      const does = isOut
        ? "Left out, it adds nothing. With it back,"
        : `The row of “${token(sight)}” goes by itself through ${mine.length} hidden units; each adds its own direction, times its value. Without them,`;
      return {
        said: [paragraph(`${does} the guess ${guessThen(sight, adds)}.`), rivalsAlong(sight, [i + 0.5, i + 1], actions.compare)],
        shown: [
          ...(isOut ? [] : [strongestUnits(sight, i)]),
          details("Shapes and sizes", `Layer ${i + 1}: ${n} × ${width} numbers become ${n} × ${mine.length} hidden units and ${n} × ${width} numbers again.`, feedForwardAdds(sight, i)),
        ],
      };
    },
  };
}

function strongestUnits({ course, trace, position }: Sight, i: number) {
  const { hidden, residual } = trace.layers[i];
  const after = guessOf(course, residual[position]).id;
  const pushes = pushesToward(course.decoder, trace, i, position, after);
  const rows = ranking(pushes).slice(0, HIDDEN_UNITS).map((unit) => [String(unit + 1), format(hidden[position][unit]), `+${format(pushes[unit])}`]);
  return table(`The units that raise the score of “${written(course, after)}” most`, ["Unit", "Value", "Raises it by"], rows);
}

function feedForwardAdds({ trace, position }: Sight, i: number) {
  const { feedForwardOutput, middle } = trace.layers[i];
  return sizesOf("What feed-forward adds", feedForwardOutput[position], middle[position]);
}

/** @param at  Where the norm reads from the stream, in layers. */
function norm(sight: Sight, before: Float32Array, after: Float32Array, at: number) {
  const largest = Math.max(...[before, after].flatMap((row) => Array.from(row, Math.abs)));
  const sizes = (position: number) => rowsAlong(sight.trace, position).map(([x, row]) => [x, rms(row)] as [number, number]);
  const others = sight.ids.map((_, i) => i).filter((i) => i !== sight.position);
  const divisor = rms(before);
  const said = [
    paragraph(`Each row of ${shape(sight)} is divided by its root mean square, here ${format(divisor)}, and multiplied by a learned gain.`),
    alongStream(sight.trace, {
      title: "Root mean square of the row along the stream (gray: other tokens)",
      series: [...others.map((i) => ({ name: "", look: 4, points: sizes(i) })), { name: "", look: 0, points: sizes(sight.position) }],
      dots: [{ at: [at, divisor], name: format(divisor) }],
    }),
  ];
  return { said, shown: [strip("Before", before, largest), strip("After, on the same scale", after, largest)] };
}

function shape({ ids, course }: Sight) {
  return `${ids.length} × ${course.config.hidden_size}`;
}

function sizesOf(what: string, addition: Float32Array, stream: Float32Array) {
  return `${what} has a root mean square of ${format(rms(addition))}; the row: ${format(rms(stream))}.`;
}

function paragraph(text: string) {
  return element("p", {}, text);
}

function details(name: string, ...texts: string[]) {
  return element("details", {}, element("summary", {}, name), ...texts.map(paragraph));
}

function table(caption: string, columns: string[], rows: string[][], picked?: number) {
  const lines = rows.map(([head, ...cells], i) => tableRow(head, cells, i === picked && "llm-picked"));
  return captionedTable(caption, columns, lines, "llm-heat");
}
