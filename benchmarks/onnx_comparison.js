/** The same story by three runtimes on the same weights, turn about: the course's kernel, its JavaScript, onnxruntime-web. */

import * as ort from "./ort/ort.wasm.min.mjs";
import { readCourseModel } from "./course_model.js";

const course = readCourseModel(await (await fetch("browser.bin")).arrayBuffer());
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create("stories.onnx");

/** The place of the largest number. */
function largest(values) {
  return values.reduce((best, value, place) => (value > values[best] ? place : best), 0);
}

/** An observer is what makes the decoder take its JavaScript. */
const writeByJavaScript = (count) => writeByCourse(count, () => {});

function writeByCourse(count, observe) {
  const cache = course.decoder.newCache();
  const written = [course.config.end_of_text];
  while (written.length <= count) written.push(largest(course.decoder.step(cache, written.at(-1), observe)));
  return written;
}

async function writeByOnnx(count) {
  const { layers, kv_heads, head_size, end_of_text } = course.config;
  const written = [end_of_text];
  let past = new ort.Tensor("float32", [], [layers, 2, 1, kv_heads, 0, head_size]);
  while (written.length <= count) {
    const ids = new ort.Tensor("int64", [BigInt(written.at(-1))], [1, 1]);
    const position = new ort.Tensor("int64", [BigInt(written.length - 1)], [1, 1]);
    const { logits, present } = await session.run({ ids, position, past });
    written.push(largest(logits.data));
    past = present;
  }
  return written;
}

async function rate(write, count) {
  const start = performance.now();
  const written = await write(count);
  return { written, rate: (1000 * count) / (performance.now() - start) };
}

const RUNTIMES = {
  "the course's kernel": (count) => writeByCourse(count),
  "the course's JavaScript": writeByJavaScript,
  "onnxruntime-web (one thread)": writeByOnnx,
};

/** @returns the rates in tokens a second of each run, and whether all wrote the same. */
window.compare = async (runs, count) => {
  const rates = Object.fromEntries(Object.keys(RUNTIMES).map((runtime) => [runtime, []]));
  const written = new Set();
  for (let run = 0; run < runs; run++) {
    for (const [runtime, write] of Object.entries(RUNTIMES)) {
      const result = await rate(write, count);
      rates[runtime].push(result.rate);
      written.add(String(result.written));
    }
  }
  return { rates, same: written.size === 1 };
};
