/** Byte-pair encoding, one merge at a time: count neighbors, join the most frequent pair, count again. */

import { byteCharacters, symbolLabel } from "../models/bpe.ts";
import { countPairs, mergeEverywhere } from "./bpe_training.ts";
import { announcement, button, columns, element, setTrait } from "../ui/dom.ts";
import { widget } from "../ui/frame.ts";
import { format } from "../models/numbers.ts";
import { captionedTable, tableRow } from "../ui/table.ts";

const SHOWN_PAIRS = 9;
/** Merges that are seen at once, as `style.css` has it. */
const SHOWN_MERGES = 15;
/** Words with the space before them, as GPT-2 cuts them: a merge never crosses a cut. */
const PIECES = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+/gu;

export default widget(
  {
    title: "Byte-pair encoding, one merge at a time",
    tryThis: [
      "Merge until “low” is one token. Which pairs had to come first?",
      "Add a word once, such as “lowest”, and merge: the frequent words decide the merges, and it is put together from their pieces.",
      { say: "Here are a word with an accent, Japanese and an emoji: each of these characters begins as two, three or four bytes.", set: { text: "café 日本 🐶 café 日本 🐶" } },
      "Merge until no pair occurs twice. The last merges only learned this text by heart: which of them would help with another text?",
    ],
  },
  (model, body) => {
    const box = element("textarea", { rows: 4, "aria-label": "Text to learn from", oninput: typed });
    box.value = model.get("text");
    const said = announcement();
    const tokens = element("p", { class: "llm-text llm-tokens llm-growing", role: "group", tabindex: 0, "aria-label": "The text in tokens; framed: the next pair to join" });
    const key = element(
      "p",
      { class: "llm-legend" },
      element("span", {}, element("i", { class: "llm-next" }), "joined next"), element("span", {}, element("i", { class: "llm-made" }), "joined last"),
    );
    const tables = element("div", { class: "llm-row" });
    const one = button("Merge the next pair", () => step(1));
    const ten = button("Ten merges", () => step(10));
    let pieces: string[][] = [];
    let merges: [string, string][] = [];

    body.append(
      columns([element("div", { class: "llm-controls" }, box, one, ten, button("Start again", restart)), said], [tokens, key, tables]),
    );
    restart();

    function typed() {
      setTrait(model, "text", box.value);
      restart();
    }

    function restart() {
      for (const place of [tokens, tables]) place.style.minHeight = "";
      pieces = (box.value.match(PIECES) ?? []).map(byteCharacters);
      merges = [];
      show();
    }

    /** The most frequent pair, as long as it is found twice. */
    function nextPair() {
      const [first] = countPairs(pieces, merges);
      return first && first.count > 1 ? first.pair : undefined;
    }

    function step(count: number) {
      // Rows of tokens that disappear move nothing below.
      for (const place of [tokens, tables]) place.style.minHeight = `${place.offsetHeight}px`;
      for (let i = 0; i < count; i++) {
        const pair = nextPair();
        if (!pair) break;
        pieces = mergeEverywhere(pieces, pair);
        merges.push(pair);
      }
      show();
    }

    function show() {
      const pair = nextPair();
      const symbols = pieces.flat();
      const bytes = new TextEncoder().encode(box.value).length;
      one.disabled = ten.disabled = !pair;
      tokens.replaceChildren(...pieces.flatMap((piece) => marked(piece, pair, merges.at(-1)?.join(""))));
      const next = pair ? `Next: join ${pairLabel(pair)}.` : "No merge is left.";
      said.textContent =
        `${merges.length} merge${merges.length === 1 ? "" : "s"}, vocabulary of ${256 + merges.length}: ${bytes} bytes in ${symbols.length} tokens, ` +
        `${format(bytes / Math.max(1, symbols.length))} bytes a token. ${next}`;
      tables.replaceChildren(pairTable(pieces, merges), mergeList(merges));
    }
  },
);

/** The symbols of a piece. Those that the next merge joins are marked, and those that the last one made. */
function marked(piece: string[], next: [string, string] | undefined, made: string | undefined) {
  const left = new Set();
  for (let i = 0; next && i + 1 < piece.length; i++) {
    if (piece[i] === next[0] && piece[i + 1] === next[1]) left.add(i++); // a symbol joins once
  }
  return piece.map((symbol, i) => {
    const joins = left.has(i) ? "llm-left" : left.has(i - 1) ? "llm-right" : "";
    return element("span", { class: [joins, symbol === made ? "llm-made" : ""].join(" ") }, symbolLabel(symbol));
  });
}

function pairTable(pieces: string[][], merges: [string, string][]) {
  const pairs = countPairs(pieces, merges);
  const caption = pairs.length > SHOWN_PAIRS ? `Frequent pairs, ${SHOWN_PAIRS} of ${pairs.length}` : "All pairs";
  const rows = pairs
    .slice(0, SHOWN_PAIRS)
    .map(({ pair, count }) => tableRow(pairLabel(pair), [count]));
  return rows.length ? captionedTable(caption, ["Pair", "Times"], rows) : element("p", { class: "llm-note" }, "No two tokens of a word are left.");
}

function mergeList(merges: [string, string][]) {
  const caption = "Merges learned, the last one first";
  const more = merges.length > SHOWN_MERGES ? ` (${merges.length}: scroll for the first)` : "";
  const items = merges.map((pair, i) => element("li", { value: i + 1 }, `${pairLabel(pair)} → ${symbolLabel(pair.join(""))}`)).reverse();
  const list = items.length ? element("ol", { reversed: true }, ...items) : element("p", { class: "llm-note" }, "None yet: the bytes stand alone.");
  return element(
    "div",
    { class: "llm-grow-beside" },
    element("p", { class: "llm-caption" }, `${caption}${more}`),
    element("div", { class: "llm-merges", role: "group", tabindex: 0, "aria-label": caption }, list),
  );
}

function pairLabel([left, right]: [string, string]) {
  return `${symbolLabel(left)} + ${symbolLabel(right)}`;
}
