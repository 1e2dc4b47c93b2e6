/** The loop of an agent: replies are read, calls are made, errors are told; and a history in a budget. */

/**
 * Uncalled: in a tool's place the harness
 *   answers, for no tool was called.
 */
export type Message = { role: string, content: string, uncalled?: boolean };

type Tools = Record<string, (given: Record<string, any>) => unknown>;

/** Why the harness calls no tool. */
class Refusal extends Error {}

/**
 * The tools of a shop. Arguments come by name; a name that is missing or too many is an error, as in Python.
 * @param busy  Things whose first question fails.
 */
export function shopTools(prices: Record<string, number>, busy: string[]): Tools {
  const waiting = new Set(busy);
  return {
    price: withArguments(["of"], ({ of }) => {
      if (waiting.delete(of)) throw new Error("busy, ask again");
      if (!Object.hasOwn(prices, of)) throw new Error(`no price for ${of}`);
      return prices[of];
    }),
    add: withArguments(["a", "b"], ({ a, b }) => {
      if (isNumber(a) && isNumber(b)) return Number(a) + Number(b);
      if (typeof a === "string" && typeof b === "string") return a + b;
      throw new Error("a and b must be two numbers or two texts");
    }),
  };
}

/** What counts as a number in Python, where true is 1. */
function isNumber(value: unknown) {
  return typeof value === "number" || typeof value === "boolean";
}

function withArguments(names: string[], tool: (given: Record<string, any>) => unknown) {
  return (given: Record<string, any>) => {
    const keys = Object.keys(given);
    if (keys.length !== names.length || names.some((name) => !keys.includes(name))) throw new Refusal(`the arguments must be “${names.join("” and “")}”`);
    return tool(given);
  };
}

/**
 * One reply: what is added to the messages, and whether the loop goes on.
 * @param report  Whether an error is told to the model; otherwise it ends the loop.
 */
export function takeReply(reply: string, tools: Tools, report: boolean): { messages: Message[], ended: "" | "answer" | "error" } {
  const said = { role: "assistant", content: reply };
  if (!reply.trimStart().startsWith("{")) return { messages: [said], ended: "answer" };
  try {
    const call = JSON.parse(reply);
    if (!("tool" in call)) return { messages: [said], ended: "answer" };
    return { messages: [said, { role: "tool", content: String(carryOut(call, tools)) }], ended: "" };
  } catch (error) {
    const content = `error: ${(error as Error).message}`;
    const uncalled = error instanceof Refusal || error instanceof SyntaxError; // no tool there is, or no JSON
    return { messages: [said, { role: "tool", content, uncalled }], ended: report ? "" : "error" };
  }
}

function carryOut({ tool, arguments: given = {} }: { tool: any, arguments?: any }, tools: Tools) {
  if (typeof tool !== "string" || !Object.hasOwn(tools, tool)) throw new Refusal(`no tool called ${JSON.stringify(tool)}`);
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw new Refusal("arguments must be an object");
  return tools[tool](given);
}

type Ending = "answer" | "error" | "limit" | "no reply left" | "budget";

/**
 * What a model's replies lead to, as `run_tools` of chapter 18.
 * @param say  What the model says in place of a reply, after
 *   these messages; null where it can be told nothing.
 */
export function runTools(
  replies: string[],
  tools: Tools,
  maxSteps: number,
  report: boolean = true,
  say: (reply: string, messages: Message[]) => string | null = (reply) => reply,
): { messages: Message[], ended: Ending } {
  const messages: Message[] = [];
  for (const reply of replies.slice(0, maxSteps)) {
    const said = say(reply, messages);
    if (said === null) return { messages, ended: "budget" };
    const { messages: added, ended } = takeReply(said, tools, report);
    messages.push(...added);
    if (ended) return { messages, ended };
  }
  return { messages, ended: replies.length >= maxSteps ? "limit" : "no reply left" };
}

/**
 * What a model says that reads what of its history fits into a budget: the reply of its script, as long as all stands
 * there that this reply takes; else the last number that a tool told it, as if that were the answer.
 * @returns  Null where nothing fits.
 */
export function replyWithin(reply: string, history: Message[], budget: number): string | null {
  const stays = fitMessages(history, budget, roughTokens);
  if (!stays || stays.every(Boolean)) return stays && reply;
  const read = history.filter((_, place) => stays[place]);
  const known = wordsOf(read.map(({ content }) => content).join(" "));
  if (taken(reply).every((word) => known.includes(word))) return reply;
  const results = read.filter(({ role, content }) => role === "tool" && Number.isFinite(Number(content)));
  return results.length ? `${results[results.length - 1].content} cents.` : "What shall I do?";
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** The words that a reply takes from what was said: the arguments of a call, the numbers of an answer. */
function taken(reply: string) {
  try {
    return wordsOf(Object.values(JSON.parse(reply).arguments).join(" "));
  } catch {
    return reply.match(/\d+/g) ?? [];
  }
}

/**
 * Which messages stay in a budget, as `fit_messages` of chapter 18: true for those that do. Null where the system
 * messages and the newest group do not fit.
 */
export function fitMessages(messages: Message[], budget: number, count: (message: Message) => number): boolean[] | null {
  const groups: number[][] = [];
  let answering = false;
  messages.forEach(({ role }, place) => {
    if (role === "tool" && answering) groups[groups.length - 1].push(place);
    else if (role !== "system") groups.push([place]);
    answering = role === "assistant" || (role === "tool" && answering);
  });
  const stays = messages.map(({ role }) => role === "system");
  let left = budget - messages.reduce((sum, message, place) => sum + (stays[place] ? count(message) : 0), 0);
  const newest = groups.length - 1;
  if (newest < 0 && left < 0) return null;
  for (let number = newest; number >= 0; number--) {
    left -= groups[number].reduce((sum, place) => sum + count(messages[place]), 0);
    if (left < 0) return number === newest ? null : stays;
    for (const place of groups[number]) stays[place] = true;
  }
  return stays;
}

/** About how many tokens a text takes: a quarter of its characters, and one for its role. */
export function roughTokens({ content }: Message) {
  return 1 + Math.ceil(content.length / 4);
}
