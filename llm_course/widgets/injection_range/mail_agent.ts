/** A mail agent that obeys whatever it reads, and the policy around it: mail_agent.py says what each part means. */

type Call = [tool: string, target: string];

interface Task {
  request: string;
  calls: Call[];
  to: string[];
}

/** What is the same on every day. */
export interface World {
  address_book: string[];
  mails: Record<string, string>;
  tasks: Task[];
  attacks: Record<string, string>;
  words: Record<"leak" | "secret" | "erase" | "mail", string[]>; // What the agent understands.
  read_with_care: number;
}

export interface Policy {
  forbidden: string[];
  recipients: string;
  notes_after_mails: string;
  delete_after_mails: string;
  send_after_both: string;
}

/** `question` says which of the day it was; 0 if the user was not asked. */
export type Event = { origin: string, tool: string, to: string, done: boolean, private: boolean, question: number };

type Session = { readMails: boolean, readNotes: boolean, events: Event[] };

const ADDRESS = /[a-z0-9._-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]+/g;

export function commands(text: string, known: World["words"]): Call[] {
  return text.toLowerCase().split(/[!?\n]|\.(?=\s|$)/).flatMap((sentence) => {
    const addresses = sentence.match(ADDRESS) ?? [];
    // s-e-n-d and s.e.n.d are send.
    const plain = sentence.replace(/\b[a-z](?:[-.][a-z])+\b/g, (spelled) => spelled.replace(/[-.]/g, ""));
    const words = plain.replace(ADDRESS, " ").match(/[a-z]+/g) ?? [];
    const has = (list: string[]) => words.some((word) => list.includes(word));
    const found: Call[] = [];
    if (addresses.length && has(known.leak) && has(known.secret)) {
      found.push(["read_notes", ""], ...addresses.map((address) => ["send", address] as Call));
    }
    if (has(known.erase) && has(known.mail)) found.push(["delete", "all"]);
    return found;
  });
}

function shown(mails: Record<string, string>, policy: Policy) {
  const gone = hidden(mails, policy);
  return Object.entries(mails).filter(([sender]) => !(sender in gone)).map(([, text]) => text);
}

/** The mails that the filter takes from the agent, by sender. */
export function hidden(mails: Record<string, string>, { forbidden }: Policy): Record<string, string> {
  const words = forbidden.filter(Boolean).map((word) => word.toLowerCase());
  return Object.fromEntries(Object.entries(mails).filter(([, text]) => words.some((word) => text.toLowerCase().includes(word))));
}

export function ruling([tool, target]: Call, session: Session, task: Task, policy: Policy, { address_book }: World) {
  if (tool === "read_notes" && session.readMails) return policy.notes_after_mails;
  if (tool === "delete" && session.readMails) return policy.delete_after_mails;
  if (tool === "send") {
    if (!mayReceive(target, task, policy, address_book)) return "refuse";
    if (session.readMails && session.readNotes) return policy.send_after_both;
  }
  return "allow";
}

function mayReceive(address: string, task: Task, { recipients }: Policy, address_book: string[]) {
  return recipients === "anyone" || (recipients === "named" ? task.to : address_book).includes(address);
}

/** @param asked  Questions of this day so far. */
function runTask(
  task: Task,
  mails: Record<string, string>,
  policy: Policy,
  world: World,
  asked: number,
): { session: Session, asked: number } {
  const session: Session = { readMails: false, readNotes: false, events: [] };
  const call = (origin: string, [tool, target]: Call) => {
    let said = ruling([tool, target], session, task, policy, world);
    let question = 0;
    if (said === "ask") {
      question = ++asked;
      // The user knows what was asked for, as long as the question is read.
      said = origin === "user" || asked > world.read_with_care ? "allow" : "refuse";
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

/** Whether a command out of a mail sent private notes, or deleted something. */
export function isBreach({ done, origin, tool, private: carries }: Event) {
  return done && origin === "mail" && (carries || tool === "delete");
}

/**
 * The breach of a session, and what let it pass: the last question on its way that was waved through, if there was one.
 * To send the notes, the same mail had them read first.
 */
export function causeOf(events: Event[]): { breach?: Event, question?: Event } {
  const breach = events.find(isBreach);
  if (!breach || breach.question) return { breach, question: breach };
  const read = events.find(({ origin, tool, done }) => origin === "mail" && tool === "read_notes" && done);
  return { breach, question: breach.tool === "send" && read?.question ? read : undefined };
}

export function runDay(policy: Policy, world: World, attack: string = "") {
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

export type Way = { tool: string, stop: keyof Policy | "", event?: Event };

/**
 * The ways that an attack takes, to the notes' sending and to a deletion, and the rule that ends each; "" for one that
 * reaches its end. `event` is the first call that the rule held up; a filter holds up the mail itself.
 */
export function waysOf(policy: Policy, world: World, attack: string): Way[] {
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

/** The rule that held up a call. */
function ruleOn({ tool, to }: Event, task: Task, policy: Policy, { address_book }: World): keyof Policy {
  if (tool === "read_notes") return "notes_after_mails";
  if (tool === "delete") return "delete_after_mails";
  return mayReceive(to, task, policy, address_book) ? "send_after_both" : "recipients";
}

/** @param own  The reader's own attack. */
export function score(policy: Policy, world: World, own: string) {
  const { completed, asked } = runDay(policy, world);
  const attacks = own.trim() ? { ...world.attacks, yours: own } : world.attacks;
  const outcomes = Object.entries(attacks).map(([name, text]) => [name, runDay(policy, world, text).breached]);
  return { completed, asked, breached: Object.fromEntries(outcomes) as Record<string, boolean> };
}
