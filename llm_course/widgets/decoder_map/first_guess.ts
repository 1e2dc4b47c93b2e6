/** What the model guesses: in a sentence, and beside it as bars of the guess and of the tokens that compete with it. */

import { element } from "../ui/dom.ts";
import { guessNow, guessWithout, inWords, written, writtenAt } from "./guesses.ts";
import { ranking, softmax } from "../models/numbers.ts";
import { lookOf, rivalsOf } from "./rivals.ts";
import { partsInWords, sinceInWords, token, traceWithout, type Sight } from "./sight.ts";
import { percent } from "../ui/token_bars.ts";

/** From this probability on there is no other guess to speak of. */
const SURE = 0.98;
/** Of guesses that follow one another as part after part is left out, at most. */
const IN_A_ROW = 4;
/** The guess of the whole model, what it is compared with, and the guess without what is left out. */
const BARS = 3;

/**
 * The guess in a sentence, of which the bars beside it show the end: that is only heard.
 * @param drawn  The token that has just been drawn, in words: they are seen in place of the sentence.
 */
export function guessInWords(sight: Sight, drawn?: string): (string | Node)[] {
  const [seen, ...heard] = sentence(sight);
  return drawn ? [`${drawn} `, unseen(seen, ...heard), element("span", { "aria-hidden": "true" }, "Next:")] : [seen, unseen(...heard)];
}

function unseen(...words: string[]) {
  return element("span", { class: "llm-unseen" }, ...words);
}

function sentence(sight: Sight): [seen: string, heard: string] {
  const shares = softmax(sight.trace.logits[sight.position]);
  const [first, other] = ranking(shares).slice(0, 2).map((id) => inWords(sight, { id, share: shares[id] }));
  if (gestures(sight.out).length > 2) return [guessesInARow(sight).join(" → "), `, ${percent(Math.max(...shares))}: one part after the other is left out${sinceInWords(sight)}.`];
  const without = `Without ${partsInWords(sight.out)}${sinceInWords(sight)}`;
  const after = `, after “${token(sight)}”`;
  const isLast = sight.position === sight.ids.length - 1; // where else, it is to be seen
  if (sight.out.length) return [`${without}${isLast ? "" : after}`, `${isLast ? after : ""}, the first guess is ${first}.`];
  return [`After “${token(sight)}” the model guesses`, ` ${first}${Math.max(...shares) < SURE ? `, or ${other}` : ""}.`];
}

/** How many parts are out after each gesture: a layer is left out as one, by its two parts. */
function gestures(out: string[]) {
  return out.flatMap((part, i) => (out[i + 1] === part.replace("attention", "feed-forward") && part.startsWith("attention") ? [] : [i + 1]));
}

/** The guess of the whole model, and after each part that was left out: the last ones, if they are many. */
function guessesInARow(sight: Sight) {
  const { course, out } = sight;
  const guesses = [0, ...gestures(out)].map((count) => written(course, guessWithout(sight, out.slice(0, count)).id));
  return guesses.length > IN_A_ROW ? ["…", ...guesses.slice(-IN_A_ROW)] : guesses;
}

/** Bars that stay in their places, so that one is seen to grow at the cost of another. */
export function guessBars() {
  const bars = Array.from({ length: BARS }, guessBar);
  const node = element("div", { class: "llm-race", role: "group", "aria-label": "Probabilities of the guess and of what competes with it" }, ...bars.map((bar) => bar.node));
  node.hidden = true;

  function show(sight: Sight) {
    const rivals = rivalsOf(sight);
    const { trace, position, out } = sight;
    const [shares, whole] = [trace, traceWithout(sight, [])].map(({ logits }) => softmax(logits[position]));
    const now = guessNow(sight).id;
    const shown = [...new Set([rivals.guess, rivals.rival, now])];
    bars.forEach((bar, i) => {
      const id = shown[i];
      bar.node.hidden = id === undefined;
      if (id === undefined) return;
      bar.show({ name: writtenAt(sight, id), share: shares[id], was: out.length ? whole[id] : undefined, look: lookOf(rivals, id), isFirst: id === now });
    });
    node.hidden = false;
  }
  return { node, show, hide: () => void (node.hidden = true) };
}

function guessBar() {
  const [name, share] = [element("b"), element("span")];
  const filled = element("span", { class: "llm-bar" });
  const past = element("i", { class: "llm-was" });
  const words = element("span", { class: "llm-guessed-words" }, name, " ", share);
  const node = element("span", {}, words, element("span", { class: "llm-track" }, past, filled));

  function show(guess: { name: string, share: number, was: number | undefined, look: string, isFirst: boolean }) {
    node.className = `llm-guess ${guess.look}${guess.isFirst ? "" : " llm-behind"}`;
    name.textContent = guess.name;
    share.textContent = percent(guess.share);
    filled.style.setProperty("--share", guess.share.toFixed(4));
    past.hidden = guess.was === undefined;
    past.title = `with all parts: ${percent(guess.was ?? 0)}`;
    past.style.setProperty("--share", (guess.was ?? 0).toFixed(4));
  }
  return { node, show };
}
