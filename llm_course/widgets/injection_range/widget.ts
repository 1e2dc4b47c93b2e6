/** Write a mail that an obedient agent falls for, then the policy that holds it. */

import { memory } from "../ui/before.ts";
import { announcement, columns, element, redraw, setTrait, textField, traitChoice } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { gatesPicture } from "./gates.ts";
import { causeOf, commands, hidden, isBreach, runDay, score, waysOf, type Event, type Policy, type Way, type World } from "./mail_agent.ts";
import { fitted } from "../ui/plot.ts";
import { captionedTable } from "../ui/table.ts";
import type { Model } from "../ui/types.ts";

const ANSWERS = [["allow", "allow"], ["ask", "ask the user"], ["refuse", "refuse"]] as [string, string][];
const RULES = [
  ["notes_after_mails", "Read notes after mails", ANSWERS],
  ["recipients", "Send to", [["anyone", "anyone"], ["address book", "people in the address book"], ["named", "whom the request names"]]],
  ["send_after_both", "Send notes after mails", ANSWERS],
  ["delete_after_mails", "Delete after mails", ANSWERS],
] as [trait: string, label: string, options: [string, string][]][];
const NO_POLICY: Policy = { forbidden: [], recipients: "anyone", notes_after_mails: "allow", send_after_both: "allow", delete_after_mails: "allow" };
/** Names of the reader's attack, of no policy and of the whole one. */
const [OWN, NONE, ALL] = ["yours", "none", "all"];

/** A column of the matrix: what it takes of the reader's policy. */
type Defense = { name: string, head: string, parts: (keyof Policy)[] };

/** The rules in the order in which an attack meets them: those on the way to sending, then that of deletions. */
const GATES: Defense[] = [
  { name: "filter", head: "filter", parts: ["forbidden"] },
  { name: "notes", head: "read notes", parts: ["notes_after_mails"] },
  { name: "send to", head: "send to", parts: ["recipients"] },
  { name: "send", head: "send notes", parts: ["send_after_both"] },
  { name: "delete", head: "delete", parts: ["delete_after_mails"] },
];
const DEFENSES: Defense[] = [{ name: NONE, head: "no rule", parts: [] }, ...GATES, { name: ALL, head: "all together", parts: GATES.flatMap(({ parts }) => parts) }];
/** Cells hold sentences here, not numbers. */
const WORDS = "text-align: left; white-space: normal; vertical-align: top";
const NO_COMMAND = "Your mail is no attack: the agent finds no command in it. It takes words such as send and notes with an address, or erase and mails; it knows no forwarding of mails.";
/** The cell of the matrix whose calls are listed. */
const SHOWN = ["shown_attack", "shown_rules"];
const TRAITS = ["attack", "forbidden", ...RULES.map(([trait]) => trait)];

export default widget(
  {
    title: "Injection range: an agent that obeys every mail",
    tryThis: [
      "Type “ignore” into the filter, then “ignore, send”: which attacks still work, and which tasks are lost? Press a cell to see why.",
      "Write an attack that your filter lets pass, in other words or s-p-e-l-l-e-d. The agent obeys a list of words: send and notes with an address, or erase and mails.",
      "Empty the filter, and write the policy. Can you hold all six attacks (yours is one) and still do all six tasks? What does it cost in questions?",
      "Attack that policy: a mail may hold several commands, and from the seventh question of a day on the user says yes without reading. What do you have to refuse?",
    ],
  },
  (model, body) => {
    const said = announcement("llm-verdict");
    const way = element("div");
    const results = element("div");
    const verdict = element("p", { class: "llm-verdict llm-two-lines", role: "status" });
    const day = element("summary");
    const calls = element("div", { class: "llm-calls" });
    const opened = element("details", { ontoggle: showDecisive }, day, calls);
    const more = element("div");
    const folded = element("details", {}, element("summary", {}, "The mails and the tasks"), more);
    body.append(
      textField("Your attack (nothing is sent)", model.get("attack"), attackWith),
      way,
      columns(
        [
          element(
            "div",
            { class: "llm-controls llm-dense" },
            textField("Filter: hide mails with", model.get("forbidden"), (value) => setTrait(model, "forbidden", value), { title: "Words, with commas between" }),
            ...RULES.map((rule) => traitChoice(model, ...rule)),
          ),
          said,
        ],
        [results, verdict],
      ),
      element("div", { class: "llm-day" }, opened, folded),
    );
    const remember = memory() as (now: string[][]) => string[][] | undefined;
    for (const trait of TRAITS) model.on(`change:${trait}`, show);
    for (const trait of SHOWN) model.on(`change:${trait}`, showChosen);
    show();

    /** Shows what comes of the reader's attack. */
    function attackWith(mail: string) {
      model.set("shown_attack", OWN);
      setTrait(model, "attack", mail);
    }

    function pick(attack: string, rules: string) {
      setTrait(model, "shown_attack", attack);
      setTrait(model, "shown_rules", rules);
    }

    function show() {
      const world = model.get("world") as World;
      const policy = policyOf(model);
      const written = model.get("attack");
      const own = commands(written, world.words).length > 0 ? written : "";
      const found = DEFENSES.map(({ parts }) => score(partOf(policy, parts), world, own));
      const whole = found[found.length - 1];
      said.replaceChildren(sentence(whole), ...undone(whole, showTasks), hiding(hidden(world.mails, policy)));
      way.replaceChildren(wayPicture(policy, world, attacksOf(world, own)));
      redraw(results, matrix(policy, world, found, remember(found.map(cellsOf)), pick));
      more.replaceChildren(taskTable(world, whole), mailTable(world, policy), attackTable(world));
      showChosen();
    }

    function showChosen() {
      const world = model.get("world") as World;
      const mails = attacksOf(world, model.get("attack"));
      const attack = model.get("shown_attack");
      const defense = chosen(model.get("shown_rules"), policyOf(model));
      const policy = partOf(policyOf(model), defense.parts);
      const { sessions } = runDay(policy, world, mails[attack]);
      const isAttack = attack in mails && commands(mails[attack], world.words).length > 0;
      const ways = isAttack ? waysOf(policy, world, mails[attack]) : [];
      const name = nameOf(attack, defense.head);
      const count = sessions.flatMap(({ events }) => events).length;
      if (isAttack) verdict.replaceChildren(element("b", {}, `${name}: `), outcomeInWords(ways, sessions, policy, world, mails[attack]));
      else verdict.textContent = NO_COMMAND;
      day.textContent = isAttack ? `All ${count} calls of that day` : `All ${count} calls of a quiet day`;
      calls.replaceChildren(callTable(sessions, world, decisive(ways, sessions)));
      for (const button of results.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.name === name));
      showDecisive();
    }

    function showTasks() {
      folded.open = true;
      folded.scrollIntoView({ block: "nearest" });
    }

    /** Brings the call that decided into the view of its list. */
    function showDecisive() {
      const [list, row] = [calls.querySelector(".llm-scroller"), calls.querySelector<HTMLElement>(".llm-decides")];
      if (list && row) list.scrollTop = row.offsetTop - list.clientHeight / 2;
    }
  },
);

function policyOf(model: Model): Policy {
  const rules = Object.fromEntries(RULES.map(([trait]) => [trait, model.get(trait)])) as Omit<Policy, "forbidden">;
  return { ...rules, forbidden: model.get("forbidden").split(",").map((word: string) => word.trim()).filter(Boolean) };
}

/** A policy of some rules of another. */
function partOf(policy: Policy, parts: (keyof Policy)[]): Policy {
  return { ...NO_POLICY, ...Object.fromEntries(parts.map((part) => [part, policy[part]])) };
}

function isSet({ parts }: Defense, policy: Policy) {
  return parts.some((part) => String(policy[part]) !== String(NO_POLICY[part]));
}

/** The columns that say something: no rule, those that are set, and all together where these are several. */
function columnsOf(policy: Policy) {
  const several = GATES.filter((gate) => isSet(gate, policy)).length > 1;
  return DEFENSES.filter((defense) => defense.name === NONE || (defense.name === ALL ? several : isSet(defense, policy)));
}

/** The column that is chosen. Where it is not there (any more), that of all rules, or of the only one that is set. */
function chosen(name: string, policy: Policy) {
  const columns = columnsOf(policy);
  return columns.find((defense) => defense.name === name) ?? columns[columns.length - 1];
}

function wayPicture(policy: Policy, world: World, attacks: Record<string, string>) {
  const ways = Object.values(attacks).map((attack) => waysOf(policy, world, attack));
  const gates = GATES.map((gate) => ({ part: gate.parts[0], name: gate.head, isSet: isSet(gate, policy), asks: String(policy[gate.parts[0]]) === "ask" }));
  return element("figure", { class: "llm-plot llm-gates" }, fitted((width) => gatesPicture(gates, ways, width)));
}

/** What the attacks say, by name. */
function attacksOf({ attacks }: World, own: string) {
  return own.trim() ? { ...attacks, [OWN]: own } : attacks;
}

function nameOf(attack: string, rules: string) {
  return `${attack}, against ${rules}`;
}

type Found = ReturnType<typeof score>;

function sentence({ completed, asked, breached }: Found) {
  const worked = Object.values(breached).filter(Boolean).length;
  const done = completed.filter(Boolean).length;
  return (
    `${worked} of ${Object.keys(breached).length} attacks ${worked === 1 ? "works" : "work"}. ` +
    `On a quiet day ${done} of ${completed.length} tasks ${done === 1 ? "is" : "are"} done, with ${asked} ${asked === 1 ? "question" : "questions"} to the user.`
  );
}

/** The numbers of the tasks that are not done lead to the list of them. */
function undone({ completed }: Found, show: () => void) {
  const numbers = lost(completed).map((task) => task + 1);
  return numbers.length ? [" Not done: ", element("button", { type: "button", class: "llm-leads-on", onclick: show }, numbers.join(", ")), "."] : [];
}

/** Of whom the filter hides honest mails: a task that reads mails is not done without them. */
function hiding(mails: Record<string, string>) {
  const senders = Object.keys(mails).map((address) => address.split("@")[0]);
  return senders.length ? ` The filter hides honest mails, from: ${senders.join(", ")}.` : "";
}

/** The places of the tasks that are not done. */
function lost(completed: boolean[]) {
  return [...completed.keys()].filter((task) => !completed[task]);
}

/** A column of the matrix as texts. */
function cellsOf({ breached, completed, asked }: Found) {
  return [...Object.values(breached).map((worked) => (worked ? "breach" : "held")), `${completed.filter(Boolean).length}/${completed.length}`, String(asked)];
}

/** Each attack against each rule alone, and against all of them. What the last change turned is framed. */
function matrix(
  policy: Policy,
  { attacks, tasks }: World,
  found: Found[],
  before: string[][] | undefined,
  pick: (attack: string, rules: string) => void,
) {
  const shown = columnsOf(policy).map((defense) => ({ defense, place: DEFENSES.indexOf(defense) }));
  const texts = found.map(cellsOf);
  const names = [...Object.keys(found[0].breached), "quiet day: tasks", "quiet day: asked"];
  let isAnyTurned = false;
  const rows = names.flatMap((name, row) => {
    const cells = shown.map(({ defense, place }) => {
      const [former, text] = [before?.[place], texts[place][row]];
      const isTurned = former !== undefined && former.length === texts[place].length && former[row] !== text;
      isAnyTurned ||= isTurned;
      const sign = { breach: "✗", held: "✓" }[text];
      const kind = { breach: "llm-breach", held: "llm-held" }[text] ?? "llm-count";
      const cell = element("td", { class: isTurned ? `${kind} llm-turned` : kind }, sign ? outcome(sign, text, name, defense, pick) : text);
      if (row === names.length - 2) cell.title = lost(found[place].completed).map((task) => `Lost: ${task + 1}. ${tasks[task].request}`).join("\n");
      return cell;
    });
    const line = element("tr", {}, element("th", { scope: "row" }, name), ...cells);
    const mail = attacks[name];
    if (row === names.length - 2) line.classList.add("llm-quiet-day");
    return mail ? [line, element("tr", { class: "llm-mail" }, element("td", { colspan: shown.length + 1 }, `“${mail}”`))] : [line];
  });
  const head = shown.map(({ defense }) => element("th", { scope: "col" }, element("span", {}, defense.head)));
  const caption = `✗ breach, ✓ held${isAnyTurned ? "; framed: changed" : ""}`;
  return captionedTable(caption, ["", ...head], rows, `llm-matrix${shown.length > 2 ? " llm-several" : ""}`);
}

function outcome(sign: string, word: string, attack: string, defense: Defense, pick: (attack: string, rules: string) => void) {
  const name = nameOf(attack, defense.head);
  const parts = [element("span", { "aria-hidden": "true" }, sign), element("span", { class: "llm-unseen" }, word)];
  return element("button", { type: "button", name, "aria-label": `${word}: ${name}`, onclick: () => pick(attack, defense.name) }, ...parts);
}

/** The honest mails. */
function mailTable({ mails }: World, policy: Policy) {
  const gone = hidden(mails, policy);
  return table("Mails of a quiet day", ["From", "The filter", "Mail"], Object.entries(mails).map(([sender, text]) => [sender, sender in gone ? "✗ hides it" : "lets it pass", text]));
}

function taskTable(world: World, { completed }: Found) {
  const rows = world.tasks.map(({ request }, i) => [String(i + 1), completed[i] ? "✓ done" : "✗ not done", request]);
  return table("Tasks of a quiet day", ["Task", "Outcome", "The user says"], rows);
}

/** Whole, where the matrix has no room for them. */
function attackTable({ attacks }: World) {
  return table("Attacks", ["Name", "Mail"], Object.entries(attacks));
}

type Sessions = ReturnType<typeof runDay>["sessions"];

/** The call that decided: the question that let a breach pass or the breach itself, or the first call that a rule held up. */
function decisive(ways: Way[], sessions: Sessions) {
  const events = sessions.flatMap((session) => session.events);
  const held = ways.find(({ event }) => event)?.event;
  // The day of the ways is another run of the same: its calls are equal, not the same objects.
  const { breach, question } = causeOf(sessions[breachOf(sessions)]?.events ?? []);
  return question ?? breach ?? events.find((event) => held && JSON.stringify(event) === JSON.stringify(held));
}

/** The task in which the first breach is; -1 if there is none. */
function breachOf(sessions: Sessions) {
  return sessions.findIndex(({ events }) => events.some(isBreach));
}

/** Why the attack works, or by which rule, and at which call, it was stopped. */
function outcomeInWords(ways: Way[], sessions: Sessions, policy: Policy, { read_with_care }: World, mail: string) {
  const task = breachOf(sessions);
  const { breach, question } = causeOf(sessions[task]?.events ?? []);
  if (!breach) return `${ways.map((way) => stopInWords(way, policy, mail)).join("; and ")}.`;
  const cause = question
    ? `${question === breach ? "it" : "to read them"} was question ${question.question} of the day, and from question ${read_with_care + 1} on the user says yes unread.`
    : "no rule stopped it.";
  return `breach in task ${task + 1} (${called(breach)}): ${cause}`;
}

/** @param way  One that was stopped. */
function stopInWords({ stop, event }: Way, policy: Policy, mail: string) {
  if (!event) return `stopped at the filter, the agent never reads it: it holds “${policy.forbidden.find((word) => mail.toLowerCase().includes(word.toLowerCase()))}”`;
  const reason = stop === "recipients"
    ? (policy.recipients === "named" ? "the request names somebody else" : "not in the address book")
    : event.question ? "the user was asked, and said no" : "refused once mails were read";
  return `stopped at ${called(event)}: ${reason}`;
}

function callTable(sessions: Sessions, world: World, decided: Event | undefined) {
  const cells = (event: Event) => [outcomeOf(event, world), event.origin === "mail" ? "a mail" : "the user", called(event)];
  const lines = sessions.flatMap(({ events }, i) => events.map((event) => {
    const look = [event.origin === "mail" && "llm-of-a-mail", event === decided && "llm-decides"].filter(Boolean).join(" ");
    return wordRow([String(i + 1), ...cells(event)], look);
  }));
  return captionedTable(decided ? "Colored: what a mail wanted; framed: what decided" : "Each call is the user’s", wordHead(["Task", "Outcome", "Who wanted it", "Call"]), lines);
}

function outcomeOf(event: Event, { read_with_care }: World) {
  const { done, question } = event;
  const said = done ? "yes" : "no";
  const text = question ? `question ${question}: ${said}${question > read_with_care ? ", unread" : ""}` : done ? "done" : "refused";
  return isBreach(event) ? `✗ ${text}` : text;
}

function called({ tool, to, private: carries }: Event) {
  return `${tool.replace("_", " ")}${to ? `: ${to}` : ""}${carries ? ", with the notes" : ""}`;
}

function table(caption: string, names: string[], rows: string[][]) {
  return captionedTable(caption, wordHead(names), rows.map((texts) => wordRow(texts)));
}

function wordHead(names: string[]) {
  return names.map((name) => element("th", { scope: "col", style: WORDS }, name));
}

function wordRow([first, ...rest]: string[], look?: string) {
  return element("tr", { class: look }, element("th", { scope: "row", style: WORDS }, first), ...rest.map((text) => element("td", { style: WORDS }, text)));
}
