/** The same story by two runtimes on the same weights, turn about: the course's own, and onnxruntime-web. */

import * as ort from "./ort/ort.wasm.min.mjs";
import { readCourseModel } from "./js/course_model.js";

const course = readCourseModel(await (await fetch("browser.bin")).arrayBuffer());
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create("stories.onnx");

/** The place of the largest number. */
function largest(values) {
  return values.reduce((best, value, place) => (value > values[best] ? place : best), 0);
}

function writeByCourse(count) {
  const cache = course.decoder.newCache();
  const written = [course.config.end_of_text];
  while (written.length <= count) written.push(largest(course.decoder.step(cache, written.at(-1))));
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

/** @returns the rates in tokens a second of each run, and whether both wrote the same. */
window.compare = async (runs, count) => {
  const rates = { course: [], onnx: [] };
  let same = true;
  for (let run = 0; run < runs; run++) {
    const ours = await rate(writeByCourse, count);
    const theirs = await rate(writeByOnnx, count);
    rates.course.push(ours.rate);
    rates.onnx.push(theirs.rate);
    same &&= String(ours.written) === String(theirs.written);
  }
  return { ...rates, same };
};
