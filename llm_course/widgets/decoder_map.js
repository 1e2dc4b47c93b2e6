/** The whole decoder at work on one sentence: each part opens to its shapes and numbers, with the top guess after every layer. */

import { loadCourseModel } from "./js/course_model.js";
import { announcement, button, element, loadWhenVisible, setTrait, traitTextField, visibleToken, widget } from "./js/dom.js";
import { heatMap } from "./js/heat_map.js";
import { guessOf, lensTable, written } from "./js/lens_table.js";
import { argmax, format, randomNumbers, softmax } from "./js/numbers.js";
import { sample } from "./js/sampling.js";
import { strip } from "./js/strip.js";
import { captionedTable, tableRow } from "./js/table.js";
import { percent, tokenBars } from "./js/token_bars.js";
import { logitsWithout, pushesToward, rootMeanSquare, trace } from "./js/trace.js";

/** @import { CourseModel } from "./js/course_model.js" */
/** @import { Trace } from "./js/trace.js" */
/** @import { Model } from "./js/types.js" */

/** Longer sentences are cut: a table of more columns is no longer read. */
const SENTENCE_TOKENS = 24;
const BARS = 8;
const HIDDEN_UNITS = 6;
/** Pixels from which on the opened part stands beside the map, as `style.css` has it: 38rem. */
const BESIDE = 608;

/**
 * A sentence in the model, and the position that is looked at.
 * @typedef {object} Sight
 * @property {CourseModel} course
 * @property {number[]} ids
 * @property {string[]} labels
 * @property {Trace} trace
 * @property {number} position
 * @property {number} leftOut  Tokens at the beginning that did not fit.
 * @property {Map<string, Float32Array[]>} without  The logits without a part, once they were asked for.
 *
 * @typedef {object} Part  A box of the map.
 * @property {string} key
 * @property {string} name
 * @property {string} [fullName]  Where others have the same name.
 * @property {string[]} chapters  What its chapters are about, the keys of their addresses.
 * @property {(sight: Sight) => (Node | string)[]} open  What it shows.
 */

export default widget(
  {
    title: "A sentence on its way through the decoder",
    tryThis: (model) => [
      model.get("small")
        ? "Open the layers from left to right: when does the model's guess become the token that it is most likely to draw?"
        : "Follow the guesses down the layers: when does the model's guess become the token that it is most likely to draw?",
      "Open the guesses for every token: how many are right, and from which layer on? Which tokens can't be guessed?",
      `Open one ${model.get("small") ? "layer" : "attention or feed-forward network"} after the other: without which of them would the guess be another? Then choose another token.`,
      `Open ${model.get("small") ? "a layer" : "an attention"}: which tokens does each head look at? Then change one of them in the text.`,
    ],
  },
  (model, body) => {
    const said = announcement();
    const text = traitTextField(model, "text", "Text", { onType: () => setTrait(model, "position", -1), onChange: read });
    const tokens = element("div", { class: "llm-chips", role: "group", "aria-label": "Tokens: choose the one to follow" });
    const map = element("div", { class: model.get("small") ? "llm-machine llm-small" : "llm-machine" });
    const opened = element("div", { class: "llm-opened", role: "region", "aria-label": "The opened part" });
    const row = element("div", { class: "llm-machine-row" }, map, opened);
    const every = element("div");
    const lenses = element("details", { ontoggle: showEvery }, element("summary", {}, "The guesses for every token, after every layer"), every);
    const draw = button("Draw a token and go on", drawNext);
    let draws = 0;
    /** @type {CourseModel | null} */
    let course = null;
    /** @type {Sight | null} */
    let sight = null;

    draw.disabled = true;
    const cut = element("p", { class: "llm-note", hidden: true });
    body.append(element("div", { class: "llm-controls" }, text.node, draw), said, cut, tokens, row, lenses);
    new ResizeObserver(place).observe(body);
    load();

    async function load() {
      course = await loadWhenVisible(body, said, () => loadCourseModel(model));
      if (!course) return;
      draw.disabled = false;
      read();
    }

    function read() {
      if (!course) return;
      const { tokenizer, decoder, config } = course;
      const all = [config.end_of_text, ...tokenizer.encode(model.get("text"))];
      // The end of a long text decides what comes next; the model's texts begin after the token that ends the one before.
      const ids = all.length > SENTENCE_TOKENS ? [all[0], ...all.slice(1 - SENTENCE_TOKENS)] : all;
      const labels = ids.map((id, i) => (i === 0 ? "start" : visibleToken(tokenizer.decode([id]))));
      sight = { course, ids, labels, trace: trace(decoder, ids), position: 0, leftOut: all.length - ids.length, without: new Map() };
      show();
    }

    /** Everything that depends on the position or the opened part. */
    function show() {
      if (!sight) return;
      const last = sight.ids.length - 1;
      const asked = model.get("position");
      sight.position = asked >= 0 && asked <= last ? asked : last;
      const best = argmax(sight.trace.logits[sight.position]);
      const label = written(sight.course, best);
      const share = softmax(sight.trace.logits[sight.position])[best];
      said.textContent = `After “${sight.labels[sight.position]}”, at position ${sight.position}, the model's first guess is “${label}”, ${percent(share)}.`;
      cut.hidden = sight.leftOut === 0;
      cut.textContent = `${sight.leftOut} token${sight.leftOut === 1 ? " is" : "s are"} left out at the beginning: ${SENTENCE_TOKENS} fit here, “start” among them.`;
      keepFocus(tokens, () => tokens.replaceChildren(...chips(sight)));
      keepFocus(map, () => map.replaceChildren(machine(sight)));
      showOpened(sight);
      showEvery();
      place();
      reveal();
    }

    function showEvery() {
      if (sight && lenses.open) every.replaceChildren(lensTable(sight.course, sight, (position) => choose("position", position)));
    }

    /** Where there is no room beside the map, a part opens below its own layer, not below all of them. */
    function place() {
      const isNarrow = !model.get("small") && body.clientWidth < BESIDE;
      const layer = isNarrow ? map.querySelector("button[aria-pressed=true]")?.closest("li") : undefined;
      const home = layer ?? row;
      if (opened.parentElement !== home) home.append(opened);
    }

    /** Scrolls to the row that is spoken of, no further than needed: the caption stays where it can. */
    function reveal() {
      opened.scrollTop = 0;
      const named = /** @type {HTMLElement | null} */ (opened.querySelector(".llm-picked, tr:has(.llm-pointed)"));
      const table = named?.closest(".llm-scroller");
      if (named && table) table.scrollTop = named.offsetTop + 2.5 * named.offsetHeight - table.clientHeight;
    }

    /** @param {Sight} sight */
    function showOpened(sight) {
      const parts = allParts(sight, model.get("small"));
      const part = parts.find(({ key }) => key === model.get("part")) ?? parts[0];
      const addresses = model.get("chapters");
      const links = part.chapters
        .filter((name) => addresses[name])
        .map((name) => element("p", {}, element("a", { href: addresses[name] }, `The chapter about ${name}`)));
      const shown = part.open(sight);
      const isSaid = (/** @type {Node | string} */ node) => node instanceof HTMLParagraphElement || node instanceof HTMLDetailsElement;
      opened.replaceChildren(
        element("div", {}, element("p", { class: "llm-caption" }, part.fullName ?? part.name), ...shown.filter(isSaid), ...links),
        element("div", {}, ...shown.filter((node) => !isSaid(node))),
      );
    }

    /** @param {Sight | null} sight */
    function chips(sight) {
      return (sight?.labels ?? []).map((label, i) =>
        element(
          "button",
          { type: "button", "aria-pressed": String(i === sight?.position), onclick: () => choose("position", i) },
          label,
        ),
      );
    }

    /**
     * @param {string} trait
     * @param {any} value
     */
    function choose(trait, value) {
      setTrait(model, trait, value);
      show();
    }

    /** @param {Sight | null} sight */
    function machine(sight) {
      if (!sight) return element("ol");
      const box = (/** @type {Part} */ part) =>
        element(
          "button",
          {
            type: "button", "aria-label": part.fullName, "aria-pressed": String(part.key === model.get("part")),
            onclick: () => choose("part", part.key),
          },
          part.name,
        );
      const small = model.get("small");
      const last = argmax(sight.trace.logits[sight.position]);
      const rows = stages(sight, small).map(({ parts, row }) =>
        element("li", { class: parts.length > 1 ? "llm-block" : "" }, element("span", { class: "llm-boxes" }, ...parts.map(box)), row ? guess(sight, row, last, small) : null),
      );
      const list = element("ol", { "aria-label": "The decoder, from the text to the drawn token" }, ...rows);
      return small ? element("div", {}, element("p", { class: "llm-note" }, "The gray rail is the residual stream: each part reads from it and adds to it. Below each layer stands the guess so far; orange: it is the final one already."), list) : list;
    }

    function drawNext() {
      if (!sight || !course) return;
      const probabilities = softmax(sight.trace.logits[sight.ids.length - 1]);
      const uniform = randomNumbers(model.get("seed") + draws++)();
      const id = sample(probabilities, uniform);
      if (id === course.config.end_of_text) {
        said.textContent = "The model has drawn the end of the text. Write on, or begin anew.";
        return;
      }
      text.write(model.get("text") + course.tokenizer.decode([id]));
      setTrait(model, "position", -1);
      const drawn = `Drawn: “${written(course, id)}”, ${percent(probabilities[id])}. `;
      read();
      said.prepend(drawn);
    }
  },
);

/**
 * Keeps the focus on the button with the same place when all are made anew.
 * @param {HTMLElement} node
 * @param {() => void} change
 */
function keepFocus(node, change) {
  const place = [...node.querySelectorAll("button")].findIndex((made) => made === document.activeElement);
  change();
  if (place >= 0) node.querySelectorAll("button")[place]?.focus({ preventScroll: true });
}

/**
 * The top guess that a row of the residual stream would give.
 * @param {Sight} sight
 * @param {Float32Array} row
 * @param {number} last  The guess after the last layer: those that agree with it have its color.
 * @param {boolean} small
 */
function guess({ course }, row, last, small) {
  const { id: best, share } = guessOf(course, row);
  const label = written(course, best);
  const bar = element("span", { class: "llm-bar", style: `--share: ${share.toFixed(4)}` });
  const words = element("span", {}, small ? "" : "guess: ", element("b", {}, label), " ", element("span", {}, percent(share)));
  return element("span", { class: best === last ? "llm-guess" : "llm-guess llm-other" }, words, element("span", { class: "llm-track" }, bar));
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
 * What a part does to the guess.
 * @param {CourseModel} course
 * @param {Float32Array} before
 * @param {Float32Array} after
 */
function guessMoves(course, before, after) {
  const [one, other] = [before, after].map((row) => pointsTo(course, row));
  return one === other ? `The guess stays “${one}”.` : `The guess moves from “${one}” to “${other}”.`;
}

/**
 * The map from top to bottom: the boxes of each line, and the residual stream after it.
 * @param {Sight} sight
 * @param {boolean} small  A layer is one box.
 * @returns {{ parts: Part[], row?: Float32Array }[]}
 */
function stages(sight, small) {
  const { trace, position } = sight;
  const layers = trace.layers.map((layer, i) => ({ parts: small ? [wholeLayer(i)] : layerParts(i), row: layer.residual[position] }));
  return [
    { parts: [TOKENS] },
    { parts: [ROWS], row: trace.embedding[position] },
    ...layers,
    { parts: [FINAL_NORM] },
    { parts: [LOGITS] },
    { parts: [DRAW] },
  ];
}

/**
 * @param {Sight} sight
 * @param {boolean} small
 */
function allParts(sight, small) {
  return stages(sight, small).flatMap(({ parts }) => parts);
}

/** @type {Part} */
const TOKENS = {
  key: "tokens",
  name: "Tokens",
  chapters: ["tokenization"],
  open: ({ ids, labels, position, course }) => [
    paragraph(`The text in ${ids.length} pieces, each with its number in a vocabulary of ${course.config.vocabulary_size}. The first ends the text before.`),
    table("Tokens and their numbers", ["Token", "Number"], labels.map((label, i) => [label, String(ids[i])]), position),
  ],
};

/** @type {Part} */
const ROWS = {
  key: "rows",
  name: "Embeddings",
  chapters: ["embeddings"],
  open: (sight) => [
    paragraph(`Each number picks its row of a table: ${shape(sight)} numbers. This is the row of “${token(sight)}”. Where it stands, attention will know. The same table turns rows into guesses, so at first each row guesses itself.`),
    strip("The row", sight.trace.embedding[sight.position]),
  ],
};

/** @type {Part} */
const FINAL_NORM = {
  key: "final",
  name: "Last norm",
  chapters: ["normalization"],
  open: (sight) => {
    const before = sight.trace.layers[sight.trace.layers.length - 1].residual[sight.position];
    return norm(sight, before, sight.trace.final[sight.position]);
  },
};

/** @type {Part} */
const LOGITS = {
  key: "logits",
  name: "Logits",
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
const DRAW = {
  key: "draw",
  name: "Next token",
  chapters: ["decoding"],
  open: (sight) => {
    const probabilities = softmax(sight.trace.logits[sight.position]);
    const bars = tokenBars("The most probable next tokens");
    bars.show(ranking(probabilities).slice(0, BARS).map((id) => ({ id, token: sight.course.tokenizer.decode([id]), probability: probabilities[id] })));
    const came = sight.ids[sight.position + 1];
    const next = came === undefined ? "One is drawn, and the text goes on with it." : `In the text came “${sight.labels[sight.position + 1]}”, ${percent(probabilities[came])}.`;
    return [paragraph(`The softmax of the logits: shares of one. ${next}`), bars.node];
  },
};

/** @param {number} i */
function layerParts(i) {
  return [normBefore(i, "attention"), attentionOf(i), normBefore(i, "feed-forward"), feedForwardOf(i)];
}

/**
 * @param {number} i
 * @returns {Part}
 */
function wholeLayer(i) {
  return {
    key: `layer-${i + 1}`,
    name: `Layer ${i + 1}`,
    chapters: ["attention", "feed-forward networks"],
    open: (sight) => {
      const { input, residual } = sight.trace.layers[i];
      const { said, picture, sizes } = attentionSeen(sight, i);
      return [
        paragraph(said),
        paragraph(guessMoves(sight.course, input[sight.position], residual[sight.position])),
        withoutIt(sight, i, ["attention", "feed-forward"]),
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
  return {
    key: `attention-${i + 1}`,
    name: `Attention ${i + 1}`,
    chapters: ["attention"],
    open: (sight) => {
      const { input, middle } = sight.trace.layers[i];
      const { said, picture, sizes } = attentionSeen(sight, i);
      const moves = guessMoves(sight.course, input[sight.position], middle[sight.position]);
      return [paragraph(said), paragraph(moves), withoutIt(sight, i, ["attention"]), picture, details("Shapes and sizes", ...sizes)];
    },
  };
}

/**
 * The attention of a layer: what it does in a sentence, a picture of its heads, and how large things are.
 * @param {Sight} sight
 * @param {number} i
 */
function attentionSeen(sight, i) {
  const { heads, kv_heads, head_size } = sight.course.config;
  const { weights, attentionOutput, input } = sight.trace.layers[i];
  const mine = weights[sight.position];
  const picture = heatMap({
    caption: `What each head takes, for “${token(sight)}”`,
    rows: sight.labels.slice(0, sight.position + 1),
    columns: mine.map((_, head) => `head ${head + 1}`),
  });
  picture.show(mine[0].map((_, looked) => mine.map((weights) => weights[looked])));
  const n = sight.ids.length;
  const head = argmax(mine.map((weights) => Math.max(...weights)));
  const most = argmax(mine[head]);
  picture.frame(most, head);
  return {
    said: `Each head mixes what it takes from the tokens so far. Head ${head + 1} takes ${percent(mine[head][most])} of it from “${sight.labels[most]}”.`,
    picture: picture.node,
    sizes: [
      `Layer ${i + 1}: ${heads} heads of ${head_size} numbers. Queries ${n} × ${heads} × ${head_size}, keys and values ${n} × ${kv_heads} × ${head_size}, ` +
        `turned by their positions; weights ${heads} × ${n} × ${n}.`,
      added("What attention adds", attentionOutput[sight.position], input[sight.position]),
    ],
  };
}

/**
 * @param {number} i
 * @returns {Part}
 */
function feedForwardOf(i) {
  return {
    key: `feed-forward-${i + 1}`,
    name: `Feed-forward ${i + 1}`,
    chapters: ["feed-forward networks"],
    open: (sight) => {
      const { course, position } = sight;
      const { hidden, middle, residual } = sight.trace.layers[i];
      const mine = hidden[position];
      const after = guessOf(course, residual[position]).id;
      const pushes = pushesToward(course.decoder, sight.trace, i, position, after);
      const rows = ranking(pushes).slice(0, HIDDEN_UNITS).map((unit) => [String(unit + 1), format(mine[unit]), `+${format(pushes[unit])}`]);
      const [n, width] = [sight.ids.length, middle[0].length];
      return [
        paragraph(`The row of “${token(sight)}” goes by itself through ${mine.length} hidden units. Each adds its own direction to the row, times its value.`),
        paragraph(guessMoves(course, middle[position], residual[position])),
        withoutIt(sight, i, ["feed-forward"]),
        table(`The units that raise the logit of “${written(course, after)}” most`, ["Unit", "Value", "Raises it by"], rows),
        details("Shapes and sizes", `Layer ${i + 1}: ${n} × ${width} numbers become ${n} × ${mine.length} hidden units and ${n} × ${width} numbers again.`, feedForwardAdds(sight, i)),
      ];
    },
  };
}

/**
 * What the model would say if a part were left out: the test of what it is good for.
 * @param {Sight} sight
 * @param {number} i
 * @param {("attention" | "feed-forward")[]} parts
 */
function withoutIt({ course, ids, trace, position, without }, i, parts) {
  const key = `${i} ${parts}`;
  const logits = without.get(key) ?? logitsWithout(course, ids, i, parts);
  without.set(key, logits);
  const [now, then] = [trace.logits[position], logits[position]].map((row) => softmax(row));
  const [guess, other] = [argmax(now), argmax(then)];
  const said =
    guess === other
      ? `the model would still say “${written(course, guess)}”, at ${percent(then[guess])} in place of ${percent(now[guess])}.`
      : `the model would say “${written(course, other)}” (${percent(then[other])}). “${written(course, guess)}” would fall from ${percent(now[guess])} to ${percent(then[guess])}.`;
  const part = parts.length > 1 ? `layer ${i + 1}` : `${parts[0]} ${i + 1}`;
  return element("p", { class: "llm-without" }, element("b", {}, `Without ${part}`), ` ${said}`);
}

/**
 * @param {Sight} sight
 * @param {number} i
 */
function feedForwardAdds({ trace, position }, i) {
  const { feedForwardOutput, middle } = trace.layers[i];
  return added("What the feed-forward network adds", feedForwardOutput[position], middle[position]);
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

/** @param {Sight} sight */
function token({ labels, position }) {
  return labels[position];
}

/**
 * @param {string} what
 * @param {Float32Array} addition
 * @param {Float32Array} stream
 */
function added(what, addition, stream) {
  return `${what} to the row has a root mean square of ${format(rootMeanSquare(addition))}; the row itself has ${format(rootMeanSquare(stream))}.`;
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
