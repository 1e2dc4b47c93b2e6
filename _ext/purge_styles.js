/**
 * Leaves in a stylesheet what a site may use: `node purge_styles.js _static/light.js < all.css`, in the site's folder.
 *
 * Of pages, their classes, ids and variables count; of the named scripts each word, for they may set any class.
 */

import { readFileSync, readdirSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const read = (file) => readFileSync(file, "utf8");
const wordsOf = (text) => [...new Set(text.match(/[\w-]+/g))];

const css = read(0);
const pages = readdirSync(".", { recursive: true }).filter((name) => name.endsWith(".html")).map(read).join("\n");
const scripts = process.argv.slice(2).map(read).join("\n");
const names = new Set([...pages.matchAll(/\b(?:class|id)="([^"]*)"/g)].flatMap(([, value]) => value.split(/\s+/)));

const [purged] = await new PurgeCSS().purge({
  content: [{ raw: pages, extension: "html" }],
  css: [{ raw: css }],
  // Widgets may make any element, with any attribute.
  defaultExtractor: () => ({ classes: names, ids: names, tags: wordsOf(css), undetermined: wordsOf(scripts) }),
  dynamicAttributes: wordsOf(css),
  safelist: {
    standard: [/^:/], // else a rule for :focus-visible alone goes
    variables: [...new Set((pages + scripts).match(/--[\w-]+/g))],
  },
  variables: true,
});
process.stdout.write(purged.css);
