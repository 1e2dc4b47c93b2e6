/** Unit tests of the widgets' shared JavaScript, run by node's own test runner. */

import assert from "node:assert/strict";
import test from "node:test";

import { stateFromAddress, withState } from "../../llm_course/widgets/ui/address.ts";
import { attention } from "../../llm_course/widgets/attention_explorer/attention.ts";
import { countPairs } from "../../llm_course/widgets/bpe_stepper/bpe_training.ts";
import { boxOf, placed, spotsAlong, spotsAround } from "../../llm_course/widgets/ui/labels.ts";
import { format, randomNumbers, softmax } from "../../llm_course/widgets/models/numbers.ts";
import { partsInWords } from "../../llm_course/widgets/decoder_map/sight.ts";

test("softmax sums to one and does not overflow", () => {
  const probabilities = softmax([1000, 1000, -Infinity]);
  assert.deepEqual(probabilities, [0.5, 0.5, 0]);
});

test("softmax over nothing but masked scores is all zero", () => {
  assert.deepEqual(softmax([-Infinity, -Infinity]), [0, 0]);
});

test("with fewer queries than keys the queries are the last positions", () => {
  const { weights } = attention({ query: [[0]], key: [[1], [1]], value: [[1], [1]], causal: true, scaled: true });
  assert.deepEqual(weights, [[0.5, 0.5]]);
});

test("random numbers repeat with their seed and fill the unit interval", () => {
  const draw = randomNumbers(7);
  const drawn = Array.from({ length: 1000 }, draw);
  const again = randomNumbers(7);
  assert.deepEqual(drawn.slice(0, 5), Array.from({ length: 5 }, again));
  assert.ok(Math.min(...drawn) >= 0 && Math.max(...drawn) < 1);
  assert.ok(Math.abs(drawn.reduce((sum, x) => sum + x, 0) / 1000 - 0.5) < 0.05);
});

test("numbers are written with a true minus and without negative zero", () => {
  assert.deepEqual([format(-1.5), format(-0.001), format(-Infinity)], ["−1.50", "0.00", "−∞"]);
});

test("pairs are counted inside pieces, the most frequent first, of equals the one with the smaller ids", () => {
  const counts = countPairs([["b", "a"], ["a", "b", "a", "c"]], []);
  assert.deepEqual(counts.map(({ pair, count }) => [...pair, count]), [["b", "a", 2], ["a", "b", 1], ["a", "c", 1]]);
  const merged = countPairs([["ba", "x"], ["z", "x"]], [["b", "a"]]);
  assert.deepEqual(merged.map(({ pair }) => pair[0]), ["z", "ba"], "a merged symbol comes after the bytes");
});

/** A widget's state that its page has built, one that a reader has made of it, and what no address can set. */
const BUILT = { text: "a cat", layer: 1, factor: 0.5, causal: true, words: ["one"], hidden: [3], matrix: [[1, 2], [3, 4]], _esm: "code" };
const CHANGED = { ...BUILT, text: "a dog & a = cat", layer: 3, factor: 2, causal: false, words: ["one", "two & three"], hidden: [0, 2, 7], matrix: [[1, 2.5], [3, 4]] };
const WRONG = [
  "_esm=evil", "layer=1.5", "layer=", "causal=maybe", "__proto__=x", "toString=x", "words=x", "words=[1]",
  'hidden=["x"]', "hidden={}", "hidden=[[1]]", "hidden=7", "hidden=[1", "matrix=[[1,2]]", "matrix=[[1],[2]]",
];

test("what a reader changes comes back from the address, in its types and to its own widget", () => {
  const search = withState("?q=1", "map", BUILT, CHANGED);
  assert.match(search, /^\?q=1&map\.text=/);
  assert.deepEqual({ ...BUILT, ...stateFromAddress("map", BUILT, search) }, CHANGED);
  assert.deepEqual(stateFromAddress("map-2", BUILT, search), {});
  assert.equal(withState(search, "map", BUILT, structuredClone(BUILT)), "?q=1");
  assert.deepEqual(stateFromAddress("map", BUILT, "?map.hidden=[]&map=1"), { hidden: [] });
});

test("an address cannot set what is no state of the widget, or of another kind or shape", () => {
  for (const query of WRONG) assert.deepEqual(stateFromAddress("map", BUILT, `?map.${query}`), {}, query);
});

const FRAME = { left: 0, top: 0, right: 300, bottom: 200 };

test("names of one point take places that do not overlap, and stay in the frame", () => {
  const names = ["here", "there", "elsewhere", "nowhere"].map((text) => ({ text, spots: spotsAround([240, 30]) }));
  const boxes = placed(names, { frame: FRAME, taken: [], lines: [] }).map((spot, i) => spot && boxOf(names[i].text, spot));
  boxes.forEach((box, i) => {
    assert.ok(box && box.left >= 0 && box.top >= 0 && box.right <= 300 && box.bottom <= 200);
    for (const other of boxes.slice(0, i)) {
      assert.ok(other && (box.left >= other.right || other.left >= box.right || box.top >= other.bottom || other.top >= box.bottom));
    }
  });
});

test("no line crosses a name, and a name that has no place is left out", () => {
  const rising = [[0, 200], [300, 0]];
  const [spot] = placed([{ text: "point", spots: spotsAround([150, 100]) }], { frame: FRAME, taken: [], lines: [rising] });
  assert.ok(spot);
  const { left, top, right, bottom } = boxOf("point", spot);
  const above = [[left, top], [left, bottom], [right, top], [right, bottom]].map(([x, y]) => y < 200 - (200 / 300) * x);
  assert.equal(new Set(above).size, 1);
  const nowhere = { frame: { ...FRAME, bottom: 5 }, taken: [], lines: [] };
  assert.deepEqual(placed([{ text: "point", spots: spotsAround([150, 2]) }], nowhere), [undefined]);
});

test("a line's name stands away from other lines where it can", () => {
  const [own, other] = [[[0, 20], [300, 180]], [[0, 190], [300, 190]]];
  const [spot] = placed([{ text: "own", spots: spotsAlong(own), isOfLine: true }], { frame: FRAME, taken: [], lines: [own, other] });
  assert.ok(spot && spot.y < 190 - 20);
});

test("parts that are left out have their names, and both of a layer have the layer's", () => {
  assert.equal(partsInWords(["attention-2"]), "attention 2");
  assert.equal(partsInWords(["attention-1", "feed-forward-3"]), "attention 1 and feed-forward 3");
  assert.equal(partsInWords(["feed-forward-4", "attention-2", "feed-forward-2"]), "feed-forward 4 and layer 2");
  assert.equal(partsInWords(["head-3-2", "feed-forward-1", "head-3-1", "head-4-1"]), "heads 1 and 2 of layer 3, feed-forward 1, and head 1 of layer 4");
  assert.equal(partsInWords(["attention-1", "attention-2", "attention-3"]), "attention 1, attention 2, and attention 3");
});
