/**
 * Assembles kernel.wat into a JavaScript module that holds it in base64: a page opened from a file may not fetch one.
 *
 * node assemble.js OUTPUT
 */

import { readFileSync, writeFileSync } from "node:fs";
import wabt from "wabt";

/** @param {string} source  WebAssembly in its text form. */
export async function assemble(source) {
  const module = (await wabt()).parseWat("kernel.wat", source, { simd: true });
  module.validate();
  return module.toBinary({}).buffer;
}

export const SOURCE = readFileSync(new URL("kernel.wat", import.meta.url), "utf8");

const [, , output] = process.argv;
if (output) {
  const code = Buffer.from(await assemble(SOURCE)).toString("base64");
  writeFileSync(output, `/** Assembled from kernel/kernel.wat. */\nexport const CODE = "${code}";\n`);
}
