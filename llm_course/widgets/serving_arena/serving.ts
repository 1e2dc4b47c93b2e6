/** A server for language models, simulated, from the traces of `llm_course/serving.py`. */

import { sum } from "../models/numbers.ts";

/** One line of a trace. */
export interface Request {
  arrival: number; // Milliseconds.
  prompt: number; // Tokens.
  answer: number;
  prefix: number; // Which prefix it shares.
  shared: number; // Tokens of it.
}

interface Machine {
  weight_bytes: number;
  cache_bytes: number; // Of one token.
  bytes_per_ms: number;
  operations_per_ms: number;
  operations_per_token: number;
}

export interface Server {
  continuous: boolean;
  slots: number;
  blocks: number;
  block_size: number;
  chunk: number; // 0 for no limit.
  sharing: boolean;
  drafted: number;
  acceptance: number;
  draft_share: number;
  machine: Machine;
}

interface Step {
  start: number;
  end: number;
  reading: number[];
  writing: number[];
  tokens: number;
  used: number;
  kept: number;
  filled: number;
}

interface Outcome {
  arrival: number;
  prompt: number;
  answer: number;
  started: number;
  first: number;
  finish: number;
  hits: number;
  preempted: number;
}

interface Running {
  index: number;
  toRead: number;
  read: number;
  written: number;
  blocks: number;
  borrowed: number;
  credit: number;
}

export type Run = { server: Server, steps: Step[], outcomes: Outcome[] };

/** What a server that reserves has to reserve for an answer. */
export const LONGEST_ANSWER = 512;

/** Milliseconds of a pass over new tokens, with older ones read from the cache. */
export function timeOfPass(machine: Machine, tokens: number, cached: number) {
  const reading = (machine.weight_bytes + cached * machine.cache_bytes) / machine.bytes_per_ms;
  return Math.max(reading, (tokens * machine.operations_per_token) / machine.operations_per_ms);
}

function blocksFor(server: Server, tokens: number) {
  return Math.ceil(tokens / server.block_size);
}

/** The blocks that the most demanding request of a trace needs when it runs alone. */
export function blocksNeeded(trace: Request[], server: Server) {
  return Math.max(...trace.map(({ prompt, answer }) => blocksFor(server, prompt + (server.continuous ? answer : Math.max(answer, LONGEST_ANSWER)))));
}

/** Replays a trace. Throws a RangeError where a request could not run even alone. */
export function simulate(trace: Request[], server: Server): Run {
  const needed = blocksNeeded(trace, server);
  if (needed > server.blocks) throw new RangeError(`A request needs ${needed} blocks: there are ${server.blocks}.`);
  return new Simulation(trace, server).run();
}

/** The state between two passes. */
class Simulation {
  private now = 0;
  private waiting: Running[];
  private running: Running[] = [];
  /** Of a static batch, whose slots stay taken. */
  private finished: Running[] = [];
  /** Blocks of each kept prefix, the least recently used first. */
  private readonly prefixes = new Map<number, number>();
  private readonly outcomes: Outcome[];
  private readonly steps: Step[] = [];

  constructor(private readonly trace: Request[], private readonly server: Server) {
    const order = trace.map((_, index) => index).sort((a, b) => trace[a].arrival - trace[b].arrival || a - b);
    this.waiting = order.map((index) => running(index, trace[index].prompt));
    this.outcomes = trace.map(({ arrival, prompt, answer }) => ({ arrival, prompt, answer, started: -1, first: -1, finish: -1, hits: 0, preempted: 0 }));
  }

  run() {
    while (this.waiting.length || this.running.length) {
      this.admit();
      if (this.running.length) this.onePass();
      else this.now = this.trace[this.waiting[0].index].arrival;
    }
    return { server: this.server, steps: this.steps, outcomes: this.outcomes };
  }

  /** Prefixes that running requests read. */
  borrowed() {
    return new Set(this.running.filter((one) => one.borrowed).map((one) => this.trace[one.index].prefix));
  }

  /** Blocks of running requests, a shared one counted once. */
  used() {
    let blocks = 0;
    for (const one of [...this.running, ...this.finished]) blocks += one.blocks;
    for (const prefix of this.borrowed()) blocks += this.prefixes.get(prefix) ?? 0;
    return blocks;
  }

  /** Blocks of prefixes that are kept though nobody uses them now. */
  idle() {
    const borrowed = this.borrowed();
    let blocks = 0;
    for (const [prefix, size] of this.prefixes) if (!borrowed.has(prefix)) blocks += size;
    return blocks;
  }

  /** Whether so many blocks are free, after dropping prefixes that nobody uses, the oldest first. */
  makeRoom(blocks: number, keep: number = -1) {
    const borrowed = this.borrowed().add(keep);
    while (this.used() + this.idle() + blocks > this.server.blocks) {
      const unused = [...this.prefixes.keys()].find((prefix) => !borrowed.has(prefix));
      if (unused === undefined) return false;
      this.prefixes.delete(unused);
    }
    return true;
  }

  /** Gives slots to those who wait, in the order of arrival, as long as there are slots and blocks. */
  admit() {
    const { server } = this;
    if (!server.continuous && this.running.length) return;
    while (this.waiting.length && this.running.length < server.slots) {
      const one = this.waiting[0];
      const request = this.trace[one.index];
      if (request.arrival > this.now) return;
      const shared = request.shared ? (this.prefixes.get(request.prefix) ?? 0) : 0;
      const reserved = server.continuous ? one.toRead : request.prompt + Math.max(request.answer, LONGEST_ANSWER);
      const blocks = blocksFor(server, reserved) - shared;
      if (!this.makeRoom(blocks, shared ? request.prefix : -1)) return;
      this.waiting.shift();
      if (shared) {
        this.prefixes.delete(request.prefix); // to be the last in order: used last
        this.prefixes.set(request.prefix, shared);
      }
      one.blocks = blocks;
      one.borrowed = shared;
      one.read = shared * server.block_size;
      const outcome = this.outcomes[one.index];
      if (outcome.started < 0) {
        outcome.started = this.now;
        outcome.hits = one.read;
      }
      this.running.push(one);
    }
  }

  /** Sends the request that came last back to wait. Its cache is lost, and what it wrote has to be read again. */
  preempt() {
    const later = (a: Running, b: Running) => this.trace[a.index].arrival - this.trace[b.index].arrival || a.index - b.index;
    const one = this.running.reduce((last, other) => (later(other, last) > 0 ? other : last));
    this.running.splice(this.running.indexOf(one), 1);
    this.outcomes[one.index].preempted++;
    const again = running(one.index, this.trace[one.index].prompt + one.written);
    this.waiting.unshift({ ...again, written: one.written, credit: one.credit });
  }

  /** Gives those who write the blocks for their next tokens; who came last has to make room. */
  grow() {
    for (const one of [...this.running]) {
      while (this.running.includes(one) && one.read >= one.toRead) {
        const request = this.trace[one.index];
        const most = request.prompt + Math.min(one.written + this.server.drafted + 1, request.answer);
        const missing = blocksFor(this.server, most) - one.blocks - one.borrowed;
        if (missing <= 0) break;
        if (this.makeRoom(missing)) {
          one.blocks += missing;
          break;
        }
        this.preempt();
      }
    }
  }

  /** Writes a token, or several drafted ones, for each that has read its prompt, and reads on for the others. */
  onePass() {
    if (this.server.continuous) this.grow();
    const writing = this.running.filter((one) => one.read >= one.toRead);
    const reading = this.chunks(writing);
    const start = this.now;
    const tokens = this.passOver(writing, reading);
    this.steps.push({
      start, end: this.now,
      reading: reading.map(([one]) => one.index),
      writing: writing.map((one) => one.index),
      tokens,
      used: this.used(), kept: this.idle(), filled: this.filled(),
    });
    for (const one of writing) this.write(one);
    for (const [one, chunk] of reading) this.read(one, chunk);
    if (!this.running.length) this.finished = [];
  }

  /** How much of which prompts is read in this pass, beside those who write. */
  chunks(writing: Running[]) {
    let budget = this.server.chunk ? this.server.chunk - (this.server.drafted + 1) * writing.length : Infinity;
    const found: [Running, number][] = [];
    for (const one of this.running) {
      if (one.read < one.toRead && budget >= 1) {
        const chunk = Math.min(budget, one.toRead - one.read);
        found.push([one, chunk]);
        budget -= chunk;
      }
    }
    return found;
  }

  /** Lets the time of one pass go by, and of its drafts. Returns the tokens of the pass. */
  passOver(writing: Running[], reading: [Running, number][]) {
    const { server } = this;
    // In a static batch, those who are done are computed on, for nothing.
    const rows = [...writing, ...this.finished];
    let tokens = (server.drafted + 1) * rows.length;
    let cached = 0;
    for (const one of rows) cached += this.length(one);
    for (const [one, chunk] of reading) {
      tokens += chunk;
      cached += one.read;
    }
    this.now += timeOfPass(server.machine, tokens, cached);
    if (rows.length) this.now += server.drafted * server.draft_share * timeOfPass(server.machine, rows.length, 0);
    return tokens;
  }

  /** Tokens of a request that are in the cache. */
  length(one: Running) {
    return one.read >= one.toRead ? this.trace[one.index].prompt + one.written : one.read;
  }

  /** Tokens in the used blocks, those of a shared block counted once. */
  filled() {
    let tokens = 0;
    for (const one of [...this.running, ...this.finished]) tokens += this.length(one) - one.borrowed * this.server.block_size;
    for (const prefix of this.borrowed()) tokens += (this.prefixes.get(prefix) ?? 0) * this.server.block_size;
    return tokens;
  }

  /** A piece of the prompt was read; with its last token comes the first of the answer. */
  read(one: Running, chunk: number) {
    one.read += chunk;
    if (one.read < one.toRead) return;
    this.keepPrefix(one);
    if (one.written === 0) this.outcomes[one.index].first = this.now;
    this.written(one, 1);
  }

  /** Whole blocks of a shared prefix become everybody's, if they are nobody's yet. */
  keepPrefix(one: Running) {
    const { prefix, shared } = this.trace[one.index];
    const whole = Math.floor(shared / this.server.block_size);
    if (this.server.sharing && this.server.continuous && whole && !this.prefixes.has(prefix)) {
      this.prefixes.set(prefix, whole);
      one.blocks -= whole;
      one.borrowed = whole;
    }
  }

  /** One pass for an answer: a token, and with drafts as many as are accepted on average, the rest saved up. */
  write(one: Running) {
    let chance = 1;
    for (let i = 0; i <= this.server.drafted; i++) {
      one.credit += chance;
      chance *= this.server.acceptance;
    }
    const whole = Math.floor(one.credit + 1e-9);
    one.credit -= whole;
    this.written(one, whole);
  }

  /** So many tokens of the answer are there; a request that is done leaves. */
  written(one: Running, tokens: number) {
    const { answer } = this.trace[one.index];
    one.written = Math.min(one.written + tokens, answer);
    if (one.written < answer) return;
    this.outcomes[one.index].finish = this.now;
    this.running.splice(this.running.indexOf(one), 1);
    if (!this.server.continuous) this.finished.push(one);
  }
}

/** A request before it runs. */
function running(index: number, toRead: number): Running {
  return { index, toRead, read: 0, written: 0, blocks: 0, borrowed: 0, credit: 0 };
}

/** The smallest value that at least this share of all does not exceed. */
function percentile(values: number[], share: number) {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)];
}

export function timeToFirst(outcome: Outcome) {
  return outcome.first - outcome.arrival;
}

export function timePerToken(outcome: Outcome) {
  return outcome.answer > 1 ? (outcome.finish - outcome.first) / (outcome.answer - 1) : 0;
}

/**
 * A run in numbers: milliseconds, tokens per second, requests per second, shares. `pause` is the longest time between two
 * passes for somebody who waits for the next token. `goodput` counts only requests that met both deadlines. `waste` is the
 * share of the used places of the cache that held no token, over time, `hits` the share of prompt tokens that did not have
 * to be read.
 */
export function figures({ server, steps, outcomes }: Run, ttftDeadline: number, tpotDeadline: number) {
  const first = outcomes.map(timeToFirst);
  const each = outcomes.map(timePerToken);
  const seconds = (Math.max(...outcomes.map(({ finish }) => finish)) - Math.min(...outcomes.map(({ arrival }) => arrival))) / 1000;
  const good = outcomes.filter((one) => timeToFirst(one) <= ttftDeadline && timePerToken(one) <= tpotDeadline).length;
  const reserved = sum(steps.map(({ start, end, used }) => (end - start) * used * server.block_size));
  const filled = sum(steps.map((step) => (step.end - step.start) * step.filled));
  return {
    ttft: percentile(first, 0.5),
    ttft_95: percentile(first, 0.95),
    tpot: percentile(each, 0.5),
    tpot_95: percentile(each, 0.95),
    pause: Math.max(0, ...steps.filter(({ writing }) => writing.length).map(({ start, end }) => end - start)),
    throughput: sum(outcomes.map(({ answer }) => answer)) / seconds,
    goodput: good / seconds,
    in_time: good / outcomes.length,
    waste: 1 - filled / reserved,
    hits: sum(outcomes.map(({ hits }) => hits)) / sum(outcomes.map(({ prompt }) => prompt)),
    preemptions: sum(outcomes.map(({ preempted }) => preempted)),
    passes: steps.length,
    seconds,
  };
}
