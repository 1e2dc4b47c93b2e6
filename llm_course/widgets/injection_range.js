/** Write a mail that an obedient agent falls for, then the policy that holds it. */

import { memory } from "./js/before.js";
import { announcement, choice, columns, element, redraw, setTrait, textField, widget } from "./js/dom.js";
import { commands, hidden, isBreach, runDay, score } from "./js/mail_agent.js";
import { captionedTable } from "./js/table.js";

/** @import { Model } from "./js/types.js" */
/** @import { Event, Policy, World } from "./js/mail_agent.js" */

const ANSWERS = /** @type {[string, string][]} */ ([["allow", "allow"], ["ask", "ask the user"], ["refuse", "refuse"]]);
const RULES = /** @type {[trait: string, label: string, options: [string, string][]][]} */ ([
  ["recipients", "Send to", [["anyone", "anyone"], ["address book", "people in the address book"], ["named", "whom the request names"]]],
  ["notes_after_mails", "Read notes, once mails were read", ANSWERS],
  ["send_after_both", "Send, once mails and notes were read", ANSWERS],
  ["delete_after_mails", "Delete, once mails were read", ANSWERS],
]);
/** @type {Policy} */
const NO_POLICY = { forbidden: [], recipients: "anyone", notesAfterMails: "allow", sendAfterBoth: "allow", deleteAfterMails: "allow" };
/** Names of the reader's attack and of the whole policy. */
const [OWN, ALL] = ["yours", "all"];
/** What each column of the matrix takes of the reader's policy. @type {[name: string, parts: (keyof Policy)[]][]} */
const DEFENSES = [
  ["none", []],
  ["filter", ["forbidden"]],
  ["send to", ["recipients"]],
  ["notes", ["notesAfterMails"]],
  ["send", ["sendAfterBoth"]],
  ["delete", ["deleteAfterMails"]],
  [ALL, ["forbidden", "recipients", "notesAfterMails", "sendAfterBoth", "deleteAfterMails"]],
];
/** Cells hold sentences here, not numbers. */
const WORDS = "text-align: left; white-space: normal; vertical-align: top";
/** The cell of the matrix whose calls are listed. */
const NO_COMMAND = "Your mail is no attack: the agent finds no command in it. It takes words such as send and notes with an address, or erase and mails. ";
const SHOWN = ["shown_attack", "shown_rules"];
const TRAITS = ["attack", "forbidden", ...RULES.map(([trait]) => trait)];

export default widget(
  {
    title: "Injection range: an agent that obeys every mail",
    tryThis: [
      "Begin with the filter. Forbid “ignore”, then “send” as well: which attacks still work, and what do honest mails lose?",
      "Write an attack that your filter lets pass: other words, or s-p-e-l-l-e-d ones.",
      "Clear the filter, and write the policy. Can you hold all six attacks (yours is one) and still do all six tasks? What does it cost in questions?",
      "Attack that policy: a mail may hold several commands, and from the seventh question of a day on the user says yes without reading. What do you have to refuse?",
    ],
  },
  (model, body) => {
    const said = announcement();
    const results = element("div");
    const day = element("summary");
    const calls = element("div", { class: "llm-calls" });
    const isPicked = model.get("shown_attack") !== OWN || model.get("shown_rules") !== ALL;
    const opened = element("details", { open: isPicked, ontoggle: mark }, day, calls);
    const more = element("div");
    body.append(
      element("p", { class: "llm-note" }, "The agent reads mails and private notes, sends, and deletes. It stands for a fooled model: it carries out every command that it reads. Your attack is one more mail in its inbox; nothing is sent anywhere."),
      textField("Your attack", model.get("attack"), (value) => setTrait(model, "attack", value)),
      columns(
        [
          element(
            "div",
            { class: "llm-controls" },
            textField("Filter: hide mails with these words (put commas between)", model.get("forbidden"), (value) => setTrait(model, "forbidden", value)),
            ...RULES.map(([trait, label, options]) => choice(label, options, model.get(trait), (value) => setTrait(model, trait, value))),
          ),
        ],
        [said, results],
      ),
      opened,
      element("details", {}, element("summary", {}, "The mails and the tasks"), more),
    );
    const remember = /** @type {(now: string[][]) => string[][] | undefined} */ (memory());
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    for (const trait of SHOWN) model.on(`change:${trait}`, showCalls);
    show();

    /**
     * @param {string} attack
     * @param {string} rules
     */
    function pick(attack, rules) {
      setTrait(model, "shown_attack", attack);
      setTrait(model, "shown_rules", rules);
      opened.open = true;
    }

    function show() {
      const world = /** @type {World} */ (model.get("world"));
      const policy = policyOf(model);
      const written = model.get("attack");
      const isAttack = commands(written, world.words).length > 0;
      const own = isAttack ? written : "";
      const found = DEFENSES.map(([, parts]) => score(partOf(policy, parts), world, own));
      said.textContent = (isAttack || !written.trim() ? "" : NO_COMMAND) + sentence(found[found.length - 1]) + lost(hidden(world.mails, policy));
      redraw(results, matrix(policy, world.attacks, found, remember(found.map(cellsOf)), pick));
      more.replaceChildren(attackTable(world, own), taskTable(world, found[found.length - 1]));
      showCalls();
    }

    function showCalls() {
      const world = /** @type {World} */ (model.get("world"));
      const mails = attacksOf(world, model.get("attack"));
      const [attack, rules] = SHOWN.map((trait) => model.get(trait));
      const parts = DEFENSES.find(([name]) => name === rules)?.[1] ?? [];
      const { sessions } = runDay(partOf(policyOf(model), parts), world, mails[attack]);
      day.textContent = attack in mails ? `Every call of a day under attack: ${nameOf(attack, rules)}` : `Every call of a quiet day: ${nameOf("no attack", rules)}`;
      calls.replaceChildren(element("p", {}, reason(sessions, world)), callTable(sessions, world));
      mark();
    }

    /** The cell whose calls are open. */
    function mark() {
      const name = nameOf(model.get("shown_attack"), model.get("shown_rules"));
      for (const button of results.querySelectorAll("button")) button.setAttribute("aria-pressed", String(opened.open && button.name === name));
    }
  },
);

/**
 * @param {Model} model
 * @returns {Policy}
 */
function policyOf(model) {
  return {
    forbidden: model.get("forbidden").split(",").map((/** @type {string} */ word) => word.trim()).filter(Boolean),
    recipients: model.get("recipients"),
    notesAfterMails: model.get("notes_after_mails"),
    deleteAfterMails: model.get("delete_after_mails"),
    sendAfterBoth: model.get("send_after_both"),
  };
}

/**
 * A policy of some rules of another.
 * @param {Policy} policy
 * @param {(keyof Policy)[]} parts
 * @returns {Policy}
 */
function partOf(policy, parts) {
  return { ...NO_POLICY, ...Object.fromEntries(parts.map((part) => [part, policy[part]])) };
}

/**
 * What the attacks say, by name.
 * @param {World} world
 * @param {string} own
 */
function attacksOf({ attacks }, own) {
  return own.trim() ? { ...attacks, [OWN]: own } : attacks;
}

/**
 * @param {string} attack
 * @param {string} rules
 */
function nameOf(attack, rules) {
  return `${attack}, against ${rules}`;
}

/** @typedef {ReturnType<typeof score>} Found */

/** @param {Found} found */
function sentence({ completed, asked, breached }) {
  const worked = Object.values(breached).filter(Boolean).length;
  const done = completed.filter(Boolean).length;
  return (
    `${worked} of ${Object.keys(breached).length} attacks ${worked === 1 ? "works" : "work"}. ` +
    `On a quiet day ${done} of ${completed.length} tasks ${done === 1 ? "is" : "are"} done, with ${asked} ${asked === 1 ? "question" : "questions"} to the user.`
  );
}

/**
 * The honest mails that the filter hides: a task that reads mails is not done without them.
 * @param {Record<string, string>} mails
 */
function lost(mails) {
  const texts = Object.entries(mails).map(([sender, text]) => `“${text}” (${sender})`);
  return texts.length ? ` The filter hides honest mails, too, and no task that reads mails is done without all of them: ${texts.join("; ")}.` : "";
}

/** A column of the matrix as texts. @param {Found} found */
function cellsOf({ breached, completed, asked }) {
  return [...Object.values(breached).map((worked) => (worked ? "breach" : "held")), String(completed.filter(Boolean).length), String(asked)];
}

/**
 * Each attack against each rule alone, and against all of them. What the last change turned is framed.
 * @param {Policy} policy
 * @param {Record<string, string>} mails  What the attacks say, by name.
 * @param {Found[]} found
 * @param {string[][] | undefined} before
 * @param {(attack: string, rules: string) => void} pick
 */
function matrix(policy, mails, found, before, pick) {
  const columns = found.map(cellsOf);
  const names = [...Object.keys(found[0].breached), `quiet day: tasks done, of ${found[0].completed.length}`, "quiet day: questions asked"];
  const isIdle = DEFENSES.map(([, parts]) => parts.length > 0 && parts.every((part) => String(policy[part]) === String(NO_POLICY[part])));
  let isAnyTurned = false;
  const rows = names.flatMap((name, row) => {
    const cells = columns.map((texts, column) => {
      const former = before?.[column];
      const isTurned = former !== undefined && former.length === texts.length && former[row] !== texts[row];
      isAnyTurned ||= isTurned;
      const kind = [{ breach: "llm-breach", held: "llm-held" }[texts[row]] ?? "llm-count", isIdle[column] && "llm-idle", isTurned && "llm-turned"];
      const sign = { breach: "✗", held: "✓" }[texts[row]];
      return element("td", { class: kind.filter(Boolean).join(" ") }, sign ? outcome(sign, texts[row], name, DEFENSES[column][0], pick) : texts[row]);
    });
    const line = element("tr", {}, element("th", { scope: "row" }, name), ...cells);
    const mail = mails[name];
    if (name === names[names.length - 2]) line.classList.add("llm-quiet-day");
    return mail ? [line, element("tr", { class: "llm-mail" }, element("td", { colspan: DEFENSES.length + 1 }, `“${mail}”`))] : [line];
  });
  const head = DEFENSES.map(([name], i) => element("th", { scope: "col", class: isIdle[i] && "llm-idle" }, name));
  const caption = `Attacks against each rule alone, and against all: ✗ breach, ✓ held; pale: not set${isAnyTurned ? "; framed: just changed" : ""}. Press one for its calls.`;
  return captionedTable(caption, ["", ...head], rows, "llm-matrix");
}

/**
 * @param {string} sign
 * @param {string} word
 * @param {string} attack
 * @param {string} rules
 * @param {(attack: string, rules: string) => void} pick
 */
function outcome(sign, word, attack, rules, pick) {
  const name = nameOf(attack, rules);
  const parts = [element("span", { "aria-hidden": "true" }, sign), element("span", { class: "llm-unseen" }, word)];
  return element("button", { type: "button", name, "aria-label": `${word}: ${name}`, onclick: () => pick(attack, rules) }, ...parts);
}

/**
 * @param {World} world
 * @param {string} own
 */
function attackTable(world, own) {
  return table("Attacks", ["Attack", "Mail"], Object.entries(attacksOf(world, own)));
}

/**
 * @param {World} world
 * @param {Found} found
 */
function taskTable(world, { completed }) {
  const rows = world.tasks.map(({ request }, i) => [String(i + 1), completed[i] ? "✓ done" : "✗ not done", request]);
  return table("Tasks of a quiet day", ["Task", "Outcome", "The user says"], rows);
}

/** @typedef {ReturnType<typeof runDay>["sessions"]} Sessions */

/**
 * Why the attack works, or that it does not.
 * @param {Sessions} sessions
 * @param {World} world
 */
function reason(sessions, { readWithCare }) {
  const task = sessions.findIndex(({ events }) => events.some(isBreach));
  const breach = sessions[task]?.events.find(isBreach);
  if (!breach) return "Held: no command of a mail sent the notes or deleted anything.";
  const cause = breach.question
    ? `it was question ${breach.question} of the day, and from question ${readWithCare + 1} on the user says yes unread.`
    : "no rule stopped it.";
  return `Breach in task ${task + 1} (${called(breach)}): ${cause}`;
}

/**
 * @param {Sessions} sessions
 * @param {World} world
 */
function callTable(sessions, world) {
  const rows = sessions.flatMap(({ events }, i) => events.map((event) => [String(i + 1), outcomeOf(event, world), event.origin === "mail" ? "a mail" : "the user", called(event)]));
  return table("Calls", ["Task", "Outcome", "Who wanted it", "Call"], rows);
}

/**
 * @param {Event} event
 * @param {World} world
 */
function outcomeOf(event, { readWithCare }) {
  const { done, question } = event;
  const said = done ? "yes" : "no";
  const text = question ? `question ${question}: ${said}${question > readWithCare ? ", unread" : ""}` : done ? "done" : "refused";
  return isBreach(event) ? `✗ ${text}` : text;
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
  const head = names.map((name) => element("th", { scope: "col", style: WORDS }, name));
  const lines = rows.map(([first, ...rest]) => element("tr", {}, element("th", { scope: "row", style: WORDS }, first), ...rest.map((text) => element("td", { style: WORDS }, text))));
  return captionedTable(caption, head, lines);
}
