/** The course model writes in the page: temperature and filters, the distribution they leave, and the draw. */

import { loadCourseModel } from "../models/course_model.ts";
import { announcement, button, columns, element, loadWhenVisible, setTrait, slider, textField } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { randomNumbers, ranking, softmax } from "../models/numbers.ts";
import { rankedStrip } from "./ranked.ts";
import { nextDistribution, sample } from "../models/sampling.ts";
import { percent, tokenBars } from "../ui/token_bars.ts";
import { Writer } from "../models/writer.ts";
import type { Model } from "../ui/types.ts";

const BARS = 6;
const TOKENS_A_RUN = 120;
/** Between two looks of the browser, so that a click is answered while the model writes. */
const MILLISECONDS_A_FRAME = 25;

export default widget(
  {
    title: "Sampling playground",
    tryThis: [
      "Set the temperature to 0 and press Write twice. Then set it to 1, and write with seed 1 and with seed 2. Which of the texts are equal?",
      "Set the temperature to 2 and top-p to off, and press Write. Then set min-p to 0.1 and write again: the tail of improbable tokens is what broke the text.",
      "Find a prompt after which one token has nearly all the probability, and one after which many are as likely. How many tokens does top-p 0.9 keep for each? And top-k 10, with top-p off?",
      "Take tokens yourself: press a token in the table, the last of its rows too. Does the model find its way back?",
    ],
  },
  (model, body) => {
    const bars = tokenBars("The most probable: press one to take it", { noteName: "Model's own", onPick: take });
    bars.node.classList.add("llm-over-plain");
    const strip = element("div");
    const text = element("p", { class: "llm-text llm-playground", role: "group", tabindex: 0, "aria-label": "The text" });
    const said = announcement();
    const prompt = textField("Prompt", model.get("prompt"), (typed) => {
      setTrait(model, "prompt", typed);
      writer?.start(typed);
      former = [];
      restart();
    });
    const buttons = element(
      "div",
      { class: "llm-buttons" },
      button("Write", () => {
        back();
        write();
      }),
      button("Go on", write),
      button("One token", () => take(draw())),
      button("Back to the prompt", back),
    );
    buttons.firstElementChild?.classList.add("llm-primary");
    let writer: Writer | null = null;
    let uniform = randomNumbers(model.get("seed"));
    let run = 0;
    /** The text before this one, after the same prompt: what both begin with is underlined in gray. */
    let former: number[] = [];

    const asked = element("div", { class: "llm-asked" }, prompt, buttons);
    body.append(asked, text, element("div", { class: "llm-asked llm-told-of-text" }, said, legend()), columns([settingControls(model)], [strip, bars.node]));
    setEnabled(false);
    load();
    for (const name of Object.keys(SETTINGS)) model.on(`change:${name}`, showNext);
    model.on("change:seed", restart);

    async function load() {
      writer = await loadWhenVisible(body, said, async () => new Writer(await loadCourseModel(model)));
      if (!writer) return;
      writer.start(model.get("prompt"));
      setEnabled(true);
      restart();
      write(); // what these settings make is seen first
    }

    function setEnabled(enabled: boolean) {
      for (const control of buttons.querySelectorAll("button")) control.disabled = !enabled;
    }

    /** What was written is taken back, and the draws are those of the seed again. */
    function back() {
      if (!writer) return;
      if (writer.own.length) former = writer.own;
      writer.reset();
      restart();
    }

    function restart() {
      run++;
      uniform = randomNumbers(model.get("seed"));
      showNext();
    }

    function showNext() {
      if (!writer) return;
      // What would follow the end is another text: the last step of this one stays.
      const { finished } = writer;
      const logits = finished ? writer.former : writer.logits;
      const { probabilities, cuts } = nextDistribution(logits, settings(model));
      const before = softmax(logits);
      const ranked = ranking(before);
      const kept = cuts.filter((cut) => !cut).length;
      strip.replaceChildren(rankedStrip({ after: writer.last, before: ranked.map((id) => before[id]), now: ranked.map((id) => probabilities[id]), kept }));
      bars.show(
        ranked.slice(0, BARS).map((id) => ({
          id,
          token: writer?.label(id) ?? "",
          probability: probabilities[id],
          before: before[id],
          cut: cuts[id] !== "",
          note: cuts[id] ? `${percent(before[id])}, cut by ${cuts[id]}` : percent(before[id]),
        })),
        Math.max(...before, ...probabilities),
      );
      said.textContent = `${finished ? "The text has ended; at its last step, " : ""}${kept.toLocaleString("en")} of ${cuts.length.toLocaleString("en")} tokens ${finished ? "were" : "are"} kept.`;
      showText(writer);
    }

    function showText({ prompt, written, own }: Writer) {
      const shared = writer?.textOf(own.slice(0, sharedStart(own, former))) ?? "";
      const isWhole = written.startsWith(shared); // else a character is cut in two
      const start = isWhole ? shared.length : 0;
      const part = (look: string, said: string) => element("span", { class: look }, said);
      text.replaceChildren(prompt, element("mark", {}, part("llm-shared", written.slice(0, start)), part("llm-anew", written.slice(start))));
      text.scrollTop = text.scrollHeight;
    }

    function draw() {
      return sample(nextDistribution(writer?.logits ?? [0], settings(model)).probabilities, uniform());
    }

    function take(id: number) {
      if (!writer) return;
      if (writer.finished) said.textContent = "The text has ended: press Write again, or go back to the prompt.";
      else {
        writer.append(id);
        showNext();
      }
    }

    async function write() {
      if (!writer) return;
      const mine = ++run;
      const started = performance.now();
      const before = writer.ids.length;
      while (mine === run && !writer.finished && writer.ids.length - before < TOKENS_A_RUN) {
        const frame = performance.now();
        while (performance.now() - frame < MILLISECONDS_A_FRAME && !writer.finished && writer.ids.length - before < TOKENS_A_RUN) {
          writer.append(draw());
        }
        showText(writer);
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      if (mine !== run) return;
      const count = writer.ids.length - before;
      const rate = Math.round((1000 * count) / (performance.now() - started));
      showNext();
      said.textContent = count ? `Wrote ${count} tokens, ${rate} a second${compared(writer.own, former)}.` : "The text has ended: press Write again, or go back to the prompt.";
    }
  },
);

/** How many tokens two texts have in common, from their start. */
function sharedStart(ids: number[], others: number[]) {
  const parting = ids.findIndex((id, i) => id !== others[i]);
  return parting < 0 ? ids.length : parting;
}

function compared(ids: number[], former: number[]) {
  if (!former.length) return "";
  const shared = sharedStart(ids, former);
  if (shared === ids.length && shared === former.length) return ": the same text, token for token";
  if (shared === Math.min(ids.length, former.length)) return ": the same text, as far as both go";
  if (shared === 0) return ": not even the first token is as before";
  return `; the first ${shared === 1 ? "one is" : `${shared} are`} as before`;
}

/** What the lines below the text say. */
function legend() {
  const named = (look: string, name: string) => element("mark", {}, element("span", { class: look }, name));
  return element("p", { class: "llm-note llm-written" }, named("llm-anew", "written here"), ", ", named("llm-shared", "the same as last time"));
}

const SETTINGS: Record<string, { label: string, min: number, max: number, step: number, format: (value: number) => string }> = {
  temperature: { label: "Temperature", min: 0, max: 2, step: 0.1, format: (value) => value.toFixed(1) },
  top_k: { label: "Top-k", min: 0, max: 50, step: 1, format: (value) => (value ? String(value) : "off") },
  top_p: { label: "Top-p", min: 0.05, max: 1, step: 0.05, format: (value) => (value < 1 ? value.toFixed(2) : "off") },
  min_p: { label: "Min-p", min: 0, max: 0.5, step: 0.01, format: (value) => (value ? value.toFixed(2) : "off") },
};

function settingControls(model: Model) {
  const sliders = Object.entries(SETTINGS).map(([name, { label, ...range }]) =>
    slider(label, { ...range, value: model.get(name) }, (value) => setTrait(model, name, value)),
  );
  const seed = element("input", {
    type: "number", min: 0, step: 1, value: model.get("seed"),
    oninput: () => setTrait(model, "seed", Math.max(0, Math.floor(seed.valueAsNumber || 0))),
  });
  return element("div", { class: "llm-controls" }, ...sliders, element("label", { class: "llm-field" }, "Seed", seed));
}

function settings(model: Model): import("../models/sampling.ts").Settings {
  return {
    temperature: model.get("temperature"),
    topK: model.get("top_k"),
    topP: model.get("top_p"),
    minP: model.get("min_p"),
  };
}
