/** Lays out the far sections of a page for a reader who goes there, when there is time. */

// book.css skips far sections, which then only have a guessed height: what they hold would lie on top of one another.
// A first load need not wait for them. Once the reader moves or asks for a place, the scrollbar should tell the truth.
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
const far = [...document.querySelectorAll(".bd-article > section > section")];
const SIGNS_OF_A_READER = ["scroll", "wheel", "keydown", "pointerdown", "touchstart"];

function layOutNext() {
  far.shift()?.style.setProperty("content-visibility", "visible");
  if (far.length) whenIdle(layOutNext);
}

function begin() {
  for (const sign of SIGNS_OF_A_READER) removeEventListener(sign, begin, { capture: true });
  whenIdle(layOutNext);
}

if (location.hash) addEventListener("load", begin);
else for (const sign of SIGNS_OF_A_READER) addEventListener(sign, begin, { capture: true, passive: true });
