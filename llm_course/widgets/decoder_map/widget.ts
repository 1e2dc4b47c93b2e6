/** The whole decoder at work on one sentence: each part opens to its shapes and numbers, with the top guess after every layer. */

import { loadCourseModel, type CourseModel } from "../models/course_model.ts";
import { allParts, flow } from "./decoder_flow.ts";
import { announcement, button, element, inlineChoice, loadWhenVisible, setTrait, svg, traitTextField } from "../ui/dom.ts";
import { guessBars, guessInWords } from "./first_guess.ts";
import { widget } from "../ui/frame.ts";
import { areAllFound, tellAlone } from "./head_grid.ts";
import { otherwise, written } from "./guesses.ts";
import { pairGuesses, withPair, type Pair, type PairGuesses } from "./name_pairs.ts";
import { argmax, randomNumbers, softmax } from "../models/numbers.ts";
import { tellPairs } from "./pair_grid.ts";
import { sample } from "../models/sampling.ts";
import { chosenIn, headOf, isLeftOut, SENTENCE_TOKENS, sightOf, silencers, tokensOf, toggled, type Chosen, type Sight } from "./sight.ts";
import { tryThis } from "./map_suggestions.ts";
import { tokenArcs } from "./token_arcs.ts";
import { percent } from "../ui/token_bars.ts";
import type { Part } from "./decoder_parts.ts";
import type { Model } from "../ui/types.ts";

/** Pixels from which on the opened part stands beside the map, as `style.css` has it: 38rem. */
const BESIDE = 608;
/** Pixels beside the token that is followed. */
const MARGIN = 8;
/** Between two parts that are tried. */
const MILLISECONDS_BETWEEN = 20;
/** The groups of controls that are made anew. */
const GROUPS = [".llm-chips button", ".llm-boxes button", ".llm-otherwise", ".llm-alone", ".llm-opened :is(button:not(.llm-opens), select)"];

/** What does not change with the text. */
interface Reading {
  course: CourseModel;
  pairs: PairGuesses;
}

/** What a map has read, by its body: it is drawn anew with each suggestion, and need not read the model again. */
const readings: WeakMap<HTMLElement, Reading> = new WeakMap();

export default widget(
  {
    title: "A sentence on its way through the decoder",
    tryThis,
  },
  (model, body) => {
    const isSmall = model.get("small");
    const said = announcement();
    const text = traitTextField(model, "text", "Text", { onType, onChange: () => show() }, 1); // a field of one line would lose a line end
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
    let foreseen: ReturnType<typeof setTimeout> | undefined;
    let course: CourseModel | null = null;
    let pairs: PairGuesses | null = null;
    let sight: Sight | null = null;

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
      show();
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

    /** What a reader chooses is kept in the state, and seen. */
    function choose(chosen: Partial<Chosen> & { part?: string }) {
      for (const [trait, value] of Object.entries(chosen)) setTrait(model, trait, value);
      show();
    }

    /** @param drawn  What has just been drawn, in words. */
    function show(drawn?: string) {
      if (!course) return;
      sight = sightOf(course, model.get("text"), chosenIn(model), sight ?? undefined);
      const now = sight;
      const part = openedPart(now);
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

    /** Says of each head, one after the other, what the model would guess otherwise: all at once they would hold up who types. */
    function foresee(now: Sight) {
      clearTimeout(foreseen);
      const next = opened.querySelector<HTMLElement>(":is(.llm-otherwise, .llm-alone):empty");
      if (!next) return foreseePairs(now);
      foreseen = setTimeout(() => {
        if (next.matches(".llm-alone")) tellAlone(now, next);
        else otherwise(now, next);
        foresee(now);
      }, MILLISECONDS_BETWEEN);
    }

    function foreseePairs(now: Sight) {
      foreseen = setTimeout(() => {
        if (pairs && tellPairs(now, pairs, body)) foreseePairs(now);
      });
    }

    function openedPart(sight: Sight) {
      const parts = allParts(sight, isSmall);
      return parts.find(({ key }) => key === model.get("part")) ?? parts[0];
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
      const { out, position, trace } = sight;
      const head = headOf(sight, layer);
      const isOut = silencers(layer, head).some((part) => out.includes(part));
      const weights = trace.layers[layer].weights[position][head];
      const chips = [...tokens.querySelectorAll("button")] as HTMLElement[];
      arcs.classList.toggle("llm-idle", isOut);
      const name = `head ${head + 1}`;
      const seen = { from: line.scrollLeft, to: line.scrollLeft + line.clientWidth };
      arcs.append(...tokenArcs(chips, position, weights, seen, (share, isItself) => (isOut ? `${name}, left out` : `${name}: ${share}${isItself ? " of itself" : ""}`)));
    }

    /**
     * Scrolls to what is spoken of, no further than needed: the caption stays where it can.
     * @param isDrawn  A token has just been drawn: the others are those that it follows.
     */
    function reveal(isDrawn: boolean) {
      revealToken(isDrawn);
      showEnds();
      drawArcs(); // the name stands where it is seen
      opened.scrollTop = 0;
      const named = opened.querySelector<HTMLElement>(".llm-picked");
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

    /** The token that the head looks at most comes into sight; the one that is followed stays at the side. */
    function revealToken(isDrawn: boolean) {
      const followed = tokens.querySelector<HTMLElement>("[aria-pressed=true]");
      if (!followed) return;
      const chips = [...tokens.querySelectorAll("button")];
      const shares = chips.map((chip) => Number(chip.style.getPropertyValue("--share")));
      const most = Math.max(...shares) > 0 && !isDrawn ? chips[argmax(shares)] : followed; // else no head is looked at, or none of them matters
      followed.classList.add("llm-unstuck"); // else it is where it stays, not where it belongs
      const ends = ({ offsetLeft, offsetWidth }: HTMLElement) => [offsetLeft - MARGIN, offsetLeft + offsetWidth + MARGIN];
      const both = [...ends(most), ...ends(followed)];
      const haveRoom = Math.max(...both) - Math.min(...both) <= line.clientWidth;
      const beside = followed.offsetWidth + MARGIN;
      const [start, end] = haveRoom ? [Math.min(...both), Math.max(...both)] : [ends(most)[0] - beside, ends(most)[1] + beside];
      line.scrollLeft = Math.max(0, Math.min(Math.max(line.scrollLeft, end - line.clientWidth), start));
      followed.classList.remove("llm-unstuck");
    }

    function showOpened(sight: Sight, part: Part) {
      if (!pairs) return;
      const { said, proof: backing, shown } = part.open(sight, { chooseHead, seeCarried, toggle, compare, leaveOutAlone, leaveOutOnly, tellAll, pairs, showPair });
      const folds = () => [...opened.querySelectorAll("details")] as HTMLDetailsElement[];
      const unfolded = folds().filter(({ open }) => open).map(nameOfFold);
      opened.replaceChildren(
        element("div", {}, captionOf(sight, part), ...said.filter((node) => !isNarrow || node !== backing), chapterLinks(model.get("chapters"), part)),
        element("div", {}, ...shown),
      );
      proof.replaceChildren(...(isNarrow && backing ? [backing] : []));
      for (const fold of folds()) fold.open = unfolded.includes(nameOfFold(fold)) && !fold.matches(".llm-needless");
    }

    function captionOf(sight: Sight, { name, fullName = name, adds, leadsTo }: Part) {
      const up = button("Up ↑", () => body.parentElement?.scrollIntoView());
      up.className = "llm-on-phones";
      up.setAttribute("aria-label", "Up ↑, to what to try");
      const buttons = element("span", {}, ...(adds ? [outSwitch(sight, adds), sinceChoice(sight)] : []), leadsTo ? button(leadsTo.name, () => onOpen(leadsTo.key)) : null, up);
      return element("p", { class: "llm-caption" }, fullName, buttons);
    }

    function outSwitch(sight: Sight, parts: string[]) {
      return button(isLeftOut(sight, parts) ? "Put all of it back" : "Leave all of it out", () => toggle(parts));
    }

    /** From which token on parts are left out. Its place stays where none are. */
    function sinceChoice({ labels, out, since }: Sight) {
      const options = labels.map((label, i) => [String(i), i ? `from ${label}` : "all tokens"] as [string, string]);
      const select = inlineChoice("From which token on parts are left out", options, String(since), (value) => choose({ since: Number(value) }));
      select.classList.toggle("llm-needless", !out.length);
      return select;
    }

    /** The tokens, each as blue as what the head that is looked at takes from it. */
    function chips(sight: Sight, part: Part) {
      const taken = part.heads === undefined ? undefined : sight.trace.layers[part.heads].weights[sight.position][headOf(sight, part.heads)];
      return sight.labels.map((label, i) =>
        element(
          "button",
          {
            type: "button", "aria-pressed": String(i === sight.position), onclick: () => choose({ position: i }),
            style: taken && `--share: ${(taken[i] ?? 0).toFixed(3)}`,
          },
          label,
        ),
      );
    }

    function onOpen(key: string) {
      if (sight && key === openedPart(sight).key) return; // it would turn to another head
      const pressed = () => map.querySelector(`.llm-boxes [name="${key}"]`)?.getBoundingClientRect().top ?? 0;
      const before = pressed();
      choose({ part: key, head: 0, carried: false });
      // Where parts open within the map, one above may have closed: the box stays under the finger.
      globalThis.scrollBy(0, pressed() - before);
    }

    function toggle(parts: string[]) {
      if (sight) leaveOut(toggled(sight, parts));
    }

    function leaveOut(out: string[]) {
      const told = [...new Set([...model.get("told"), ...out])];
      choose(out.length ? { out, told } : { out, told, since: 0 }); // what is left out next is so everywhere, unless a reader says otherwise
    }

    function chooseHead(head: number) {
      choose({ head: head + 1 });
    }

    function seeCarried(head: number, carried: boolean) {
      choose({ head: head + 1, carried });
      opened.querySelector<HTMLElement>(carried ? ".llm-carried button" : ".llm-looked-at .llm-opens")?.focus({ preventScroll: true });
    }

    function leaveOutAlone(part: string) {
      leaveOutOnly(part);
      if (sight?.predict && areAllFound(sight)) tellAll();
    }

    function leaveOutOnly(part: string) {
      if (sight) leaveOut(sight.out.join() === part ? [] : [part]);
    }

    function tellAll() {
      choose({ predict: false });
    }

    function compare(rival: string) {
      choose({ rival });
    }

    function showPair(pair: Pair) {
      if (!course || !sight) return;
      text.write(withPair(model.get("text"), pair));
      // The texts are alike at their end: a name that begins one may be of two tokens.
      const longer = tokensOf(course, model.get("text")).ids.length - sight.ids.length;
      choose({ position: -1, since: sight.since && sight.since + longer });
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
      show(`Drawn: “${written(course, id)}”, ${percent(probabilities[id])}.`);
    }
  },
);

async function readingOf(model: Model): Promise<Reading> {
  const course = await loadCourseModel(model);
  return { course, pairs: pairGuesses(course) };
}

/** @param addresses  By what chapters are about. */
function chapterLinks(addresses: Record<string, string>, { chapters }: Part) {
  const links = chapters.filter((name) => addresses[name]).map((name) => element("a", { href: addresses[name] }, name));
  return links.length ? element("p", {}, "More about: ", ...links.flatMap((link, i) => (i ? [", ", link] : [link]))) : null;
}

function nameOfFold(fold: HTMLDetailsElement) {
  return fold.querySelector("summary")?.textContent;
}

/** Whether a token that stays at the side lies on the one before it or on the one after it. */
function liesOn(token: Element) {
  const own = token.getBoundingClientRect();
  const [before, after] = [token.previousElementSibling, token.nextElementSibling].map((other) => other?.getBoundingClientRect());
  return { before: before !== undefined && before.right > own.left, after: after !== undefined && after.left < own.right };
}

/** What stands in the place of tokens that did not fit. */
function cutOff(count: number) {
  const title = `${count} token${count === 1 ? " is" : "s are"} not read: ${SENTENCE_TOKENS} fit here, START among them`;
  return count ? [element("span", { class: "llm-note", title }, `… ${count} not read …`)] : [];
}

/** Keeps the focus on the button with the same place in its group when all are made anew. */
function keepFocus(node: HTMLElement, change: () => void) {
  const buttons = (group: string) => [...node.querySelectorAll(`:scope ${group}`)];
  const places = GROUPS.map((group) => buttons(group).findIndex((made) => made === document.activeElement));
  change();
  places.forEach((place, i) => {
    if (place >= 0) (buttons(GROUPS[i])[place] as HTMLElement | undefined)?.focus({ preventScroll: true });
  });
}
