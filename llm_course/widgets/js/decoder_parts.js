/** The parts of the decoder map: what each shows of the sentence when it is opened. */

import { element } from "./dom.js";
import { headInWords, headTable } from "./layer_heads.js";
import { guessOf, written } from "./lens_table.js";
import { argmax, format, softmax } from "./numbers.js";
import { isLeftOut, partsInWords, token, traceOtherwise, traceWithout } from "./sight.js";
import { strip } from "./strip.js";
import { captionedTable, tableRow } from "./table.js";
import { percent, tokenBars } from "./token_bars.js";
import { pushesToward, rootMeanSquare } from "./trace.js";

/** @import { CourseModel } from "./course_model.js" */
/** @import { HeadActions } from "./layer_heads.js" */
/** @import { Sight } from "./sight.js" */
/** @import { Trace } from "./trace.js" */

const BARS = 8;
const HIDDEN_UNITS = 6;

/**
 * @typedef {object} Part  A box of the map.
 * @property {string} key
 * @property {string} name
 * @property {string} [fullName]  Where others have the same name.
 * @property {"tensor" | "learned"} kind  What the diagrams of the book draw with sharp corners, and in the color of what learns.
 * @property {string[]} chapters  What its chapters are about, the keys of their addresses.
 * @property {number} [heads]  The layer, from 0, whose heads it shows.
 * @property {string[]} [adds]  What adds to the stream in it, as `traceWithout` names it.
 * @property {(sight: Sight, actions: HeadActions) => (Node | string)[]} open  What it shows.
 */

/** @type {Part} */
export const TOKENS = {
  key: "tokens",
  name: "Tokens",
  kind: "tensor",
  chapters: ["tokenization"],
  open: ({ ids, labels, position, course }) => [
    paragraph(`The text in ${ids.length} pieces, each with its number in a vocabulary of ${course.config.vocabulary_size}. The first is the token that ends a text: here, the one before.`),
    table("Tokens and their numbers", ["Token", "Number"], labels.map((label, i) => [label, String(ids[i])]), position),
  ],
};

/** @type {Part} */
export const ROWS = {
  key: "rows",
  name: "Embeddings",
  kind: "learned",
  chapters: ["embeddings"],
  open: (sight) => [
    paragraph(`Each number picks its row of a table: ${shape(sight)} numbers. This is the row of “${token(sight)}”. Its position comes in later, in attention. The same table turns rows into guesses, so at first each row guesses itself.`),
    strip("The row", sight.trace.embedding[sight.position]),
  ],
};

/** @type {Part} */
export const FINAL_NORM = {
  key: "final",
  name: "Last norm",
  kind: "learned",
  chapters: ["normalization"],
  open: (sight) => {
    const before = sight.trace.layers[sight.trace.layers.length - 1].residual[sight.position];
    return norm(sight, before, sight.trace.final[sight.position]);
  },
};

/** @type {Part} */
export const LOGITS = {
  key: "logits",
  name: "Logits",
  kind: "tensor",
  chapters: ["normalization"],
  open: (sight) => {
    const logits = sight.trace.logits[sight.position];
    const ranked = ranking(logits).slice(0, BARS);
    return [
      paragraph(`A score for each token of the vocabulary, ${sight.ids.length} × ${logits.length} in all: the row's product with each row of the embedding table. The highest after “${token(sight)}”:`),
      table("The highest logits", ["Next token", "Logit"], ranked.map((id) => [written(sight.course, id), format(logits[id])])),
    ];
  },
};

/** @type {Part} */
export const DRAW = {
  key: "draw",
  name: "Next token",
  kind: "tensor",
  chapters: ["decoding"],
  open: (sight) => {
    const probabilities = softmax(sight.trace.logits[sight.position]);
    const bars = tokenBars(sight.out.length ? "The most probable next tokens (mark: with all parts)" : "The most probable next tokens");
    const whole = sight.out.length ? softmax(traceWithout(sight, []).logits[sight.position]) : undefined;
    bars.show(ranking(probabilities).slice(0, BARS).map((id) => ({ id, token: sight.course.tokenizer.decode([id]), probability: probabilities[id], before: whole?.[id] })));
    const came = sight.ids[sight.position + 1];
    const next = came === undefined ? "One is drawn, and the text goes on with it." : `In the text came “${sight.labels[sight.position + 1]}”, ${percent(probabilities[came])}.`;
    return [paragraph(`The softmax of the logits: shares of one. ${next}`), bars.node];
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
      const { input, middle, residual } = sight.trace.layers[i];
      const { said, picture, sizes } = attentionSeen(sight, i, isLeftOut(sight, adds), actions);
      return [
        paragraph(said),
        paragraph(guessesAlong(sight.course, input[sight.position], middle[sight.position], residual[sight.position])),
        withoutIt(sight, adds),
        picture,
        details("Shapes and sizes", ...sizes, feedForwardAdds(sight, i)),
      ];
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
      const [before, after] = next === "attention" ? [layer.input, layer.attentionInput] : [layer.middle, layer.feedForwardInput];
      return norm(sight, before[sight.position], after[sight.position]);
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
      const { input, middle } = sight.trace.layers[i];
      const isOut = isLeftOut(sight, adds);
      const { said, picture, sizes } = attentionSeen(sight, i, isOut, actions);
      const moves = guessMoves(sight.course, input[sight.position], middle[sight.position]);
      return [paragraph(said), isOut ? "" : paragraph(moves), withoutIt(sight, adds), picture, details("Shapes and sizes", ...sizes)];
    },
  };
}

/**
 * The attention of a layer: what it does in a sentence, a picture of its heads, and how large things are.
 * @param {Sight} sight
 * @param {number} i
 * @param {boolean} isOut
 * @param {HeadActions} actions
 */
function attentionSeen(sight, i, isOut, actions) {
  const { heads, kv_heads, head_size } = sight.course.config;
  const { attentionOutput, input } = sight.trace.layers[i];
  const n = sight.ids.length;
  return {
    said: headInWords(sight, i, isOut),
    picture: headTable(sight, i, isOut, actions),
    sizes: [
      `Layer ${i + 1}: ${heads} heads of ${head_size} numbers. Queries ${n} × ${heads} × ${head_size}, keys and values ${n} × ${kv_heads} × ${head_size}, ` +
        `turned by their positions; weights ${heads} × ${n} × ${n}. Beside each head stand two tokens, of the text and the first two guesses, whose logits it moves most.`,
      added("What attention adds", attentionOutput[sight.position], input[sight.position]),
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
    open: (sight) => {
      const { course, position } = sight;
      const { hidden, middle, residual } = sight.trace.layers[i];
      const mine = hidden[position];
      const [n, width] = [sight.ids.length, middle[0].length];
      const isOut = isLeftOut(sight, adds);
      return [
        paragraph(isOut ? "Left out, it adds nothing." : `The row of “${token(sight)}” goes by itself through ${mine.length} hidden units. Each adds its own direction to the row, times its value.`),
        isOut ? "" : paragraph(guessMoves(course, middle[position], residual[position])),
        withoutIt(sight, adds),
        isOut ? "" : strongestUnits(sight, i),
        details("Shapes and sizes", `Layer ${i + 1}: ${n} × ${width} numbers become ${n} × ${mine.length} hidden units and ${n} × ${width} numbers again.`, feedForwardAdds(sight, i)),
      ];
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
  return table(`The units that raise the logit of “${written(course, after)}” most`, ["Unit", "Value", "Raises it by"], rows);
}

/**
 * The test of what parts are good for: what the model says without them.
 * @param {Sight} sight
 * @param {string[]} parts
 */
function withoutIt(sight, parts) {
  return element("p", { class: "llm-without" }, element("b", {}, `Without ${partsInWords(parts)}`), ` the model ${compare(sight, traceOtherwise(sight, parts), isLeftOut(sight, parts))}`);
}

/**
 * @param {Sight} sight
 * @param {Trace} other  With what is left out, or without what is not.
 * @param {boolean} isOut
 */
function compare({ course, position, trace }, other, isOut) {
  const [now, then] = [trace, other].map(({ logits }) => softmax(logits[position]));
  const [guess, its] = [now, then].map(argmax);
  const [first, second] = [guess, its].map((id) => `“${written(course, id)}”`);
  if (isOut) return `says ${first} (${percent(now[guess])}). With it, ${guess === its ? "it says that, too" : `it says ${second}`} (${percent(then[its])}).`;
  const [before, after] = [now, then].map((shares) => percent(shares[guess]));
  if (guess === its) return before === after ? `would say the same, ${first}, at ${after}.` : `would still say ${first}, at ${after} in place of ${before}.`;
  return `would say ${second} (${percent(then[its])}). ${first} would ${now[guess] > then[guess] ? "fall" : "rise"} from ${before} to ${after}.`;
}

/**
 * @param {Sight} sight
 * @param {number} i
 */
function feedForwardAdds({ trace, position }, i) {
  const { feedForwardOutput, middle } = trace.layers[i];
  return added("What feed-forward adds", feedForwardOutput[position], middle[position]);
}

/**
 * @param {Sight} sight
 * @param {Float32Array} before
 * @param {Float32Array} after
 */
function norm(sight, before, after) {
  const largest = Math.max(...[before, after].flatMap((row) => Array.from(row, Math.abs)));
  return [
    paragraph(`Each row of ${shape(sight)} is divided by its root mean square, here ${format(rootMeanSquare(before))}, and multiplied by a learned gain.`),
    strip("Before", before, largest),
    strip("After, on the same scale", after, largest),
  ];
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
function added(what, addition, stream) {
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

/**
 * The token that a row of the residual stream points to.
 * @param {CourseModel} course
 * @param {Float32Array} row
 */
function pointsTo(course, row) {
  return written(course, guessOf(course, row).id);
}

/**
 * The guess before a layer, between its two parts, and after it.
 * @param {CourseModel} course
 * @param {Float32Array[]} rows
 */
function guessesAlong(course, ...rows) {
  const [before, middle, after] = rows.map((row) => pointsTo(course, row));
  return before === middle && middle === after
    ? `The guess so far stays “${before}”.`
    : `The guess so far: “${before}” before, “${middle}” after attention, “${after}” after the feed-forward network.`;
}

/**
 * What a part does to the guess.
 * @param {CourseModel} course
 * @param {Float32Array} before
 * @param {Float32Array} after
 */
function guessMoves(course, before, after) {
  const [one, other] = [before, after].map((row) => pointsTo(course, row));
  return one === other ? `The guess so far stays “${one}”.` : `The guess so far moves from “${one}” to “${other}”.`;
}

