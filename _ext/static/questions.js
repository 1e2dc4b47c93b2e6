/** Remembers in the browser which option of a question the reader opened. */

for (const question of document.querySelectorAll(".question")) {
  const key = `llm-course:question:${question.dataset.place}`;
  const options = [...question.querySelectorAll("details")];

  const chosen = localStorage.getItem(key);
  if (chosen !== null && options[chosen]) options[chosen].open = true;

  // A toggle event does not bubble, so it is caught on its way down.
  question.addEventListener("toggle", () => {
    const open = options.findIndex((option) => option.open);
    if (open < 0) localStorage.removeItem(key);
    else localStorage.setItem(key, open);
  }, { capture: true });
}
