/** The course model in the page: one file with weights and tokenizer, read when a widget first needs it. */

import { Tokenizer } from "./bpe.js";
import { Decoder } from "./decoder.js";

/** @import { Config } from "./decoder.js" */
/** @import { Model } from "../ui/types.js" */

/**
 * @typedef {object} CourseModel
 * @property {Config} config
 * @property {Map<string, Float32Array>} tensors
 * @property {Tokenizer} tokenizer
 * @property {Decoder} decoder
 */

/**
 * @param {Model} model
 * @param {string} [name]
 * @returns {Promise<CourseModel>}
 */
export async function loadCourseModel(model, name = "stories") {
  return readCourseModel(await (model.loadAsset?.(name) ?? askKernel(model, name)));
}

/**
 * The tensors of a model that is no decoder, from its own file.
 * @param {Model} model
 * @param {string} name
 * @returns {Promise<Map<string, Float32Array>>}
 */
export async function loadTensors(model, name) {
  return readSafetensors(await (model.loadAsset?.(name) ?? askKernel(model, name)));
}

/**
 * In JupyterLab the kernel sends the file.
 * @param {Model} model
 * @param {string} name
 * @returns {Promise<ArrayBuffer>}
 */
function askKernel(model, name) {
  return new Promise((resolve, reject) => {
    const receive = (/** @type {any} */ message, /** @type {DataView[]} */ buffers) => {
      if (message?.asset !== name) return;
      model.off("msg:custom", receive);
      if (message.error) reject(new Error(message.error));
      else resolve(new Uint8Array(buffers[0].buffer, buffers[0].byteOffset, buffers[0].byteLength).slice().buffer);
    };
    model.on("msg:custom", receive);
    model.send?.({ asset: name });
  });
}

/**
 * The layout is described in llm_course/training/export.py.
 * @param {ArrayBuffer} file
 * @returns {CourseModel}
 */
export function readCourseModel(file) {
  const view = new DataView(file);
  const magic = new TextDecoder().decode(new Uint8Array(file, 0, Math.min(4, file.byteLength)));
  if (magic !== "LLMC") throw new Error("This file is no browser export: its first four bytes are not LLMC.");
  const version = view.getUint32(4, true);
  if (version !== 1) throw new Error(`This file has version ${version} of the format, not 1: export it again.`);
  const headerLength = view.getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 12, headerLength)));
  const tensors = new Map();
  for (const { name, offset, length } of header.tensors) {
    tensors.set(name, fromFloat16(new Uint16Array(file, 12 + headerLength + offset, length / 2)));
  }
  return {
    config: header.config,
    tensors,
    tokenizer: new Tokenizer(header.tokenizer),
    decoder: new Decoder(header.config, tensors),
  };
}

/**
 * A file of 16-bit floats in the layout of safetensors: the header's length, the header in JSON, the data.
 * @param {ArrayBuffer} file
 * @returns {Map<string, Float32Array>}
 */
export function readSafetensors(file) {
  const headerLength = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, headerLength)));
  const tensors = new Map();
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (dtype !== "F16") throw new Error(`The tensor ${name} has the type ${dtype}, not F16.`);
    const [start, end] = offsets.map((/** @type {number} */ offset) => 8 + headerLength + offset);
    tensors.set(name, fromFloat16(new Uint16Array(file.slice(start, end))));
  }
  return tensors;
}

/**
 * @param {Uint16Array} halves
 * @returns {Float32Array}
 */
function fromFloat16(halves) {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = FLOAT16[halves[i]];
  return values;
}

/** The value of each of the 65536 bit patterns of a 16-bit float: 1 sign bit, 5 of exponent, 10 of fraction. */
const FLOAT16 = Float32Array.from({ length: 0x10000 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});
