/** Python in a worker, which the page can end. */

const MOST_SECONDS = 10;
const STOPPED =
  `Your code ran longer than ${MOST_SECONDS} seconds and was stopped: look for a loop that does not end, ` +
  "a result that is far too large, or a line that prints again and again. Your answer is kept.";
const ENDED = "This check was ended for another one.";

/** Why there is no reply, in a sentence, and what the code has printed before. */
export class NoReply extends Error {
  /** @type {Printed | undefined} */
  printed;
}

/**
 * What comes of a check: what `check_in_page` of llm_course/in_page.py replies, and what the code has printed.
 * @typedef {object} Reply
 * @property {boolean} passed
 * @property {number} points
 * @property {number} maximum
 * @property {string} [html]  The lab's panel.
 * @property {string} [error]  In place of it, one sentence.
 * @property {Printed} [printed]
 * @typedef {{ text: string, length: number }} Printed  The beginning, and how many characters there were.
 * @typedef {{ specification: unknown, answer: string, before: string[] }} Check
 * @typedef {{ script: URL, pyodide: string, archive: string }} Addresses
 */

export class Python {
  #addresses;
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Promise<void>} */
  #started = Promise.resolve();
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** What the code of this check has printed up to now.
   * @type {Printed | undefined} */
  #printed;

  /** @param {Addresses} addresses */
  constructor(addresses) {
    this.#addresses = addresses;
  }

  /** Whether a check would begin at once. */
  runs = false;

  /**
   * Starts Python, unless it runs.
   * @returns {Promise<void>}
   * @throws {Error}  Which says in a sentence why it does not start.
   */
  start() {
    if (!this.#worker) {
      const { script, pyodide, archive } = this.#addresses;
      this.#worker = new Worker(script, { type: "module" });
      this.#started = this.#next().then(() => {
        this.runs = true;
      });
      this.#worker.postMessage({ pyodide, archive });
    }
    return this.#started;
  }

  /**
   * One check after the other.
   * @param {Check} check
   * @returns {Promise<Reply>}
   * @throws {NoReply}  Python has then been started anew.
   */
  check(check) {
    const done = this.#last.then(() => this.#check(check));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Ends the check that runs, if one does. */
  endCheck() {
    if (this.runs) this.#end(ENDED);
  }

  /** @param {Check} check */
  async #check(check) {
    await this.start();
    this.#printed = undefined;
    const reply = this.#next();
    this.#worker?.postMessage(check);
    const timer = setTimeout(() => this.#end(STOPPED), MOST_SECONDS * 1000);
    try {
      return await reply;
    } catch (error) {
      this.start().catch(() => {}); // the next check says so again
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @type {(error: NoReply) => void} */
  #refuse = () => {};

  /** What the worker says next. @returns {Promise<any>} */
  #next() {
    return new Promise((resolve, reject) => {
      this.#refuse = reject;
      const worker = /** @type {Worker} */ (this.#worker);
      worker.onmessage = ({ data }) => {
        if ("failed" in data) this.#end(data.failed);
        else if ("printing" in data) this.#printed = data.printing;
        else resolve(data);
      };
      worker.onerror = () => this.#end("Python could not be loaded: look at your connection, then press Check.");
    });
  }

  /** @param {string} why */
  #end(why) {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.runs = false;
    this.#refuse(Object.assign(new NoReply(why), { printed: this.#printed }));
  }
}
