/** An agent step by step: the reader holds the harness, and may put words into the model's mouth. */

import { announcement, button, choice, element, setTrait, traitCheckbox, traitSlider } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { captionedTable } from "../ui/table.ts";
import { fitMessages, replyWithin, roughTokens, runTools, shopTools, type Message } from "./tool_loop.ts";
import type { Model } from "../ui/types.ts";

/** What the user asks and the model replies, by what happens. */
type Scripts = Record<string, { task: string, replies: string[] }>;

const MOST_STEPS = 8;
/** The last of the four parts of a step. */
const LAST = 3;
const SYSTEM = "You run errands. Tools: price(of), add(a, b).";
const WRITERS: Record<string, string> = { system: "system", user: "user", assistant: "model", tool: "tool", harness: "harness" };
const ENDINGS: Record<string, string> = {
  answer: "The model gave a plain answer, and the loop ended.",
  error: "The call failed, nobody told the model: the loop ended without an answer.",
  limit: "The step limit was reached: no answer.",
  "no reply left": "The model has nothing more to say in this script.",
  budget: "The newest messages do not fit into the budget: the model was not asked again.",
};

export default widget(
  {
    title: "An agent, step by step",
    tryThis: [
      "In “all goes well”, where did the model read the 47 and the 85 of its third call? Press Next part after that call: what does the model write, now that it reads the sum?",
      "Press Start again, then Next part, and watch who acts: the model, the harness, a tool, and then the model again, which now reads one result more.",
      "Choose the script “a shop that is busy” and press Whole step to its end. Then clear “Errors are told to the model”: how far does the same model come now?",
      "Choose the script “all goes well”, set the budget to 40 and press Whole step to its end. What does the model answer, and what did it no longer read? Then try 35 and 50.",
      "Open the replies below and change one: give a wrong name for an argument, or leave out a brace. Press Whole step: does the loop survive?",
    ],
  },
  (model, body) => {
    const scripts = model.get("scripts") as Scripts;
    const said = announcement();
    const ring = element("div", { class: "llm-ring" });
    const budget = element("div");
    const log = element("div", { class: "llm-log" });
    /** How far the reader is within a step; any other step is shown whole. */
    let place = { step: -1, part: LAST };
    const replies = element("textarea", { rows: 6, "aria-label": "Replies of the model, one per line", spellcheck: false, oninput: () => setReplies(linesOf(replies.value)) });
    replies.value = model.get("replies").join("\n");
    const onePart = button("Next part", () => (isWhole() ? go(model.get("step") + 1, 0) : go(model.get("step"), place.part + 1)));
    const wholeStep = button("Whole step", () => go(model.get("step") + (isWhole() ? 1 : 0), LAST));
    const again = button("Start again", () => go(0, LAST));
    onePart.classList.add("llm-primary");
    const harness = [
      traitSlider(model, "max_steps", "Step limit", { min: 1, max: MOST_STEPS, step: 1 }),
      traitSlider(model, "budget", "Budget of tokens", { min: 20, max: 200, step: 5 }),
      traitCheckbox(model, "report", "Errors are told to the model"),
    ];
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Script", Object.keys(scripts).map((name) => [name, name]), nameOf(scripts, model.get("replies")), choose),
        onePart,
        wholeStep,
        again,
        element("div", { class: "llm-harness", role: "group", "aria-label": "The harness" }, ...harness),
      ),
      ring,
      said,
      budget,
      log,
      element("details", {}, element("summary", {}, "What the model says while it reads all that it needs, one reply a line: change it"), replies),
    );
    for (const trait of ["task", "replies", "step", "max_steps", "budget", "report"]) model.on(`change:${trait}`, show);
    show();

    function choose(name: string) {
      const script = scripts[name];
      replies.value = script.replies.join("\n");
      model.set("task", script.task);
      setReplies(script.replies);
    }

    function setReplies(listed: string[]) {
      model.set("step", 0);
      setTrait(model, "replies", listed);
    }

    /** Whether nothing of the step that is shown is left to come. */
    function isWhole() {
      return place.step !== model.get("step") || place.part === LAST;
    }

    function go(step: number, part: number) {
      place = { step: Math.min(step, MOST_STEPS), part };
      if (step === model.get("step")) show();
      else setTrait(model, "step", place.step);
    }

    function show() {
      const step = model.get("step");
      const state = stateAt(model, step);
      // A step without a reply of its own, where the loop has ended before, has no parts.
      const part = isWhole() || state.taken < step ? LAST : place.part;
      const over = part === LAST ? state.over : "";
      onePart.disabled = wholeStep.disabled = over !== "";
      // The result of a call joins the history when it goes back to the model.
      const messages = part < LAST && isToolLast(state) ? state.messages.slice(0, -1) : state.messages;
      const history = [...opening(model), ...messages];
      // An error that is not told stands in the log, but the model never reads it: it takes no budget.
      const told = over === "error" ? history.slice(0, -1) : history;
      const stays = fitMessages(told, model.get("budget"), roughTokens);
      const acts = step > 0 && part < LAST ? `${placesOf(state, step)[part].name}.` : nextOf(history, stays);
      said.textContent = `Step ${state.taken} of at most ${model.get("max_steps")}. ${over ? endingOf(state) : acts}`;
      const fresh = step > 0 ? history.length - messages.length + stateAt(model, step - 1).messages.length : history.length;
      const all = Array.from({ length: MOST_STEPS + 1 }, (_, i) => loop(placesOf(stateAt(model, i), i), LAST));
      ring.replaceChildren(...all, loop(placesOf(state, step), step > 0 ? part : -1, over ? "llm-current llm-ended" : "llm-current"));
      budget.replaceChildren(budgetBar(told, stays, model.get("budget")));
      const list = table(history, told.length, stays, fresh, over);
      const beyond = element("p", { class: "llm-out-of-view llm-note", "aria-hidden": "true" });
      log.replaceChildren(list, beyond);
      follow(list, (above, below) => {
        beyond.textContent = [above && `↑ ${above} more`, below && `↓ ${below} more`].filter(Boolean).join(", ");
      });
    }
  },
);

/** Brings the newest message into view, and tells how many are out of it: a scrollbar is not seen everywhere. */
function follow(list: HTMLElement, tell: (above: number, below: number) => void) {
  const rows = [...list.querySelectorAll("tbody tr")];
  const count = () => {
    const [top, bottom] = [(list.querySelector("thead th") as Element).getBoundingClientRect().bottom, list.getBoundingClientRect().bottom];
    const boxes = rows.map((row) => row.getBoundingClientRect());
    tell(boxes.filter((box) => box.top < top - 2).length, boxes.filter((box) => box.bottom > bottom + 2).length);
  };
  list.addEventListener("scroll", count);
  // Where it is drawn first, it has no height yet.
  new ResizeObserver(() => {
    list.scrollTop = list.scrollHeight;
    count();
  }).observe(list);
}

/** What is said before the first reply. */
function opening(model: Model) {
  return [{ role: "system", content: SYSTEM }, { role: "user", content: model.get("task") }];
}

/**
 * The loop run from its start up to a step: tools that count what they are asked begin anew.
 * @returns  The replies among the messages, how the
 *   loop ended, if it did, and whether the last reply is the model's own, for want of what its script takes.
 */
function stateAt(model: Model, step: number): { messages: Message[], taken: number, over: string, own: boolean } {
  if (step <= 0) return { messages: [], taken: 0, over: "", own: false };
  const [prices, busy, replies, most, report, budget] = ["prices", "busy", "replies", "max_steps", "report", "budget"].map((trait) => model.get(trait));
  const say = (reply: string, messages: Message[]) => replyWithin(reply, [...opening(model), ...messages], budget);
  const { messages, ended } = runTools(replies.slice(0, step), shopTools(prices, busy), most, report, say);
  const said = messages.filter(({ role }) => role === "assistant");
  const taken = said.length;
  const own = taken > 0 && said[taken - 1].content !== replies[taken - 1];
  return { messages, taken, over: ended === "no reply left" && taken === step ? "" : ended, own };
}

function endingOf({ over, own }: State) {
  return own ? "The model no longer read all it needs: it answered from the rest." : ENDINGS[over];
}

type State = ReturnType<typeof stateAt>;
type Place = { name: string, by: string, content: string };

/** Who wrote a message: where no tool could be called, the harness answers in its place. */
function writerOf({ role, uncalled }: Message) {
  return uncalled ? "harness" : role;
}

function isToolLast({ messages }: State) {
  return messages.at(-1)?.role === "tool";
}

/** The places of the loop, with what a step puts in each. */
function placesOf(state: State, step: number): Place[] {
  const { messages, over } = state;
  const reply = messages.filter(({ role }) => role === "assistant").at(-1)?.content ?? "";
  const result = isToolLast(state) ? (messages.at(-1)?.content ?? "") : "";
  const isAnswer = over === "answer";
  const third = isAnswer ? "user" : isToolLast(state) ? writerOf(messages.at(-1) as Message) : "tool";
  const back = over ? "the loop has ended" : `by ${result ? 2 : 1} messages, and back to the model`;
  return [
    { name: "The model writes a reply", by: "assistant", content: reply },
    { name: "The harness reads it", by: "harness", content: isAnswer ? "no call: an answer" : reply && asCall(reply) },
    { name: isAnswer ? "The user gets it" : `The ${third} answers`, by: third, content: isAnswer ? reply : result },
    { name: over ? "The history is complete" : "The history grows", by: "harness", content: step > 0 ? back : "" },
  ];
}

/**
 * The loop up to one of its parts, which is filled: those after it are empty. All steps share a place, so that nothing moves.
 * @param part  -1 before the first.
 * @param look  Of the one that is seen; once the loop has ended, no way leads back to the model.
 */
function loop(places: Place[], part: number, look: string = "") {
  const items = places.map(({ name, by, content }, i) =>
    element("li", { class: `llm-by-${by}${i > part ? " llm-to-come" : ""}`, "aria-current": i === part && "step" }, element("b", {}, name), element("span", {}, i > part ? "" : content)),
  );
  return element("ol", { class: `llm-loop ${look}`, "aria-label": "The loop, and the last step in it" }, ...items);
}

/** A reply as the harness understands it: price(of: "ball"). */
function asCall(reply: string) {
  try {
    const { tool, arguments: given = {} } = JSON.parse(reply);
    return `${tool}(${Object.entries(given).map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")})`;
  } catch {
    return "no valid JSON";
  }
}

/** Messages as wide as their tokens: those that stay before the line of the budget, those that are dropped behind it. */
function budgetBar(history: Message[], stays: boolean[] | null, budget: number) {
  const isKept = (_: Message, i: number) => stays?.[i] ?? false;
  const kept = history.filter(isKept);
  const dropped = history.filter((message, i) => !isKept(message, i));
  const sum = (of: Message[]) => of.reduce((total, message) => total + roughTokens(message), 0);
  const whole = budget + sum(dropped);
  const piece = (more: string) => (message: Message) =>
    element("span", { class: `llm-by-${writerOf(message)} ${more}`, style: `width: ${((100 * roughTokens(message)) / whole).toFixed(2)}%`, title: message.content });
  const free = element("span", { class: "llm-free", style: `width: ${((100 * Math.max(0, budget - sum(kept))) / whole).toFixed(2)}%` });
  const text = `Budget: ${sum(kept)} of ${budget} tokens used${dropped.length ? `; ${sum(dropped)} tokens dropped, at the right of the line` : ""}`;
  return element("figure", { class: "llm-budget" }, element("figcaption", {}, text), element("div", { "aria-hidden": "true" }, ...kept.map(piece("")), free, ...dropped.map(piece("llm-outside"))));
}

function nextOf(history: Message[], stays: boolean[] | null) {
  if (!stays) return "The system message and the newest group do not fit into the budget.";
  const kept = stays.filter(Boolean).length;
  const task = stays[1] ? "" : " The task is gone.";
  return `The model reads ${kept} of ${history.length} messages before its next reply.${task}`;
}

function linesOf(text: string) {
  return text.split("\n").filter((line) => line.trim());
}

function nameOf(scripts: Scripts, replies: string[]) {
  return Object.keys(scripts).find((name) => scripts[name].replies.join("\n") === replies.join("\n")) ?? Object.keys(scripts)[0];
}

/**
 * @param told  How many of them the model is told.
 * @param fresh  From here on, messages are of the last step.
 * @param over  How the loop ended, if it did: the model then reads nothing more.
 */
function table(history: Message[], told: number, stays: boolean[] | null, fresh: number, over: string) {
  const rows = history.map((message, place) => {
    const isTold = place < told;
    const kept = isTold ? (stays?.[place] ?? false) : true;
    return element(
      "tr",
      { class: `llm-by-${writerOf(message)}${kept ? "" : " llm-dropped"}${place >= fresh ? " llm-fresh" : ""}` },
      element("th", { scope: "row" }, element("span", {}, WRITERS[writerOf(message)]), place >= fresh ? element("em", {}, "new") : null),
      element("td", { class: "llm-message" }, message.content),
      element("td", {}, isTold ? `${roughTokens(message)}${kept ? "" : ", dropped"}` : "not told"),
    );
  });
  const caption = over ? "All that was said until the loop ended" : "What the model reads before its next reply";
  return captionedTable(caption, ["by", "message", "tokens"], rows, "llm-history");
}
