/** The course model in the page: one file with weights and tokenizer, read when a widget first needs it. */

import { Tokenizer } from "./bpe.ts";
import { Decoder, type Config } from "./decoder.ts";
import type { Model } from "../ui/types.ts";

export interface CourseModel {
  config: Config;
  tensors: Map<string, Float32Array>;
  tokenizer: Tokenizer;
  decoder: Decoder;
}

export async function loadCourseModel(model: Model, name: string = "stories"): Promise<CourseModel> {
  return readCourseModel(await (model.loadAsset?.(name) ?? askKernel(model, name)));
}

/** The tensors of a model that is no decoder, from its own file. */
export async function loadTensors(model: Model, name: string): Promise<Map<string, Float32Array>> {
  return readSafetensors(await (model.loadAsset?.(name) ?? askKernel(model, name)));
}

/** In JupyterLab the kernel sends the file. */
function askKernel(model: Model, name: string): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const receive = (message: any, buffers: DataView[]) => {
      if (message?.asset !== name) return;
      model.off("msg:custom", receive);
      if (message.error) reject(new Error(message.error));
      else resolve(new Uint8Array(buffers[0].buffer, buffers[0].byteOffset, buffers[0].byteLength).slice().buffer);
    };
    model.on("msg:custom", receive);
    model.send?.({ asset: name });
  });
}

/** The layout is described in llm_course/training/export.py. */
export function readCourseModel(file: ArrayBuffer): CourseModel {
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

/** A file of 16-bit floats in the layout of safetensors: the header's length, the header in JSON, the data. */
export function readSafetensors(file: ArrayBuffer): Map<string, Float32Array> {
  const headerLength = Number(new DataView(file).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 8, headerLength)));
  const tensors = new Map();
  for (const [name, { dtype, data_offsets: offsets }] of Object.entries<any>(header)) {
    if (name === "__metadata__") continue;
    if (dtype !== "F16") throw new Error(`The tensor ${name} has the type ${dtype}, not F16.`);
    const [start, end] = offsets.map((offset: number) => 8 + headerLength + offset);
    tensors.set(name, fromFloat16(new Uint16Array(file.slice(start, end))));
  }
  return tensors;
}

function fromFloat16(halves: Uint16Array): Float32Array {
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
