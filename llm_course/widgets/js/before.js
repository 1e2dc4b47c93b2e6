/** What stood before a change, so that a reader can compare it with what stands now. */

/** Changes that follow each other faster are one: a slider that is dragged, a number that is typed. */
const MILLISECONDS_OF_A_GESTURE = 700;

/**
 * Remembers what a widget showed. Call what it returns with each state that is shown: it answers with the state that
 * stood before the reader's last gesture, undefined where there was none.
 * @template State
 * @returns {(now: State) => State | undefined}
 */
export function memory() {
  /** @type {State | undefined} */
  let shown;
  /** @type {State | undefined} */
  let before;
  let last = -Infinity;
  return (now) => {
    const time = performance.now();
    if (time - last > MILLISECONDS_OF_A_GESTURE) before = shown;
    [shown, last] = [now, time];
    return before;
  };
}

/**
 * "2.02 → 1.98"; where nothing was before, or the same, the number alone.
 * @param {string | undefined} before
 * @param {string} now
 */
export function fromTo(before, now) {
  return before === undefined || before === now ? now : `${before} → ${now}`;
}
