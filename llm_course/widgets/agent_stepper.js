/** An agent step by step: the reader holds the harness, and may put words into the model's mouth. */

import { announcement, button, choice, element, scroller, setTrait, slider, traitCheckbox, widget } from "./js/dom.js";
import { fitMessages, roughTokens, runTools, shopTools } from "./js/tool_loop.js";

/** @import { Model } from "./js/types.js" */
/** @import { Message } from "./js/tool_loop.js" */

const MOST_STEPS = 8;
const SYSTEM = "You run errands. Tools: price(of), add(a, b).";
/** @type {Record<string, string>} */
const WRITERS = { system: "system", user: "user", assistant: "model", tool: "tool" };
const ENDINGS = {
  answer: "The model gave a plain answer, and the loop ended.",
  error: "The call failed, nobody told the model, and the loop ended without an answer.",
  limit: "The step limit was reached: no answer.",
  "no reply left": "The model has nothing more to say in this script.",
};

export default widget(
  {
    title: "An agent, step by step",
    tryThis: [
      "Press One step until the model answers. The model writes the blue lines; the harness reads them, calls the tools and writes the orange ones.",
      "Choose the busy shop, and take away the reports of errors. What does the same model reach now?",
      "Lower the budget until the task itself leaves the history. What would a model add then?",
      "Open the replies and change one: give a wrong name for an argument, or leave out a brace. Does the loop survive?",
    ],
  },
  (model, body) => {
    const scripts = /** @type {Record<string, string[]>} */ (model.get("scripts"));
    const said = announcement();
    const results = element("div");
    const replies = element("textarea", { rows: 6, "aria-label": "Replies of the model, one per line", spellcheck: false, oninput: () => setReplies(linesOf(replies.value)) });
    replies.value = model.get("replies").join("\n");
    const forward = button("One step", () => setTrait(model, "step", Math.min(model.get("step") + 1, MOST_STEPS)));
    const again = button("Start again", () => setTrait(model, "step", 0));
    forward.classList.add("llm-primary");
    const harness = [
      slider("Step limit", { min: 1, max: MOST_STEPS, step: 1, value: model.get("max_steps") }, (value) => setTrait(model, "max_steps", value)),
      slider("Budget of tokens", { min: 20, max: 200, step: 5, value: model.get("budget") }, (value) => setTrait(model, "budget", value)),
      traitCheckbox(model, "report", "Errors are told to the model"),
    ];
    body.append(
      element(
        "div",
        { class: "llm-controls" },
        choice("Script", Object.keys(scripts).map((name) => [name, name]), nameOf(scripts, model.get("replies")), choose),
        forward,
        again,
      ),
      said,
      results,
      element("div", { class: "llm-controls", role: "group", "aria-label": "The harness" }, ...harness),
      element("details", {}, element("summary", {}, "What the model will say, one reply a line: change it"), replies),
    );
    for (const trait of ["replies", "step", "max_steps", "budget", "report"]) model.on(`change:${trait}`, show);
    show();

    /** @param {string} name */
    function choose(name) {
      replies.value = scripts[name].join("\n");
      setReplies(scripts[name]);
    }

    /** @param {string[]} listed */
    function setReplies(listed) {
      model.set("step", 0);
      setTrait(model, "replies", listed);
    }

    function show() {
      const step = model.get("step");
      const limit = model.get("max_steps");
      const { messages, ended } = stateAt(model, step);
      const taken = messages.filter(({ role }) => role === "assistant").length;
      const over = ended === "no reply left" && taken === step ? "" : ended;
      forward.disabled = over !== "";
      const history = [{ role: "system", content: SYSTEM }, { role: "user", content: model.get("task") }, ...messages];
      const stays = fitMessages(history, model.get("budget"), roughTokens);
      said.textContent = `Step ${taken} of at most ${limit}. ${over ? ENDINGS[over] : nextOf(history, stays)}`;
      results.replaceChildren(table(history, stays));
    }
  },
);

/**
 * The loop run from its start up to a step: tools that count what they are asked begin anew.
 * @param {Model} model
 * @param {number} step
 */
function stateAt(model, step) {
  const tools = shopTools(model.get("prices"), model.get("busy"));
  return runTools(model.get("replies").slice(0, step), tools, model.get("max_steps"), model.get("report"));
}

/**
 * @param {Message[]} history
 * @param {boolean[] | null} stays
 */
function nextOf(history, stays) {
  if (!stays) return "The system message and the newest group do not fit into the budget.";
  const kept = stays.filter(Boolean).length;
  const task = stays[1] ? "" : " The task is not among them.";
  return `The model reads ${kept} of ${history.length} messages before its next reply.${task}`;
}

/** @param {string} text */
function linesOf(text) {
  return text.split("\n").filter((line) => line.trim());
}

/**
 * @param {Record<string, string[]>} scripts
 * @param {string[]} replies
 */
function nameOf(scripts, replies) {
  return Object.keys(scripts).find((name) => scripts[name].join("\n") === replies.join("\n")) ?? Object.keys(scripts)[0];
}

/**
 * @param {Message[]} history
 * @param {boolean[] | null} stays
 */
function table(history, stays) {
  const rows = history.map((message, place) => {
    const kept = stays?.[place] ?? false;
    return element(
      "tr",
      { class: `llm-by-${message.role}${kept ? "" : " llm-dropped"}` },
      element("th", { scope: "row" }, element("span", {}, WRITERS[message.role] ?? message.role)),
      element("td", { class: "llm-message" }, message.content),
      element("td", {}, String(roughTokens(message))),
      element("td", {}, kept ? "stays" : "dropped"),
    );
  });
  const names = ["written by", "message", "tokens", "budget"];
  const head = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
  const caption = "What the model reads before its next reply";
  return scroller(caption, element("table", { class: "llm-history" }, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...rows)));
}
