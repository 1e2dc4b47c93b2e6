/** Lays out the far sections of a page when there is time. */

// book.css skips far sections, which then only have a guessed height: what they hold would lie on top of one another.
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
const far = [...document.querySelectorAll(".bd-article > section > section")];

function layOutNext() {
  far.shift()?.style.setProperty("content-visibility", "visible");
  if (far.length) whenIdle(layOutNext);
}

window.addEventListener("load", () => whenIdle(layOutNext));
