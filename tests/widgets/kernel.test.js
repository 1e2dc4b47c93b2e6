/** The kernel in WebAssembly against its twin in JavaScript. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readCourseModel } from "../../llm_course/widgets/models/course_model.ts";
import { Decoder } from "../../llm_course/widgets/models/decoder.ts";
import { kernelOf } from "../../llm_course/widgets/models/kernel.ts";
import { randomNumbers } from "../../llm_course/widgets/models/numbers.ts";
import { roundLayers } from "../../llm_course/widgets/quantization_microscope/quantization.ts";

// Of logits between -20 and 20, in single precision: 40 units in the last place.
const TOLERANCE = 1e-4;
const file = readFileSync("llm_course/weights/stories/browser.bin");
const course = readCourseModel(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
const { config, tensors } = course;

/** An observer is what makes the decoder take its JavaScript. */
const look = () => {};

/** The decoders that run in the pages: the course model, rounded to 4 bits, and stretched beyond its context by YaRN. */
const DECODERS = {
  "the course model": new Decoder(config, tensors),
  "rounded to 4 bits": new Decoder(config, roundLayers(course, 32, { bits: 4, nf4: true })),
  "stretched to a longer context": new Decoder({
    ...config,
    context_length: 2 * config.context_length - 3,
    attention_factor: 1.07,
    rope_frequencies: Array.from({ length: config.head_size / 2 }, (_, i) => 10000 ** (-i / 16) / (1 + i / 15)),
  }, tensors),
};

function largestDifference(some, others) {
  assert.equal(some.length, others.length);
  return some.reduce((largest, x, i) => Math.max(largest, Math.abs(x - others[i])), 0);
}

/** The largest difference in the logits after each of some tokens, all read by the kernel and by its twin. */
function distance(decoder, count) {
  const draw = randomNumbers(count);
  const [fast, plain] = [decoder.newCache(), decoder.newCache()];
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const token = Math.floor(draw() * config.vocabulary_size);
    largest = Math.max(largest, largestDifference(decoder.step(fast, token), decoder.step(plain, token, look)));
  }
  return largest;
}

for (const [name, decoder] of Object.entries(DECODERS)) {
  test(`logits equal those of the JavaScript: ${name}`, () => {
    const difference = distance(decoder, decoder.config.context_length);
    assert.ok(decoder.kernel, "the kernel ran");
    assert.ok(difference < TOLERANCE, `they differ by ${difference}`);
  });
}

/** Scores of some hundreds, whose exponentials no float holds; rounding weighs more in them. */
const STEEP = new Map([...tensors].map(([name, tensor]) => [name, name.includes("q_proj") ? tensor.map((x) => 40 * x) : tensor]));
const STEEP_TOLERANCE = 0.01;

test("large scores do not overflow", () => {
  const difference = distance(new Decoder(config, STEEP), 40);
  assert.ok(difference < STEEP_TOLERANCE, `they differ by ${difference}`);
});

test("two texts in turn, one taken back and one looked into, disturb nothing, and logits that were returned stay", () => {
  const decoder = new Decoder(config, tensors);
  const expected = (ids) => new Decoder(config, tensors).read(decoder.newCache(), ids, look);
  const [cat, dog] = [decoder.newCache(), decoder.newCache()];
  const first = decoder.read(cat, [0, 10, 20, 30]);
  decoder.read(dog, [0, 40, 50]);
  assert.ok(largestDifference(decoder.read(cat, [60]), expected([0, 10, 20, 30, 60])) < TOLERANCE);
  cat.length = 2;
  decoder.read(cat, [70, 80], look);
  assert.ok(largestDifference(decoder.read(cat, [90]), expected([0, 10, 70, 80, 90])) < TOLERANCE);
  assert.ok(largestDifference(decoder.read(dog, [100]), expected([0, 40, 50, 100])) < TOLERANCE);
  assert.ok(largestDifference(first, expected([0, 10, 20, 30])) < TOLERANCE);
});

test("without WebAssembly, with one that lacks SIMD, or with odd sizes, there is no kernel, and the JavaScript writes", () => {
  const whole = globalThis.WebAssembly;
  for (const lacking of [undefined, { ...whole, validate: () => false }]) {
    globalThis.WebAssembly = lacking;
    const decoder = new Decoder(config, tensors);
    const [mine, expected] = [undefined, look].map((seen) => decoder.step(decoder.newCache(), 7, seen));
    globalThis.WebAssembly = whole;
    assert.equal(decoder.kernel, null);
    assert.deepEqual(mine, expected);
  }
  assert.equal(kernelOf(new Decoder({ ...config, head_size: 12 }, tensors)), null, "half a head is no multiple of 4");
});
