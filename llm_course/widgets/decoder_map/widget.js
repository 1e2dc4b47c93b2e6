/** The whole decoder at work on one sentence: each part opens to its shapes and numbers, with the top guess after every layer. */

import { loadCourseModel } from "../models/course_model.js";
import { allParts, flow } from "./decoder_flow.js";
import { announcement, button, element, inlineChoice, loadWhenVisible, setTrait, svg, traitTextField } from "../ui/dom.js";
import { guessBars, guessInWords } from "./first_guess.js";
import { widget } from "../ui/frame.js";
import { areAllFound, tellAlone } from "./head_grid.js";
import { written } from "./guesses.js";
import { pairGuesses, withPair } from "./name_pairs.js";
import { argmax, randomNumbers, softmax } from "../models/numbers.js";
import { otherwise } from "./otherwise.js";
import { tellPairs } from "./pair_grid.js";
import { sample } from "../models/sampling.js";
import { headOf, isLeftOut, SENTENCE_TOKENS, sightOf, silencers, tokensOf, toggled, traceWithout } from "./sight.js";
import { tryThis } from "./map_suggestions.js";
import { tokenArcs } from "./token_arcs.js";
import { percent } from "../ui/token_bars.js";

/** @import { CourseModel } from "../models/course_model.js" */
/** @import { Part } from "./decoder_parts.js" */
/** @import { Pair, PairGuesses } from "./name_pairs.js" */
/** @import { Sight } from "./sight.js" */
/** @import { Model } from "../ui/types.js" */

/** Pixels from which on the opened part stands beside the map, as `style.css` has it: 38rem. */
const BESIDE = 608;
/** Pixels beside the token that is followed. */
const MARGIN = 8;
/** Between two parts that are tried. */
const MILLISECONDS_BETWEEN = 20;
/** The groups of controls that are made anew. */
const GROUPS = [".llm-chips button", ".llm-boxes button", ".llm-otherwise", ".llm-alone", ".llm-opened :is(button:not(.llm-opens), select)"];

/**
 * @typedef {object} Reading  What does not change with the text.
 * @property {CourseModel} course
 * @property {PairGuesses} pairs
 */

/** What a map has read, by its body: it is drawn anew with each suggestion, and need not read the model again. @type {WeakMap<HTMLElement, Reading>} */
const readings = new WeakMap();

export default widget(
  {
    title: "A sentence on its way through the decoder",
    tryThis,
  },
  (model, body) => {
    const isSmall = model.get("small");
    const said = announcement();
    const text = traitTextField(model, "text", "Text", { onType, onChange: () => read() }, 1); // a field of one line would lose a line end
    text.node.className = "llm-field llm-wide llm-machine-text";
    const tokens = element("div", { class: "llm-chips", role: "group", "aria-label": "Tokens: choose the one to follow" });
    const arcs = svg("svg", { class: "llm-arcs", "aria-hidden": "true" });
    const line = element("div", { class: "llm-linked", onscroll: onScroll }, tokens, arcs);
    const map = element("div", { class: isSmall ? "llm-machine llm-small" : "llm-machine" });
    const opened = element("div", { class: "llm-opened", role: "region", "aria-label": "The opened part" });
    const row = element("div", { class: "llm-machine-row" }, map, opened);
    const proof = element("div", { class: "llm-proof" });
    const draw = button("Draw a token and go on", drawNext);
    const whole = button("Put all back", () => leaveOut([]));
    const bars = guessBars();
    let draws = 0;
    let isNarrow = false;
    let isOver = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let foreseen;
    /** @type {CourseModel | null} */
    let course = null;
    /** @type {PairGuesses | null} */
    let pairs = null;
    /** @type {Sight | null} */
    let sight = null;

    draw.disabled = true;
    whole.className = "llm-needless";
    body.append(element("div", { class: "llm-controls" }, text.node, draw), element("div", { class: "llm-said-and-back" }, said, bars.node, whole), line, proof, row);
    const resized = new ResizeObserver(onResize);
    resized.observe(body);
    load();
    return end;

    async function load() {
      const loaded = await loadWhenVisible(body, said, async () => readings.get(body) ?? readingOf(model));
      if (!loaded || isOver) return;
      readings.set(body, loaded);
      ({ course, pairs } = loaded);
      draw.disabled = false;
      read();
    }

    /** Others draw in the same body from now on. */
    function end() {
      isOver = true;
      clearTimeout(foreseen);
      resized.disconnect();
    }

    /** Another text has other positions. */
    function onType() {
      setTrait(model, "position", -1);
      setTrait(model, "since", 0);
    }

    /** @param {string} [drawn]  What has just been drawn, in words. */
    function read(drawn) {
      if (!course) return;
      sight = sightOf(course, model.get("text"), { head: model.get("head"), rival: model.get("rival"), out: model.get("out"), since: model.get("since"), predict: model.get("predict"), told: model.get("told"), carried: model.get("carried") });
      show(drawn);
    }

    /**
     * Everything that depends on the position, the opened part, and what is left out.
     * @param {string} [drawn]
     */
    function show(drawn) {
      if (!sight) return;
      const now = sight;
      const part = openedPart(now);
      now.position = askedPosition(now);
      said.replaceChildren(...guessInWords(now, drawn));
      bars.show(now);
      whole.classList.toggle("llm-needless", !now.out.length); // its place stays
      keepFocus(body, () => {
        const [start, ...others] = chips(now, part);
        tokens.replaceChildren(start, ...cutOff(now.cut), ...others);
        map.replaceChildren(flow(now, { isSmall, opened: part, onOpen }));
        showOpened(now, part);
        place();
      });
      reveal(Boolean(drawn));
      foresee(now);
    }

    /**
     * Says of each head, one after the other, what the model would guess otherwise: all at once they would hold up who types.
     * @param {Sight} now
     */
    function foresee(now) {
      clearTimeout(foreseen);
      const next = /** @type {HTMLElement | null} */ (opened.querySelector(":is(.llm-otherwise, .llm-alone):empty"));
      if (!next) return foreseePairs(now);
      foreseen = setTimeout(() => {
        if (next.matches(".llm-alone")) tellAlone(now, next);
        else otherwise(now, next);
        foresee(now);
      }, MILLISECONDS_BETWEEN);
    }

    /** @param {Sight} now */
    function foreseePairs(now) {
      foreseen = setTimeout(() => {
        if (pairs && tellPairs(now, pairs, body)) foreseePairs(now);
      });
    }

    /** @param {Sight} sight */
    function openedPart(sight) {
      const parts = allParts(sight, isSmall);
      return parts.find(({ key }) => key === model.get("part")) ?? parts[0];
    }

    /** @param {Sight} sight */
    function askedPosition({ ids }) {
      const asked = model.get("position");
      return asked >= 0 && asked < ids.length ? asked : ids.length - 1;
    }

    function onResize() {
      if (isNarrow === body.clientWidth < BESIDE) return place();
      isNarrow = !isNarrow;
      show();
    }

    /** Where there is no room beside the map, a part opens below its own layer, not below all of them. */
    function place() {
      const layer = isNarrow ? map.querySelector(".llm-boxes [aria-pressed=true]")?.closest("li") : undefined;
      const home = layer ?? row;
      if (opened.parentElement !== home) home.append(opened);
      drawArcs();
    }

    function drawArcs() {
      arcs.replaceChildren();
      if (!sight) return;
      const { heads: layer } = openedPart(sight);
      if (layer === undefined) return;
      const { ids, out, position, trace } = sight;
      const head = headOf(sight, layer);
      const isOut = silencers(layer, head).some((part) => out.includes(part));
      const weights = trace.layers[layer].weights[position][head];
      const chips = /** @type {HTMLElement[]} */ ([...tokens.querySelectorAll("button")]);
      arcs.classList.toggle("llm-idle", isOut);
      const name = `head ${head + 1}`;
      const seen = { from: line.scrollLeft, to: line.scrollLeft + line.clientWidth };
      arcs.append(...tokenArcs(chips, position, weights, seen, (share, isItself) => (isOut ? `${name}, left out` : `${name}: ${share}${isItself ? " of itself" : ""}`)));
    }

    /**
     * Scrolls to what is spoken of, no further than needed: the caption stays where it can.
     * @param {boolean} isDrawn  A token has just been drawn: the others are those that it follows.
     */
    function reveal(isDrawn) {
      revealToken(isDrawn);
      showEnds();
      drawArcs(); // the name stands where it is seen
      opened.scrollTop = 0;
      const named = /** @type {HTMLElement | null} */ (opened.querySelector(".llm-picked"));
      const table = named?.closest(".llm-scroller");
      if (named && table) table.scrollTop = named.offsetTop + 2 * named.offsetHeight - table.clientHeight;
    }

    function onScroll() {
      showEnds();
      drawArcs(); // the token that is followed stays in sight
    }

    /** Tokens fade out at a side where they go on, but for the token that is followed, which stands there. */
    function showEnds() {
      const followed = tokens.querySelector("[aria-pressed=true]");
      if (!followed) return;
      const [own, ends] = [followed, line].map((node) => node.getBoundingClientRect());
      const isOn = liesOn(followed);
      followed.classList.toggle("llm-stuck", isOn.before || isOn.after);
      followed.classList.toggle("llm-at-left", isOn.after);
      line.classList.toggle("llm-hides-left", line.scrollLeft > 0 && own.left > ends.left + MARGIN);
      line.classList.toggle("llm-hides-right", line.scrollLeft + line.clientWidth < line.scrollWidth - 1 && own.right < ends.right - MARGIN);
    }

    /**
     * The token that the head looks at most comes into sight; the one that is followed stays at the side.
     * @param {boolean} isDrawn
     */
    function revealToken(isDrawn) {
      const followed = /** @type {HTMLElement | null} */ (tokens.querySelector("[aria-pressed=true]"));
      if (!followed) return;
      const chips = [...tokens.querySelectorAll("button")];
      const shares = chips.map((chip) => Number(chip.style.getPropertyValue("--share")));
      const most = Math.max(...shares) > 0 && !isDrawn ? chips[argmax(shares)] : followed; // else no head is looked at, or none of them matters
      followed.classList.add("llm-unstuck"); // else it is where it stays, not where it belongs
      const ends = (/** @type {HTMLElement} */ { offsetLeft, offsetWidth }) => [offsetLeft - MARGIN, offsetLeft + offsetWidth + MARGIN];
      const both = [...ends(most), ...ends(followed)];
      const haveRoom = Math.max(...both) - Math.min(...both) <= line.clientWidth;
      const beside = followed.offsetWidth + MARGIN;
      const [start, end] = haveRoom ? [Math.min(...both), Math.max(...both)] : [ends(most)[0] - beside, ends(most)[1] + beside];
      line.scrollLeft = Math.max(0, Math.min(Math.max(line.scrollLeft, end - line.clientWidth), start));
      followed.classList.remove("llm-unstuck");
    }

    /**
     * @param {Sight} sight
     * @param {Part} part
     */
    function showOpened(sight, part) {
      if (!pairs) return;
      const { said, proof: backing, shown } = part.open(sight, { chooseHead, seeCarried, toggle, compare, leaveOutAlone, leaveOutOnly, tellAll, pairs, showPair });
      const folds = () => /** @type {HTMLDetailsElement[]} */ ([...opened.querySelectorAll("details")]);
      const unfolded = folds().filter(({ open }) => open).map(nameOfFold);
      opened.replaceChildren(
        element("div", {}, captionOf(sight, part), ...said.filter((node) => !isNarrow || node !== backing), chapterLinks(model.get("chapters"), part)),
        element("div", {}, ...shown),
      );
      proof.replaceChildren(...(isNarrow && backing ? [backing] : []));
      for (const fold of folds()) fold.open = unfolded.includes(nameOfFold(fold)) && !fold.matches(".llm-needless");
    }

    /**
     * @param {Sight} sight
     * @param {Part} part
     */
    function captionOf(sight, { name, fullName = name, adds, leadsTo }) {
      const up = button("Up ↑", () => body.parentElement?.scrollIntoView());
      up.className = "llm-on-phones";
      up.setAttribute("aria-label", "Up ↑, to what to try");
      const buttons = element("span", {}, ...(adds ? [outSwitch(sight, adds), sinceChoice(sight)] : []), leadsTo ? button(leadsTo.name, () => onOpen(leadsTo.key)) : null, up);
      return element("p", { class: "llm-caption" }, fullName, buttons);
    }

    /**
     * @param {Sight} sight
     * @param {string[]} parts
     */
    function outSwitch(sight, parts) {
      return button(isLeftOut(sight, parts) ? "Put all of it back" : "Leave all of it out", () => toggle(parts));
    }

    /**
     * From which token on parts are left out. Its place stays where none are.
     * @param {Sight} sight
     */
    function sinceChoice({ labels, out, since }) {
      const options = labels.map((label, i) => /** @type {[string, string]} */ ([String(i), i ? `from ${label}` : "all tokens"]));
      const select = inlineChoice("From which token on parts are left out", options, String(since), (value) => leaveOutSince(Number(value)));
      select.classList.toggle("llm-needless", !out.length);
      return select;
    }

    /** @param {number} since */
    function leaveOutSince(since) {
      setTrait(model, "since", since);
      read();
    }

    /**
     * The tokens, each as blue as what the head that is looked at takes from it.
     * @param {Sight} sight
     * @param {Part} part
     */
    function chips(sight, part) {
      const taken = part.heads === undefined ? undefined : sight.trace.layers[part.heads].weights[sight.position][headOf(sight, part.heads)];
      return sight.labels.map((label, i) =>
        element(
          "button",
          {
            type: "button", "aria-pressed": String(i === sight.position), onclick: () => follow(i),
            style: taken && `--share: ${(taken[i] ?? 0).toFixed(3)}`,
          },
          label,
        ),
      );
    }

    /** @param {number} position */
    function follow(position) {
      setTrait(model, "position", position);
      show();
    }

    /** @param {string} key */
    function onOpen(key) {
      if (sight && key === openedPart(sight).key) return; // it would turn to another head
      setTrait(model, "part", key);
      setTrait(model, "head", 0);
      setTrait(model, "carried", false);
      if (sight) [sight.head, sight.carried] = [0, false];
      const pressed = () => map.querySelector(`.llm-boxes [name="${key}"]`)?.getBoundingClientRect().top ?? 0;
      const before = pressed();
      show();
      // Where parts open within the map, one above may have closed: the box stays under the finger.
      globalThis.scrollBy(0, pressed() - before);
    }

    /** @param {string[]} parts */
    function toggle(parts) {
      if (!sight) return;
      leaveOut(toggled(sight, parts));
    }

    /** @param {string[]} parts */
    function leaveOut(parts) {
      if (!sight) return;
      sight.out = parts;
      sight.told = [...new Set([...sight.told, ...parts])];
      sight.trace = traceWithout(sight, parts);
      setTrait(model, "out", parts);
      setTrait(model, "told", sight.told);
      if (parts.length) show();
      else leaveOutSince(0); // what is left out next is so everywhere, unless a reader says otherwise
    }

    /** @param {number} head */
    function chooseHead(head) {
      setTrait(model, "head", head + 1);
      if (sight) sight.head = head + 1;
      show();
    }

    /**
     * @param {number} head
     * @param {boolean} isSeen
     */
    function seeCarried(head, isSeen) {
      setTrait(model, "carried", isSeen);
      if (sight) sight.carried = isSeen;
      chooseHead(head);
      /** @type {HTMLElement | null} */ (opened.querySelector(isSeen ? ".llm-carried button" : ".llm-looked-at .llm-opens"))?.focus({ preventScroll: true });
    }

    /** @param {string} part */
    function leaveOutAlone(part) {
      leaveOutOnly(part);
      if (sight?.predict && areAllFound(sight)) tellAll();
    }

    /** @param {string} part */
    function leaveOutOnly(part) {
      if (!sight) return;
      leaveOut(sight.out.join() === part ? [] : [part]);
    }

    function tellAll() {
      setTrait(model, "predict", false);
      if (sight) sight.predict = false;
      show();
    }

    /** @param {string} rival */
    function compare(rival) {
      setTrait(model, "rival", rival);
      if (sight) sight.rival = rival;
      show();
    }

    /** @param {Pair} pair */
    function showPair(pair) {
      if (!course || !sight) return;
      text.write(withPair(model.get("text"), pair));
      setTrait(model, "position", -1);
      // The texts are alike at their end: a name that begins one may be of two tokens.
      const longer = tokensOf(course, model.get("text")).ids.length - sight.ids.length;
      setTrait(model, "since", sight.since && sight.since + longer);
      read();
    }

    function drawNext() {
      if (!sight || !course) return;
      const probabilities = softmax(sight.trace.logits[sight.ids.length - 1]);
      const uniform = randomNumbers(model.get("seed") + draws++)();
      const id = sample(probabilities, uniform);
      if (id === course.config.end_of_text) {
        said.textContent = "The model has drawn the end of the text. Write on, or start again.";
        bars.hide();
        return;
      }
      text.write(model.get("text") + course.tokenizer.decode([id]));
      setTrait(model, "position", -1);
      read(`Drawn: “${written(course, id)}”, ${percent(probabilities[id])}.`);
    }
  },
);

/**
 * @param {Model} model
 * @returns {Promise<Reading>}
 */
async function readingOf(model) {
  const course = await loadCourseModel(model);
  return { course, pairs: pairGuesses(course) };
}

/**
 * @param {Record<string, string>} addresses  By what chapters are about.
 * @param {Part} part
 */
function chapterLinks(addresses, { chapters }) {
  const links = chapters.filter((name) => addresses[name]).map((name) => element("a", { href: addresses[name] }, name));
  return links.length ? element("p", {}, "More about: ", ...links.flatMap((link, i) => (i ? [", ", link] : [link]))) : null;
}

/** @param {HTMLDetailsElement} fold */
function nameOfFold(fold) {
  return fold.querySelector("summary")?.textContent;
}

/**
 * Whether a token that stays at the side lies on the one before it or on the one after it.
 * @param {Element} token
 */
function liesOn(token) {
  const own = token.getBoundingClientRect();
  const [before, after] = [token.previousElementSibling, token.nextElementSibling].map((other) => other?.getBoundingClientRect());
  return { before: before !== undefined && before.right > own.left, after: after !== undefined && after.left < own.right };
}

/**
 * What stands in the place of tokens that did not fit.
 * @param {number} count
 */
function cutOff(count) {
  const title = `${count} token${count === 1 ? " is" : "s are"} not read: ${SENTENCE_TOKENS} fit here, START among them`;
  return count ? [element("span", { class: "llm-note", title }, `… ${count} not read …`)] : [];
}

/**
 * Keeps the focus on the button with the same place in its group when all are made anew.
 * @param {HTMLElement} node
 * @param {() => void} change
 */
function keepFocus(node, change) {
  const buttons = (/** @type {string} */ group) => [...node.querySelectorAll(`:scope ${group}`)];
  const places = GROUPS.map((group) => buttons(group).findIndex((made) => made === document.activeElement));
  change();
  places.forEach((place, i) => {
    if (place >= 0) /** @type {HTMLElement | undefined} */ (buttons(GROUPS[i])[place])?.focus({ preventScroll: true });
  });
}
