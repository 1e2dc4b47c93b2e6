/** What may come next: the model's most probable tokens, and how probable each token of the text was. */

import { loadCourseModel } from "../models/course_model.ts";
import { announcement, button, columns, element, loadWhenVisible, traitTextField, visibleToken } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { argmax, randomNumbers, ranking, softmax } from "../models/numbers.ts";
import { sample } from "../models/sampling.ts";
import { percent, tokenBars } from "../ui/token_bars.ts";
import { Writer } from "../models/writer.ts";

const BARS = 8;
const LINES_OF_TEXT = 6;
/** How far it is told what would follow a token, and how long a text has to stand still for it. */
const AHEAD = { tokens: 4, milliseconds: 60 };
const SEED = 1;
const OF_DRAWS = "A draw takes each token as often as its probability says.";

export default widget(
  {
    title: "The next token",
    tryThis: [
      "Press a token to add it, and go on: you are the loop that writes a text.",
      { say: "This sentence is about taxes, and the model has read only stories: which of its tokens are improbable? Write one of a story in its place.", set: { text: "We pay our taxes to the state every year." } },
      { say: "Here two words are swapped: which token is the less probable, the first that is wrong or the one after it?", set: { text: "Once upon a time there was boy a named Sam." } },
    ],
    followsTraits: true,
  },
  (model, body) => {
    const bars = tokenBars("The most probable next tokens", { noteName: "then, most probably", onPick: take });
    bars.node.classList.add("llm-with-ahead");
    const chain = element("div");
    const said = announcement("llm-two-lines");
    const text = traitTextField(model, "text", "Text", { onChange: read }, LINES_OF_TEXT);
    const best = button("Add the most probable", () => take());
    const draw = button("Draw one", drawOne);
    const uniform = randomNumbers(SEED);
    let looking: ReturnType<typeof setTimeout> | undefined;
    let writer: Writer | null = null;

    body.append(columns([element("div", { class: "llm-controls" }, text.node, best, draw)], [bars.node, said]), chain);
    showOpening();
    const loaded = load();

    /** What the page knows before the model is there. */
    function showOpening() {
      const { text, labels, probabilities, next } = model.get("opening");
      if (text !== model.get("text")) return;
      bars.show(next);
      chain.replaceChildren(chainList(labels, probabilities));
      said.textContent = OF_DRAWS;
    }

    async function load() {
      writer = await loadWhenVisible(body, said, async () => new Writer(await loadCourseModel(model)));
      if (writer) read();
    }

    function read() {
      if (writer) {
        writer.start(model.get("text"));
        show();
      } else said.textContent = "Loading the course model …";
    }

    function ahead(id: number) {
      if (id === writer?.course.config.end_of_text) return "the text ends";
      return `${writer?.ahead(id, AHEAD.tokens).replaceAll("\n", "⏎")} …`;
    }

    /**
     * @param id  The most probable token if left out.
     * @param told  How it was found.
     */
    async function take(id?: number, told?: string) {
      await loaded;
      if (!writer || writer.finished) return;
      writer.append(id ?? argmax(writer.logits));
      if (writer.finished) {
        said.textContent = writer.ids.length < writer.course.config.context_length ? "The model ends the text here." : "The model's context is full: it can read no further token.";
        return;
      }
      text.write(writer.prompt + writer.written);
      show(told);
    }

    async function drawOne() {
      await loaded;
      if (!writer || writer.finished) return;
      const probabilities = softmax(writer.logits);
      const id = sample(probabilities, uniform());
      const place = ranking(probabilities).indexOf(id) + 1;
      await take(id, `Drawn: “${visibleToken(writer.label(id))}”, which had ${chance(probabilities[id])}, ${place === 1 ? "the most probable" : `number ${place} of ${probabilities.length.toLocaleString("en")}`}.`);
    }

    function show(told = OF_DRAWS) {
      if (!writer) return;
      const probabilities = softmax(writer.logits);
      const top = ranking(writer.logits).slice(0, BARS);
      const row = (id: number) => ({ id, token: writer?.label(id) ?? "", probability: probabilities[id] });
      bars.show(top.map(row));
      clearTimeout(looking);
      looking = setTimeout(() => bars.show(top.map((id) => ({ ...row(id), note: ahead(id) }))), AHEAD.milliseconds);
      const read = writer.ids.slice(1).map((id) => writer?.label(id) ?? "");
      chain.replaceChildren(chainList(read, writer.probabilities.slice(1)));
      const list = chain.querySelector("ol");
      if (list) list.scrollTop = list.scrollHeight; // the newest token stays in sight
      said.textContent = read.length ? told : "No token yet: these are the first tokens of a text.";
      if (writer.isCut) said.append(` Only the first ${read.length} tokens of the text are read: more don't fit into the model's context.`);
    }
  },
);

/** Each token with its probability given those before it. */
function chainList(labels: string[], probabilities: number[]) {
  const tokens = labels.map((label, i) =>
    element(
      "li",
      { style: `--share: ${probabilities[i].toFixed(3)}` },
      element("span", {}, visibleToken(label)),
      element("span", { class: "llm-share" }, chance(probabilities[i])),
    ),
  );
  const caption = "The text so far: each token's probability after those before it; the bluer the likelier, framed: the newest";
  return element("div", {}, element("p", { class: "llm-caption" }, caption), element("ol", { class: "llm-chain llm-story", tabindex: 0, "aria-label": caption }, ...tokens));
}

/** Small probabilities as one in how many: they are to be compared as well. */
function chance(probability: number) {
  return probability < 0.001 ? `1 in ${Math.round(Number((1 / probability).toPrecision(2))).toLocaleString("en")}` : percent(probability);
}
