/** What stood before a change, so that a reader can compare it with what stands now. */

/** Changes that follow each other faster are one: a slider that is dragged, a button that is pressed again and again. */
const MILLISECONDS_OF_A_GESTURE = 700;
/** Where one types, who looks for a key is not done yet. */
const MILLISECONDS_OF_TYPING = 2000;
const TYPED_INTO = "textarea, input[type='text'], input[type='number']";

/** How often something was pressed, and whether it still is. */
let presses = 0;
let isHeld = false;
/** The field whose letters change; none where a finished number is taken. */
let typedInto: EventTarget | null = null;

const SIGNS: [sign: string, heard: (event: Event) => void][] = [
  ["pointerdown", () => { presses++; isHeld = true; }],
  ["pointerup", () => { isHeld = false; }],
  ["pointercancel", () => { isHeld = false; }],
  ["input", ({ target }) => { typedInto = target instanceof Element && target.matches(TYPED_INTO) ? target : null; }],
  ["change", () => { typedInto = null; }],
];
// In a test without a page there is nothing to hear.
for (const [sign, heard] of SIGNS) globalThis.addEventListener?.(sign, heard, { capture: true, passive: true });

/**
 * Remembers what a widget showed. Call what it returns with each state that is shown: it answers with the state that
 * stood before the reader's last gesture, undefined where there was none. However slowly something is dragged, it is one
 * gesture until it is let go.
 */
export function memory<State>(): (now: State) => State | undefined {
  let shown: State | undefined;
  let before: State | undefined;
  let last: { time: number, press: number, field: EventTarget | null } = { time: -Infinity, press: -1, field: null };
  return (now) => {
    const change = { time: performance.now(), press: presses, field: typedInto };
    const isTyped = change.field !== null && change.field === last.field;
    const isDragged = isHeld && change.press === last.press;
    if (!isDragged && change.time - last.time > (isTyped ? MILLISECONDS_OF_TYPING : MILLISECONDS_OF_A_GESTURE)) before = shown;
    [shown, last] = [now, change];
    return before;
  };
}

/** "2.02 → 1.98"; where nothing was before, or the same, the number alone. */
export function fromTo(before: string | undefined, now: string) {
  return before === undefined || before === now ? now : `${before} → ${now}`;
}
