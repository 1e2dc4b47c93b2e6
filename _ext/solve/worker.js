/** Runs Python: the first message says where it lies, each further one is a check. */

/** @import { PyodideAPI } from "pyodide" */
/** @import { Addresses, Check, Printed } from "./python.js" */

const MOST_PRINTED = 2000;
const CHECK = `
import json
from llm_course.in_page import check_in_page
lambda check: json.dumps(check_in_page(**json.loads(check)))
`;

/** @type {(check: Check) => object} */
let run;

onmessage = async ({ data }) => {
  try {
    if (run) return postMessage(run(data));
    run = await start(data);
    postMessage({});
  } catch (error) {
    // A deep recursion, or no memory: Pyodide does not go on after these.
    postMessage({ failed: `Python stopped (${String(error).trim().split("\n").at(-1)}). Your answer is kept: check it again.` });
  }
};

/** @param {Addresses} addresses */
async function start({ pyodide, archive }) {
  const { loadPyodide } = await import(`${pyodide}pyodide.mjs`);
  const [python, packed] = await Promise.all([loadPyodide({ indexURL: pyodide }), fetched(archive)]);
  python.unpackArchive(packed, "zip");
  const check = python.runPython(CHECK);
  return (/** @type {Check} */ asked) => {
    const printed = listen(python);
    const reply = JSON.parse(check(JSON.stringify(asked)));
    return { ...reply, printed };
  };
}

/** @param {string} address */
async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} is missing`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * What Python prints from now on: its beginning is kept, and told at once, since the page may end this worker; the rest
 * is only counted.
 * @param {PyodideAPI} python
 * @returns {Printed}
 */
function listen(python) {
  const printed = { text: "", length: 0 };
  const decoder = new TextDecoder();
  const write = (/** @type {Uint8Array} */ bytes) => {
    const text = decoder.decode(bytes, { stream: true });
    const shown = text.slice(0, MOST_PRINTED - printed.text.length);
    printed.text += shown;
    printed.length += text.length;
    if (shown) postMessage({ printing: printed });
    return bytes.length;
  };
  python.setStdout({ write });
  python.setStderr({ write });
  return printed;
}
