/** The parts of the decoder map: what each shows of the sentence when it is opened. */

import { alongStream, rowsAlong } from "./along_stream.js";
import { carriedTable } from "./carried.js";
import { element } from "../ui/dom.js";
import { headGrid } from "./head_grid.js";
import { headInWords, headTable } from "./layer_heads.js";
import { scoresOfHeads } from "./head_scores.js";
import { guessOf, written } from "./guesses.js";
import { format, softmax } from "../models/numbers.js";
import { guessThen } from "./otherwise.js";
import { pairsSeen } from "./pair_grid.js";
import { lookOf, rivalsAlong, rivalsOf } from "./rivals.js";
import { isLeftOut, token, traceWithout } from "./sight.js";
import { strip } from "./strip.js";
import { captionedTable, tableRow } from "../ui/table.js";
import { percent, tokenBars } from "../ui/token_bars.js";
import { pushesToward, rootMeanSquare } from "./trace.js";

/** @import { Pair, PairGuesses } from "./name_pairs.js" */
/** @import { Sight } from "./sight.js" */

const SCORES = 7;
/** Fewer, for the guesses without heads stand with them. */
const BARS = 3;
const HIDDEN_UNITS = 4;
/** Of a plot in the small map, in pixels. */
const ROOMY = 146;
/** The same where the heads stand below it. */
const FLAT = 110;

/**
 * @typedef {object} PartActions  What a reader may do in an opened part.
 * @property {(head: number) => void} chooseHead
 * @property {(head: number, isSeen: boolean) => void} seeCarried  What the head takes from each token, or all heads again.
 * @property {(parts: string[]) => void} toggle
 * @property {(rival: string) => void} compare
 * @property {(part: string) => void} leaveOutAlone  Or puts it back.
 * @property {(part: string) => void} leaveOutOnly  The same, and tells no more than that.
 * @property {() => void} tellAll  The guesses without heads.
 * @property {PairGuesses} pairs
 * @property {(pair: Pair) => void} showPair  Its sentence in the map.
 */

/**
 * @typedef {object} Opened  What an opened part shows.
 * @property {(Node | string)[]} said  Sentences and plots, which stand first.
 * @property {Node} [proof]  The one of these that backs the answer to a question: on a phone it stands beside that.
 * @property {(Node | string)[]} shown  Tables and what is behind them: beside the others where there is room.
 *
 * @typedef {object} Part  A box of the map.
 * @property {string} key
 * @property {string} name
 * @property {string} [fullName]  Where others have the same name.
 * @property {"tensor" | "learned"} kind  What the diagrams of the book draw with sharp corners, and in the color of what learns.
 * @property {string[]} chapters  What its chapters are about, the keys of their addresses.
 * @property {number} [heads]  The layer, from 0, whose heads it shows.
 * @property {Part} [leadsTo]  What is no box of its own.
 * @property {string[]} [adds]  What adds to the stream in it, as `traceWithout` names it.
 * @property {(sight: Sight, actions: PartActions) => Opened} open
 */

/** @type {Part} */
export const TOKENS = {
  key: "tokens",
  name: "Tokens",
  kind: "tensor",
  chapters: ["tokenization"],
  open: ({ ids, labels, position, course }) => ({
    said: [paragraph(`The text in ${ids.length} pieces, each with its number in a vocabulary of ${course.config.vocabulary_size}. START is the token between two texts: each begins behind one.`)],
    shown: [table("Tokens and their numbers", ["Token", "Number"], labels.map((label, i) => [label, String(ids[i])]), position)],
  }),
};

/** @type {Part} */
export const ROWS = {
  key: "rows",
  name: "Embeddings",
  kind: "learned",
  chapters: ["embeddings"],
  open: (sight) => ({
    said: [paragraph(`Each token picks a row of a table by its number. This is the row of “${token(sight)}”, one of ${shape(sight)}. Its position comes in later, in attention. The same table turns rows into guesses, so at first each row guesses itself.`)],
    shown: [strip("The row", sight.trace.embedding[sight.position])],
  }),
};

/** @type {Part} */
export const FINAL_NORM = {
  key: "final",
  name: "Last norm",
  kind: "learned",
  chapters: ["normalization"],
  open: (sight) => {
    const before = sight.trace.layers[sight.trace.layers.length - 1].residual[sight.position];
    return norm(sight, before, sight.trace.final[sight.position], sight.trace.layers.length);
  },
};

/** @type {Part} */
export const LOGITS = {
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

/**
 * No box of the map, but the sentence with other names.
 * @type {Part}
 */
export const OTHER_NAMES = { key: "pairs", name: "Other names", kind: "tensor", chapters: [], open: pairsSeen };

/** @type {Part} */
export const DRAW = {
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
 * The two branches of a layer: a norm, and what adds to the stream.
 * @param {number} i
 */
export function branches(i) {
  return [[normBefore(i, "attention"), attentionOf(i)], [normBefore(i, "feed-forward"), feedForwardOf(i)]];
}

/**
 * @param {number} i
 * @returns {Part}
 */
export function wholeLayer(i) {
  const adds = [`attention-${i + 1}`, `feed-forward-${i + 1}`];
  return {
    key: `layer-${i + 1}`,
    adds,
    name: `Layer ${i + 1}`,
    kind: "learned",
    heads: i,
    chapters: ["attention", "feed-forward networks"],
    open: (sight, actions) => {
      const { said, pictures, sizes } = attentionSeen(sight, i, isLeftOut(sight, adds), actions);
      return {
        said: [said, rivalsAlong(sight, [i, i + 1], actions.compare, ROOMY)],
        proof: said,
        shown: sight.carried ? carriedTable(sight, i, actions) : [...pictures, details("Shapes and sizes", ...sizes, feedForwardAdds(sight, i))],
      };
    },
  };
}

/**
 * @param {number} i
 * @param {"attention" | "feed-forward"} next
 * @returns {Part}
 */
function normBefore(i, next) {
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

/**
 * @param {number} i
 * @returns {Part}
 */
function attentionOf(i) {
  const adds = [`attention-${i + 1}`];
  return {
    key: `attention-${i + 1}`,
    adds,
    name: `Attention ${i + 1}`,
    kind: "learned",
    heads: i,
    chapters: ["attention"],
    open: (sight, actions) => {
      const { said, pictures, sizes } = attentionSeen(sight, i, isLeftOut(sight, adds), actions);
      return {
        said: [said, rivalsAlong(sight, [i, i + 0.5], actions.compare, FLAT)],
        proof: said,
        shown: sight.carried ? carriedTable(sight, i, actions) : [...pictures, details("Shapes and sizes", ...sizes)],
      };
    },
  };
}

/**
 * The attention of a layer: what it does in a sentence, its heads, and how large things are.
 * @param {Sight} sight
 * @param {number} i
 * @param {boolean} isOut
 * @param {PartActions} actions
 */
function attentionSeen(sight, i, isOut, actions) {
  const { heads, kv_heads, head_size } = sight.course.config;
  const { attentionOutput, input } = sight.trace.layers[i];
  const n = sight.ids.length;
  const added = scoresOfHeads(sight, i);
  return {
    said: paragraph(headInWords(sight, i, isOut, added)),
    pictures: [headTable(sight, i, isOut, added, actions)],
    sizes: [
      `Layer ${i + 1}: ${heads} heads of ${head_size} numbers. Queries ${n} × ${heads} × ${head_size}, keys and values ${n} × ${kv_heads} × ${head_size}, ` +
        `turned by their positions; weights ${heads} × ${n} × ${n}. Each layer has two steps in the plot: attention, then feed-forward.`,
      sizesOf("What attention adds", attentionOutput[sight.position], input[sight.position]),
    ],
  };
}

/**
 * @param {number} i
 * @returns {Part}
 */
function feedForwardOf(i) {
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

/**
 * @param {Sight} sight
 * @param {number} i
 */
function strongestUnits({ course, trace, position }, i) {
  const { hidden, residual } = trace.layers[i];
  const after = guessOf(course, residual[position]).id;
  const pushes = pushesToward(course.decoder, trace, i, position, after);
  const rows = ranking(pushes).slice(0, HIDDEN_UNITS).map((unit) => [String(unit + 1), format(hidden[position][unit]), `+${format(pushes[unit])}`]);
  return table(`The units that raise the score of “${written(course, after)}” most`, ["Unit", "Value", "Raises it by"], rows);
}

/**
 * @param {Sight} sight
 * @param {number} i
 */
function feedForwardAdds({ trace, position }, i) {
  const { feedForwardOutput, middle } = trace.layers[i];
  return sizesOf("What feed-forward adds", feedForwardOutput[position], middle[position]);
}

/**
 * @param {Sight} sight
 * @param {Float32Array} before
 * @param {Float32Array} after
 * @param {number} at  Where the norm reads from the stream, in layers.
 */
function norm(sight, before, after, at) {
  const largest = Math.max(...[before, after].flatMap((row) => Array.from(row, Math.abs)));
  const sizes = (/** @type {number} */ position) => rowsAlong(sight.trace, position).map(([x, row]) => /** @type {[number, number]} */ ([x, rootMeanSquare(row)]));
  const others = sight.ids.map((_, i) => i).filter((i) => i !== sight.position);
  const divisor = rootMeanSquare(before);
  const said = [
    paragraph(`Each row of ${shape(sight)} is divided by its root mean square, here ${format(divisor)}, and multiplied by a learned gain.`),
    alongStream(sight.trace, {
      title: "Root mean square of the row along the stream (gray: other tokens)",
      series: [...others.map((i) => ({ name: "", look: 4, points: sizes(i) })), { name: "", look: 0, points: sizes(sight.position) }],
      linesAreNamedElsewhere: true, // above them
      dots: [{ at: [at, divisor], name: format(divisor) }],
    }),
  ];
  return { said, shown: [strip("Before", before, largest), strip("After, on the same scale", after, largest)] };
}

/** @param {Sight} sight */
function shape({ ids, course }) {
  return `${ids.length} × ${course.config.hidden_size}`;
}

/**
 * @param {string} what
 * @param {Float32Array} addition
 * @param {Float32Array} stream
 */
function sizesOf(what, addition, stream) {
  return `${what} has a root mean square of ${format(rootMeanSquare(addition))}; the row: ${format(rootMeanSquare(stream))}.`;
}

/**
 * @param {ArrayLike<number>} values
 * @returns {number[]}  The indices, the largest value first.
 */
function ranking(values) {
  return Array.from(values, (_, id) => id).sort((a, b) => values[b] - values[a]);
}

/** @param {string} text */
function paragraph(text) {
  return element("p", {}, text);
}

/**
 * @param {string} name
 * @param {string[]} texts
 */
function details(name, ...texts) {
  return element("details", {}, element("summary", {}, name), ...texts.map(paragraph));
}

/**
 * @param {string} caption
 * @param {string[]} columns
 * @param {string[][]} rows
 * @param {number} [picked]
 */
function table(caption, columns, rows, picked) {
  const lines = rows.map(([head, ...cells], i) => tableRow(head, cells, i === picked && "llm-picked"));
  return captionedTable(caption, columns, lines, "llm-heat");
}
