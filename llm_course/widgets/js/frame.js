/** The frame around every widget: its title, what to try, and the widget itself. */

import { memory } from "./before.js";
import { announcement, button, columns, element, loadWhenVisible, redraw } from "./dom.js";

/** @import { Model, WidgetModule } from "./types.js" */

/**
 * What to try: a sentence, with the traits that it starts from where they are not those of the page, and the step from there.
 * @typedef {string | { say: string, set: Record<string, any>, then?: Step[], undo?: string }} Suggestion
 *
 * @typedef {object} Step  One after the other, by one button; then it takes all of them back.
 * @property {string} name
 * @property {Record<string, any>} set  Its first trait tells whether the step is taken.
 *
 * @typedef {object} Frame
 * @property {string} title
 * @property {Suggestion[] | ((model: Model) => Suggestion[])} tryThis  What to try, one sentence each.
 * @property {string[]} [tryAgainOn]  Traits whose change makes other sentences fit.
 * @property {boolean} [setsUpAtOnce]  Whether a sentence that is turned to is also set up.
 * @property {boolean} [followsTraits]  Whether the body shows by itself what is set from outside: it is not made anew then.
 */

/**
 * The module of a widget: a title, what to try, and the widget itself.
 * @param {Frame} frame
 * @param {(model: Model, body: HTMLElement, tips: HTMLElement) => void | (() => void)} renderBody  Returns what undoes it.
 *   The tips tell of each that is turned to: "llm-tried", with its place.
 * @returns {WidgetModule}
 */
export function widget({ title, tryThis, tryAgainOn = [], setsUpAtOnce = false, followsTraits }, renderBody) {
  return {
    render({ model, el }) {
      const body = element("div", { class: "llm-body" });
      const tips = element("div", { class: "llm-inline" });
      /** The suggestion that is set up, and what stood before in the traits that have changed since. @type {{ say: string, former: Map<string, any> } | null} */
      let setUp = null;
      const isSo = (/** @type {Record<string, any>} */ set) => Object.entries(set).every(([trait, value]) => JSON.stringify(model.get(trait)) === JSON.stringify(value));
      let [refresh, current] = [() => {}, () => ""];
      const advise = () => {
        const sentences = typeof tryThis === "function" ? tryThis(model) : tryThis;
        const made = suggestions(sentences, { first: setUp?.say ?? current(), setUp: () => setUp?.say, isSo, begin, go, back, setsUpAtOnce });
        ({ refresh, current } = made);
        redraw(tips, made.node);
      };
      for (const trait of tryAgainOn) model.on(`change:${trait}`, advise);
      advise();
      el.append(
        element("div", { class: "llm-widget", role: "group", "aria-label": title }, element("p", { class: "llm-title" }, title), tips, body),
      );
      let end = show();
      return () => end();

      /** @returns {() => void}  What undoes it. */
      function show() {
        const heard = listened(model, keep, () => refresh());
        const undo = renderBody(heard, body, tips);
        return () => {
          undo?.();
          heard.leave();
        };
      }

      /** @param {string} trait */
      function keep(trait) {
        if (setUp && !setUp.former.has(trait)) setUp.former.set(trait, model.get(trait));
      }

      /** @param {Exclude<Suggestion, string>} suggestion */
      function begin({ say, set }) {
        setUp = { say, former: new Map() };
        go(set);
      }

      /** @param {Record<string, any>} set */
      function go(set) {
        for (const trait of Object.keys(set)) keep(trait);
        change(Object.entries(set));
      }

      function back() {
        const former = [...(setUp?.former ?? [])];
        setUp = null;
        change(former);
      }

      /**
       * The widget as it is where traits have these values.
       * @param {[trait: string, value: any][]} values
       */
      function change(values) {
        if (!followsTraits) end();
        for (const [trait, value] of values) model.set(trait, value);
        model.save_changes();
        if (followsTraits) return;
        body.replaceChildren();
        end = show();
      }
    },
  };
}

/**
 * A model that forgets on `leave` who listened to it.
 * @param {Model} model
 * @param {(trait: string) => void} beforeSet
 * @param {() => void} afterSet
 * @returns {Model & { leave: () => void }}
 */
function listened(model, beforeSet, afterSet) {
  /** @type {Parameters<Model["on"]>[]} */
  const listeners = [];
  return {
    get: (name) => model.get(name),
    set(name, value) {
      beforeSet(name);
      model.set(name, value);
      afterSet();
    },
    save_changes: () => model.save_changes(),
    on(...listener) {
      listeners.push(listener);
      model.on(...listener);
    },
    off: (...listener) => model.off(...listener),
    send: model.send && ((message) => model.send?.(message)),
    loadAsset: model.loadAsset && ((name) => /** @type {Promise<ArrayBuffer>} */ (model.loadAsset?.(name))),
    leave: () => listeners.forEach((listener) => model.off(...listener)),
  };
}

const BEGIN = "Set this up";
const BACK = "Back to what I had";

/**
 * A button that does one of several things, as wide as the longest of their names.
 * @param {[name: string, does: () => void][]} ways
 * @param {() => number} which
 */
function eitherButton(ways, which) {
  const spans = ways.map(([name]) => element("span", {}, name));
  const show = () => spans.forEach((span, i) => span.classList.toggle("llm-current", i === which()));
  return { node: element("button", { type: "button", class: "llm-either", onclick: () => ways[which()][1]() }, ...spans), show };
}

/**
 * What to try, one at a time: all at once would push the widget off the screen. They share a place, so that nothing moves.
 * @param {Suggestion[]} sentences
 * @param {object} ways
 * @param {string} ways.first  The one that is shown first, if it is among them.
 * @param {() => string | undefined} ways.setUp  The one that is set up: its button leads back.
 * @param {(set: Record<string, any>) => boolean} ways.isSo  Whether the widget is where a suggestion starts: it needs no button.
 * @param {(suggestion: Exclude<Suggestion, string>) => void} ways.begin  Brings the widget to where a suggestion starts.
 * @param {(set: Record<string, any>) => void} ways.go  Takes the step from there.
 * @param {() => void} ways.back  Brings back what stood before.
 * @param {boolean} ways.setsUpAtOnce  Whether to turn to one is to begin it.
 * @returns {{ node: HTMLElement, refresh: () => void, current: () => string }}  `refresh` after a trait has changed;
 *   `current` is the one that is shown.
 */
function suggestions(sentences, { first, setUp, isSo, begin, go, back, setsUpAtOnce }) {
  let current = 0;
  const said = sentences.map((one) => (typeof one === "string" ? one : one.say));
  const isThere = said.includes(setUp() ?? "");
  /** @type {(() => void)[]} */
  const shows = [];
  const items = sentences.map((one, i) => {
    // Where other suggestions stand now than the one that is set up, the first leads back.
    if (typeof one === "string") return element("li", {}, one, ...(i === 0 && setUp() !== undefined && !isThere ? [" ", button(BACK, back)] : []));
    const { say, set, then = [], undo = "" } = one;
    const isSetUp = () => setUp() === say;
    const rest = Object.fromEntries(Object.entries(set).filter(([trait]) => !(trait in (then[0]?.set ?? {}))));
    const [what] = Object.keys(then[0]?.set ?? {});
    const stages = [set, ...then.map((step) => step.set)].map((stage) => ({ ...rest, [what]: stage[what] }));
    const taken = () => (then.length ? stages.findIndex(isSo) : 0);
    const either = eitherButton([[BEGIN, () => begin(one)], [BACK, back]], () => Number(isSetUp()));
    either.node.addEventListener("click", () => refresh());
    shows.push(() => {
      either.show();
      either.node.classList.toggle("llm-needless", !isSetUp() && (isSo(set) || taken() > 0));
    });
    if (!then.length) return element("li", {}, say, " ", either.node);
    const step = eitherButton([...then.map(({ name, set: made }) => /** @type {[string, () => void]} */ ([name, () => go(made)])), [undo, () => go(set)]], () => Math.max(0, taken()));
    step.node.classList.add("llm-step");
    step.node.addEventListener("click", () => refresh());
    shows.push(() => {
      step.show();
      step.node.hidden = taken() < 0;
    });
    return element("li", {}, say, " ", step.node, " ", either.node);
  });
  const refresh = () => shows.forEach((each) => each());
  const count = element("span");
  const next = button("Next ›", () => {
    show((current + 1) % items.length);
    const one = sentences[current];
    if (!setsUpAtOnce || typeof one === "string" || isSo(one.set)) return;
    begin(one);
    refresh();
  });
  next.setAttribute("aria-label", "Next ›, of what to try");

  /** @param {number} index */
  function show(index) {
    current = index;
    count.textContent = `${index + 1} of ${items.length}`;
    items.forEach((item, i) => item.classList.toggle("llm-current", i === index));
    list.dispatchEvent(new CustomEvent("llm-tried", { detail: index, bubbles: true }));
  }

  const list = element("ul", { "aria-live": "polite" }, ...items);
  show(Math.max(0, said.indexOf(first)));
  refresh();
  const node = element(
    "div",
    { class: "llm-try", role: "group", "aria-label": "What to try" },
    element("div", {}, element("b", {}, "What to try"), ...(items.length > 1 ? [element("p", {}, count, " ", next)] : [])),
    list,
  );
  return { node, refresh, current: () => said[current] };
}

/**
 * What a widget that computes is made of. Each change of a trait computes what is found anew.
 * @template Found, Loaded
 * @typedef {object} Calculation
 * @property {string[]} traits  Those that the result depends on.
 * @property {(model: Model) => Node[]} fields  The controls.
 * @property {(model: Model) => Promise<Loaded>} [load]  What is needed first, once the widget comes into view.
 * @property {(model: Model, loaded: Loaded) => Found} compute
 * @property {(found: Found) => string} sentence  Read out after each change.
 * @property {((found: Found, before: Found | undefined) => Node)[]} pictures  Plots and tables, one below the other; with
 *   what was found before the reader's last gesture.
 */

/**
 * The module of a widget that computes: controls and a sentence, and beside them pictures of what follows from its traits.
 * @template Found, [Loaded=undefined]
 * @param {Frame} frame
 * @param {Calculation<Found, Loaded>} calculation
 * @returns {WidgetModule}
 */
export function calculator(frame, { traits, fields, load, compute, sentence, pictures }) {
  return widget(frame, (model, body) => {
    const said = announcement();
    const results = element("div");
    body.append(columns([element("div", { class: "llm-controls" }, ...fields(model)), said], [results]));
    start();

    async function start() {
      const loaded = load ? await loadWhenVisible(body, said, () => load(model)) : undefined;
      if (loaded === null) return;
      const remember = /** @type {(now: Found) => Found | undefined} */ (memory());
      const show = () => {
        const found = compute(model, /** @type {Loaded} */ (loaded));
        const before = remember(found);
        said.textContent = sentence(found);
        results.replaceChildren(...pictures.map((picture) => picture(found, before)));
      };
      for (const trait of traits) model.on(`change:${trait}`, show);
      show();
    }
  });
}
