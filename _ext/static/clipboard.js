/** Copies text for sphinx-copybutton: of the library that it brings, it uses no more than this. */

globalThis.ClipboardJS = class {
  listeners = {};

  /** A press on an element of this selector copies `text(element)`. */
  constructor(selector, { text }) {
    document.addEventListener("click", ({ target }) => {
      const trigger = target.closest(selector);
      if (trigger) this.copy(text(trigger)).then(() => this.tell("success", trigger), () => this.tell("error", trigger));
    });
  }

  on(outcome, listener) {
    this.listeners[outcome] = listener;
  }

  tell(outcome, trigger) {
    this.listeners[outcome]?.({ trigger });
  }

  async copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // A browser hides its clipboard from pages that came without encryption.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (!isCopied) throw new Error("The browser did not let the page copy.");
  }
};
