/**
 * Assembles kernel.wat into a JavaScript module that holds it in base64: a page opened from a file may not fetch one.
 *
 * node assemble.js OUTPUT
 */

import { readFileSync, writeFileSync } from "node:fs";
import wabt from "wabt";

const source = readFileSync(new URL("kernel.wat", import.meta.url), "utf8");
const module = (await wabt()).parseWat("kernel.wat", source, { simd: true });
module.validate();
const code = Buffer.from(module.toBinary({}).buffer).toString("base64");
writeFileSync(process.argv[2], `/** Assembled from kernel/kernel.wat. */\nexport const CODE = "${code}";\n`);
