/** An editor for a few lines of Python. */

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const TO_REPLACE = "raise NotImplementedError()";

/**
 * @typedef {object} Editor
 * @property {HTMLElement} node
 * @property {() => string} text
 * @property {(text: string) => void} write  In place of all that stands there.
 * @property {() => void} begin  Lets the reader write: what the stub asks to replace is selected.
 */

/**
 * @param {object} options
 * @param {string} options.text
 * @param {string} options.label
 * @param {string} options.description  The id of what tells how to leave the editor by keyboard.
 * @param {(text: string) => void} options.onChange
 * @param {() => void} options.onCheck
 * @returns {Editor}
 */
export function pythonEditor({ text, label, description, onChange, onCheck }) {
  const check = () => {
    onCheck();
    return true;
  };
  const view = new EditorView({
    doc: text,
    extensions: [
      lineNumbers(),
      history(),
      indentOnInput(),
      bracketMatching(),
      indentUnit.of("    "),
      python(),
      syntaxHighlighting(classHighlighter),
      EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": description }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange(update.state.doc.toString());
      }),
      keymap.of([
        { key: "Mod-Enter", run: check },
        { key: "Shift-Enter", run: check },
        ...defaultKeymap,
        ...historyKeymap,
        indentWithTab, // after Escape, Tab leaves
      ]),
    ],
  });
  return {
    node: view.dom,
    text: () => view.state.doc.toString(),
    write: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    begin() {
      const text = view.state.doc.toString();
      const stub = text.indexOf(TO_REPLACE);
      const selection = stub < 0 ? { anchor: text.trimEnd().length } : { anchor: stub, head: stub + TO_REPLACE.length };
      view.dispatch({ selection, scrollIntoView: true });
      view.focus();
    },
  };
}
