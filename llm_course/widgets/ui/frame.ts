/** The frame around every widget: its title, what to try, and the widget itself. */

import { memory } from "./before.ts";
import { announcement, columns, element, loadWhenVisible, redraw } from "./dom.ts";
import { suggestions, type Start, type Suggestion } from "./suggestions.ts";
import type { Model, WidgetModule } from "./types.ts";

interface Frame {
  title: string;
  tryThis: Suggestion[] | ((model: Model) => Suggestion[]); // What to try, one sentence each.
  tryAgainOn?: string[]; // Traits whose change makes other sentences fit.
  followsTraits?: boolean; // Whether the body shows by itself what is set from outside: it is not made anew then.
}

/**
 * The module of a widget: a title, what to try, and the widget itself.
 * @param renderBody  Returns what undoes it.
 */
export function widget(
  { title, tryThis, tryAgainOn = [], followsTraits }: Frame,
  renderBody: (model: Model, body: HTMLElement) => void | (() => void),
): WidgetModule {
  return {
    render({ model, el }) {
      const body = element("div", { class: "llm-body" });
      const tips = element("div", { class: "llm-inline" });
      /** The suggestion that is set up, and what stood before in the traits that have changed since: what a reader had. */
      let setUp: { say: string, former: Map<string, any>, isOwn: boolean } | null = null;
      const isSo = (set: Record<string, any>) => Object.entries(set).every(([trait, value]) => JSON.stringify(model.get(trait)) === JSON.stringify(value));
      /** States that a suggestion has made, or in which the page begins as the first does: nothing in them is a reader's own. */
      const made: Set<string> = new Set();
      let traits: string[] = [];
      const state = () => JSON.stringify(traits.map(model.get, model));
      let [refresh, current] = [() => {}, () => ""];
      const advise = () => {
        const sentences = typeof tryThis === "function" ? tryThis(model) : tryThis;
        const starts = sentences.filter((one) => typeof one !== "string");
        traits = [...new Set(starts.flatMap(({ set, then = [] }) => [set, ...then.map((step) => step.set)].flatMap(Object.keys)))];
        if (!setUp && starts[0] === sentences[0] && isSo(starts[0].set)) made.add(state());
        const shown = suggestions(sentences, { first: setUp?.say ?? current(), setUp: () => setUp?.say, hadOwn: () => setUp?.isOwn ?? false, isSo, begin, go, back, goTo: (selector) => body.querySelector(selector)?.scrollIntoView({ block: "center" }) });
        ({ refresh, current } = shown);
        redraw(tips, shown.node);
      };
      for (const trait of tryAgainOn) model.on(`change:${trait}`, advise);
      advise();
      el.append(
        element("div", { class: "llm-widget", role: "group", "aria-label": title }, element("p", { class: "llm-title" }, title), tips, body),
      );
      let end = show();
      return () => end();

      /** @returns  What undoes it. */
      function show(): () => void {
        const heard = listened(model, keep, () => refresh());
        const undo = renderBody(heard, body);
        return () => {
          undo?.();
          heard.leave();
        };
      }

      function keep(trait: string) {
        if (setUp && !setUp.former.has(trait)) setUp.former.set(trait, model.get(trait));
      }

      /** From a state of a reader's own, to which it then leads back, or from that of another suggestion, which goes. */
      function begin({ say, set }: Start) {
        const isOwn = !made.has(state());
        setUp = isOwn || !setUp ? { say, former: new Map(), isOwn } : { ...setUp, say };
        go({ ...Object.fromEntries(setUp.former), ...set });
      }

      function go(set: Record<string, any>) {
        for (const trait of Object.keys(set)) keep(trait);
        change(Object.entries(set));
        made.add(state());
      }

      function back() {
        const former = [...(setUp?.former ?? [])];
        setUp = null;
        change(former);
      }

      /** The widget as it is where traits have these values. */
      function change(values: [trait: string, value: any][]) {
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

/** A model that forgets on `leave` who listened to it. */
function listened(model: Model, beforeSet: (trait: string) => void, afterSet: () => void): Model & { leave: () => void } {
  const listeners: Parameters<Model["on"]>[] = [];
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
    loadAsset: model.loadAsset && ((name) => model.loadAsset?.(name) as Promise<ArrayBuffer>),
    leave: () => listeners.forEach((listener) => model.off(...listener)),
  };
}

/** What a widget that computes is made of. Each change of a trait computes what is found anew. */
interface Calculation<Found, Loaded> {
  traits: string[]; // Those that the result depends on.
  fields: (model: Model) => Node[]; // The controls.
  load?: (model: Model) => Promise<Loaded>; // What is needed first, once the widget comes into view.
  compute: (model: Model, loaded: Loaded) => Found;
  sentence: (found: Found) => string; // Read out after each change.
  /** Plots and tables, one below the other; with what was found before the reader's last gesture. */
  pictures: ((found: Found, before: Found | undefined) => Node)[];
}

/** The module of a widget that computes: controls and a sentence, and beside them pictures of what follows from its traits. */
export function calculator<Found, Loaded = undefined>(frame: Frame, { traits, fields, load, compute, sentence, pictures }: Calculation<Found, Loaded>): WidgetModule {
  return widget(frame, (model, body) => {
    const said = announcement();
    const results = element("div");
    body.append(columns([element("div", { class: "llm-controls" }, ...fields(model)), said], [results]));
    start();

    async function start() {
      const loaded = load ? await loadWhenVisible(body, said, () => load(model)) : undefined;
      if (loaded === null) return;
      const remember = memory() as (now: Found) => Found | undefined;
      const show = () => {
        const found = compute(model, loaded as Loaded);
        const before = remember(found);
        said.textContent = sentence(found);
        results.replaceChildren(...pictures.map((picture) => picture(found, before)));
      };
      for (const trait of traits) model.on(`change:${trait}`, show);
      show();
    }
  });
}
