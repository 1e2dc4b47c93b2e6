/** A mail agent that obeys whatever it reads, and the policy around it: mail_agent.py says what each part means. */

/**
 * @typedef {[tool: string, target: string]} Call
 *
 * @typedef {object} Task
 * @property {string} request
 * @property {Call[]} calls
 * @property {string[]} to
 *
 * @typedef {object} World  What is the same on every day.
 * @property {string[]} addressBook
 * @property {Record<string, string>} mails
 * @property {Task[]} tasks
 * @property {Record<string, string>} attacks
 * @property {Record<"leak" | "secret" | "erase" | "mail", string[]>} words  What the agent understands.
 * @property {number} readWithCare
 *
 * @typedef {object} Policy
 * @property {string[]} forbidden
 * @property {string} recipients
 * @property {string} notesAfterMails
 * @property {string} deleteAfterMails
 * @property {string} sendAfterBoth
 *
 * @typedef {{ origin: string, tool: string, to: string, done: boolean, private: boolean, question: number }} Event
 *   `question` says which of the day it was; 0 if the user was not asked.
 * @typedef {{ readMails: boolean, readNotes: boolean, events: Event[] }} Session
 */

const ADDRESS = /[a-z0-9._-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+/g;

/**
 * @param {string} text
 * @param {World["words"]} known
 * @returns {Call[]}
 */
export function commands(text, known) {
  return text.toLowerCase().split(/[!?\n]|\.(?=\s|$)/).flatMap((sentence) => {
    const addresses = sentence.match(ADDRESS) ?? [];
    // s-e-n-d and s.e.n.d are send.
    const plain = sentence.replace(/\b[a-z](?:[-.][a-z])+\b/g, (spelled) => spelled.replace(/[-.]/g, ""));
    const words = plain.replace(ADDRESS, " ").match(/[a-z]+/g) ?? [];
    const has = (/** @type {string[]} */ list) => words.some((word) => list.includes(word));
    /** @type {Call[]} */
    const found = [];
    if (addresses.length && has(known.leak) && has(known.secret)) {
      found.push(["read_notes", ""], ...addresses.map((address) => /** @type {Call} */ (["send", address])));
    }
    if (has(known.erase) && has(known.mail)) found.push(["delete", "all"]);
    return found;
  });
}

/**
 * @param {Record<string, string>} mails
 * @param {Policy} policy
 */
function shown(mails, policy) {
  const gone = hidden(mails, policy);
  return Object.entries(mails).filter(([sender]) => !(sender in gone)).map(([, text]) => text);
}

/**
 * The mails that the filter takes from the agent, by sender.
 * @param {Record<string, string>} mails
 * @param {Policy} policy
 * @returns {Record<string, string>}
 */
export function hidden(mails, { forbidden }) {
  const words = forbidden.filter(Boolean).map((word) => word.toLowerCase());
  return Object.fromEntries(Object.entries(mails).filter(([, text]) => words.some((word) => text.toLowerCase().includes(word))));
}

/**
 * @param {Call} call
 * @param {Session} session
 * @param {Task} task
 * @param {Policy} policy
 * @param {World} world
 */
export function ruling([tool, target], session, task, policy, { addressBook }) {
  if (tool === "read_notes" && session.readMails) return policy.notesAfterMails;
  if (tool === "delete" && session.readMails) return policy.deleteAfterMails;
  if (tool === "send") {
    if (!mayReceive(target, task, policy, addressBook)) return "refuse";
    if (session.readMails && session.readNotes) return policy.sendAfterBoth;
  }
  return "allow";
}

/**
 * @param {string} address
 * @param {Task} task
 * @param {Policy} policy
 * @param {string[]} addressBook
 */
function mayReceive(address, task, { recipients }, addressBook) {
  return recipients === "anyone" || (recipients === "named" ? task.to : addressBook).includes(address);
}

/**
 * @param {Task} task
 * @param {Record<string, string>} mails
 * @param {Policy} policy
 * @param {World} world
 * @param {number} asked  Questions of this day so far.
 * @returns {{ session: Session, asked: number }}
 */
function runTask(task, mails, policy, world, asked) {
  /** @type {Session} */
  const session = { readMails: false, readNotes: false, events: [] };
  const call = (/** @type {string} */ origin, /** @type {Call} */ [tool, target]) => {
    let said = ruling([tool, target], session, task, policy, world);
    let question = 0;
    if (said === "ask") {
      question = ++asked;
      // The user knows what was asked for, as long as the question is read.
      said = origin === "user" || asked > world.readWithCare ? "allow" : "refuse";
    }
    const done = said === "allow";
    if (done && tool === "read_mails") session.readMails = true;
    if (done && tool === "read_notes") session.readNotes = true;
    session.events.push({ origin, tool, to: target, done, private: tool === "send" && session.readNotes, question });
  };
  const visible = shown(mails, policy);
  for (const step of task.calls) {
    call("user", step);
    if (step[0] !== "read_mails") continue;
    for (const text of visible) for (const injected of commands(text, world.words)) call("mail", injected);
  }
  return { session, asked };
}

/** Whether a command out of a mail sent private notes, or deleted something. @param {Event} event */
export function isBreach({ done, origin, tool, private: carries }) {
  return done && origin === "mail" && (carries || tool === "delete");
}

/**
 * The breach of a session, and what let it pass: the last question on its way that was waved through, if there was one.
 * To send the notes, the same mail had them read first.
 * @param {Event[]} events
 * @returns {{ breach?: Event, question?: Event }}
 */
export function causeOf(events) {
  const breach = events.find(isBreach);
  if (!breach || breach.question) return { breach, question: breach };
  const read = events.find(({ origin, tool, done }) => origin === "mail" && tool === "read_notes" && done);
  return { breach, question: breach.tool === "send" && read?.question ? read : undefined };
}

/**
 * @param {Policy} policy
 * @param {World} world
 * @param {string} [attack]
 */
export function runDay(policy, world, attack = "") {
  const mails = attack ? { ...world.mails, "stranger@mail.example": attack } : world.mails;
  const allShown = shown(world.mails, policy).length === Object.keys(world.mails).length;
  let asked = 0;
  const sessions = world.tasks.map((task) => {
    const run = runTask(task, mails, policy, world, asked);
    asked = run.asked;
    return run.session;
  });
  return {
    completed: sessions.map(({ events }, i) => {
      const whole = allShown || !world.tasks[i].calls.some(([tool]) => tool === "read_mails");
      return whole && events.every(({ origin, done }) => origin === "mail" || done);
    }),
    asked,
    breached: sessions.some(({ events }) => events.some(isBreach)),
    sessions,
  };
}

/**
 * The ways that an attack takes, to the notes' sending and to a deletion, and the rule that ends each; "" for one that
 * reaches its end. `event` is the first call that the rule held up; a filter holds up the mail itself.
 *
 * @typedef {{ tool: string, stop: keyof Policy | "", event?: Event }} Way
 *
 * @param {Policy} policy
 * @param {World} world
 * @param {string} attack
 * @returns {Way[]}
 */
export function waysOf(policy, world, attack) {
  const wanted = commands(attack, world.words).map(([tool]) => tool);
  const isHidden = "attack" in hidden({ attack }, policy);
  const calls = runDay(policy, world, attack).sessions.flatMap(({ events }, i) =>
    events.filter(({ origin }) => origin === "mail").map((event) => ({ event, task: world.tasks[i] })),
  );
  return ["send", "delete"].filter((tool) => wanted.includes(tool)).map((tool) => {
    if (isHidden) return { tool, stop: "forbidden" };
    const onTheWay = calls.filter(({ event }) => event.tool === tool || (tool === "send" && event.tool === "read_notes"));
    const held = onTheWay.find(({ event }) => !event.done);
    if (!held || onTheWay.some(({ event }) => isBreach(event))) return { tool, stop: "" };
    return { tool, stop: ruleOn(held.event, held.task, policy, world), event: held.event };
  });
}

/**
 * The rule that held up a call.
 * @param {Event} event
 * @param {Task} task
 * @param {Policy} policy
 * @param {World} world
 * @returns {keyof Policy}
 */
function ruleOn({ tool, to }, task, policy, { addressBook }) {
  if (tool === "read_notes") return "notesAfterMails";
  if (tool === "delete") return "deleteAfterMails";
  return mayReceive(to, task, policy, addressBook) ? "sendAfterBoth" : "recipients";
}

/**
 * @param {Policy} policy
 * @param {World} world
 * @param {string} own  The reader's own attack.
 */
export function score(policy, world, own) {
  const { completed, asked } = runDay(policy, world);
  const attacks = own.trim() ? { ...world.attacks, yours: own } : world.attacks;
  const outcomes = Object.entries(attacks).map(([name, text]) => [name, runDay(policy, world, text).breached]);
  return { completed, asked, breached: /** @type {Record<string, boolean>} */ (Object.fromEntries(outcomes)) };
}
