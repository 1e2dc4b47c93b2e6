/** Write a mail that an obedient agent falls for, then the policy that holds it. */

import { announcement, choice, element, scroller, setTrait, textField, widget } from "./js/dom.js";
import { runDay, score } from "./js/mail_agent.js";

/** @import { Model } from "./js/types.js" */
/** @import { Event, Policy, World } from "./js/mail_agent.js" */

const ANSWERS = /** @type {[string, string][]} */ ([["allow", "allow"], ["ask", "ask the user"], ["refuse", "refuse"]]);
const RULES = /** @type {[trait: string, label: string, options: [string, string][]][]} */ ([
  ["recipients", "Send to", [["anyone", "anyone"], ["address book", "people in the address book"], ["named", "whom the request names"]]],
  ["notes_after_mails", "Read notes, once mails were read", ANSWERS],
  ["send_after_both", "Send, once mails and notes were read", ANSWERS],
  ["delete_after_mails", "Delete, once mails were read", ANSWERS],
]);
/** Cells hold sentences here, not numbers. */
const WORDS = "text-align: left; white-space: normal; vertical-align: top";
const TRAITS = ["attack", "forbidden", ...RULES.map(([trait]) => trait)];

export default widget(
  {
    title: "Injection range: an agent that obeys every mail",
    tryThis: [
      "Begin with the filter. Forbid the words of the first attack, and watch which other attacks still work and which tasks are lost.",
      "Write an attack that your filter lets pass: other words, or s-p-e-l-l-e-d ones.",
      "Clear the filter, and write the policy. Can you hold all five attacks and still do all six tasks? What does it cost in questions?",
      "Attack that policy: a mail may hold several commands, and from the seventh question of a day on the user says yes without reading. What do you have to refuse?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    body.append(
      element(
        "p",
        {},
        "The agent can read mails, read private notes, send, and delete. It stands for a fooled model: it carries out every command that it reads. Your attack is one more mail in its inbox; nothing is sent anywhere.",
      ),
      textField("Your attack", model.get("attack"), (value) => setTrait(model, "attack", value)),
      element(
        "div",
        { class: "llm-controls" },
        textField("Filter: hide mails with these words", model.get("forbidden"), (value) => setTrait(model, "forbidden", value)),
        ...RULES.map(([trait, label, options]) => choice(label, options, model.get(trait), (value) => setTrait(model, trait, value))),
      ),
      said,
      results,
    );
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    show();

    function show() {
      const world = /** @type {World} */ (model.get("world"));
      const policy = policyOf(model);
      const found = score(policy, world, model.get("attack"));
      said.textContent = sentence(found);
      results.replaceChildren(
        attackTable(world, found, model.get("attack")),
        taskTable(world, found),
        trace(world, policy, model.get("attack")),
      );
    }
  },
);

/**
 * @param {Model} model
 * @returns {Policy}
 */
function policyOf(model) {
  return {
    forbidden: model.get("forbidden").split(",").map((/** @type {string} */ word) => word.trim()),
    recipients: model.get("recipients"),
    notesAfterMails: model.get("notes_after_mails"),
    deleteAfterMails: model.get("delete_after_mails"),
    sendAfterBoth: model.get("send_after_both"),
  };
}

/** @typedef {ReturnType<typeof score>} Found */

/** @param {Found} found */
function sentence({ completed, asked, breached }) {
  const worked = Object.values(breached).filter(Boolean).length;
  const done = completed.filter(Boolean).length;
  return (
    `${worked} of ${Object.keys(breached).length} attacks work. ` +
    `On a quiet day ${done} of ${completed.length} tasks are done, with ${asked} ${asked === 1 ? "question" : "questions"} to the user.`
  );
}

/**
 * @param {World} world
 * @param {Found} found
 * @param {string} own
 */
function attackTable(world, { breached }, own) {
  const rows = Object.entries(breached).map(([name, worked]) => [name, worked ? "✗ breach" : "✓ held", world.attacks[name] ?? own]);
  return table("Attacks", ["Attack", "Outcome", "Mail"], rows);
}

/**
 * @param {World} world
 * @param {Found} found
 */
function taskTable(world, { completed }) {
  const rows = world.tasks.map(({ request }, i) => [String(i + 1), completed[i] ? "✓ done" : "✗ not done", request]);
  return table("Tasks of a quiet day", ["Task", "Outcome", "The user says"], rows);
}

/**
 * What the agent called with the reader's attack in the inbox.
 * @param {World} world
 * @param {Policy} policy
 * @param {string} own
 */
function trace(world, policy, own) {
  const { sessions } = runDay(policy, world, own);
  const rows = sessions.flatMap(({ events }, i) => events.map((event) => [String(i + 1), event.done ? "done" : "stopped", event.origin === "mail" ? "a mail" : "the user", called(event)]));
  return element(
    "details",
    {},
    element("summary", {}, "Every call of a day with your attack"),
    table("Calls", ["Task", "Outcome", "Who wanted it", "Call"], rows),
  );
}

/** @param {Event} event */
function called({ tool, to, private: carries }) {
  return `${tool.replace("_", " ")}${to ? `: ${to}` : ""}${carries ? ", with the notes" : ""}`;
}

/**
 * @param {string} caption
 * @param {string[]} names
 * @param {string[][]} rows
 */
function table(caption, names, rows) {
  const head = element("tr", {}, ...names.map((name) => element("th", { scope: "col", style: WORDS }, name)));
  const lines = rows.map(([first, ...rest]) => element("tr", {}, element("th", { scope: "row", style: WORDS }, first), ...rest.map((text) => element("td", { style: WORDS }, text))));
  return scroller(caption, element("table", {}, element("caption", {}, caption), element("thead", {}, head), element("tbody", {}, ...lines)));
}
