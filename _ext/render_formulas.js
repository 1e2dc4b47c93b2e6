/** Draws formulas with KaTeX: reads a JSON list of {tex, display}, writes a list of {html} or {error} in its order. */

import { readFileSync } from "node:fs";
import katex from "katex";

function draw({ tex, display }) {
  try {
    return { html: katex.renderToString(tex, { displayMode: display, throwOnError: true, strict: "error" }) };
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return { error: error.message };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(draw)));
