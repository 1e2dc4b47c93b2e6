/** Draws formulas with KaTeX: reads a JSON list of {tex, display}, writes a list of {html} or {error} in its order. */

import { readFileSync } from "node:fs";
import katex from "katex";

/** The colors of the diagram language: `\\query{Q}` is drawn in the color of queries, by `prerendered-math.css`. */
const macros = Object.fromEntries(["query", "key", "value", "learned"].map((role) => [`\\${role}`, `\\htmlClass{role-${role}}{#1}`]));
const options = {
  throwOnError: true,
  macros,
  trust: ({ command }) => command === "\\htmlClass",
  strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
};

/** The formula's own TeX, which KaTeX keeps beside its MathML: no browser shows or reads it. */
const TEX = /<annotation[^>]*>.*?<\/annotation>/gs;

function draw({ tex, display }) {
  try {
    return { html: katex.renderToString(tex, { ...options, displayMode: display }).replaceAll(TEX, "") };
  } catch (error) {
    if (!(error instanceof katex.ParseError)) throw error;
    return { error: error.message };
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(draw)));
