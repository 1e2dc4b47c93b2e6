/** Reading progress: which chapters the reader ticked off, remembered in the browser. */

const KEY = "llm-course:chapters-read";
const line = document.querySelector(".reading-progress");
const checkbox = document.querySelector(".chapter-read input");

/** @returns {Set<string>} */
function chaptersRead() {
  return new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
}

/** Write the count into the sidebar and tick the chapters in its list. */
function show() {
  const read = chaptersRead();
  const chapters = JSON.parse(line.dataset.chapters);
  line.textContent = `${chapters.filter(({ name }) => read.has(name)).length} of ${chapters.length} chapters read`;
  for (const { name, href } of chapters) {
    for (const link of document.querySelectorAll(".bd-docs-nav a, .chapter-grid a")) {
      if (page(link.href) === page(href)) mark(link, read.has(name));
    }
  }
}

/** The address of a page without what follows its name. */
function page(href) {
  const { origin, pathname } = new URL(href, location.href);
  return origin + pathname;
}

/** The tick is text, so that a screen reader says it too. */
function mark(link, isRead) {
  link.querySelector(".read-tick")?.remove();
  if (!isRead) return;
  const tick = document.createElement("span");
  tick.className = "read-tick";
  tick.setAttribute("role", "img");
  tick.setAttribute("aria-label", "read");
  tick.textContent = " ✓";
  link.append(tick);
}

/** Show what is remembered. */
function recall() {
  if (checkbox) checkbox.checked = chaptersRead().has(checkbox.dataset.chapter);
  if (line) show();
}

checkbox?.addEventListener("change", () => {
  const read = chaptersRead();
  if (checkbox.checked) read.add(checkbox.dataset.chapter);
  else read.delete(checkbox.dataset.chapter);
  localStorage.setItem(KEY, JSON.stringify([...read]));
  recall();
});
addEventListener("storage", recall); // another tab has changed it
addEventListener("pageshow", recall); // the reader goes back to a page that the browser had put aside as it was
recall();
