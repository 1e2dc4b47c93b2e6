/** Filters the table of all exercises by words, difficulty, and whether an exercise can be solved in the page. */

const form = document.querySelector(".exercise-filter");
const table = document.querySelector(".exercise-index");

function filter() {
  const { words, difficulty, plain } = form.elements;
  const sought = words.value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const chapter of table.tBodies) {
    const [heading, ...exercises] = chapter.rows;
    for (const row of exercises) {
      const text = `${heading.textContent} ${row.textContent}`.toLowerCase();
      row.hidden = !sought.every((word) => text.includes(word))
        || (difficulty.value && row.dataset.difficulty !== difficulty.value)
        || (plain.checked && row.dataset.plain === undefined);
    }
    const found = exercises.filter((row) => !row.hidden).length;
    chapter.hidden = !found;
    shown += found;
  }
  form.querySelector("output").textContent = shown === 1 ? "1 exercise" : `${shown} exercises`;
}

form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("pageshow", filter); // a browser that goes back may have kept what was typed
