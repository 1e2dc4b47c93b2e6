/** Kinds of everyday words, each with a shape and a color of its own: who looks at a map of words sees what lies together. */

import { svg } from "../ui/dom.ts";

interface Kind {
  name: string;
  words: string;
  shape: string; // A path around 0, 0, some ten units wide.
}

/** The place in this list is the mark's color in `style.css`. */
const KINDS: Kind[] = [
  { name: "names", words: "Anna Tom Zoe", shape: "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z" },
  { name: "family", words: "mother father", shape: "M-5.5-4.5H5.5L0 5Z" },
  { name: "animals", words: "cat dog bird horse owl", shape: "M-5.5 4.5H5.5L0-5Z" },
  { name: "numbers", words: "one two three four", shape: "M-4.5-4.5H4.5V4.5H-4.5Z" },
  { name: "colors", words: "red blue green yellow", shape: "M0-6L6 0L0 6L-6 0Z" },
  { name: "places", words: "France Paris Italy Rome garden school river", shape: "M0-6L6 0L0 6L-6 0Z" },
  { name: "qualities", words: "happy sad afraid big small hot cold", shape: "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z" },
  { name: "actions", words: "ran went said asked found", shape: "M-4.5-4.5L4.5 4.5M-4.5 4.5L4.5-4.5" },
  { name: "things", words: "ball box lamp day night", shape: "M-4-4H4V4H-4Z" },
];
const SHAPE_OF_OTHERS = "M0-3.5A3.5 3.5 0 1 1 0 3.5A3.5 3.5 0 1 1 0-3.5Z";

/** The kind of a word, -1 for one that is of none. */
function kindOf(word: string) {
  return KINDS.findIndex(({ words }) => words.split(" ").includes(word));
}

/** A word's mark at a place. */
export function markOf(word: string, at: [x: number, y: number]) {
  return mark(kindOf(word), at);
}

/** The marks of the kinds that some words have, and the kinds' names. */
export function kindsOf(words: string[]) {
  const found = new Set(words.map(kindOf));
  return KINDS.flatMap(({ name }, kind) => (found.has(kind) ? [{ name, mark: mark(kind, [13, 7]) }] : []));
}

function mark(kind: number, [x, y]: [x: number, y: number]) {
  const shape = KINDS[kind]?.shape ?? SHAPE_OF_OTHERS;
  return svg("path", { class: `llm-kind llm-kind-${kind < 0 ? "none" : kind}`, d: shape, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` });
}
