/** Lays out the far sections of a page for a reader who goes there. */

// book.css skips far sections, which then only have a guessed height: what they hold would lie on top of one another.
// A first load need not wait for them. Who asks for a place, or comes back to one, gets all at once, so that the place
// stays where it is; for who starts to read, they are laid out when there is time.
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
const far = [...document.querySelectorAll(".bd-article > section > section")];
// Heard where they bubble: the page's own scrolling does, that of the sidebar, which a script brings to the chapter, does not.
const SIGNS_OF_A_READER = ["scroll", "wheel", "keydown", "pointerdown", "touchstart"];
const [visit] = performance.getEntriesByType("navigation");

function layOutNext() {
  far.shift()?.style.setProperty("content-visibility", "visible");
  if (far.length) whenIdle(layOutNext);
}

function layOutAll() {
  for (const section of far.splice(0)) section.style.setProperty("content-visibility", "visible");
}

function begin() {
  for (const sign of SIGNS_OF_A_READER) removeEventListener(sign, begin);
  whenIdle(layOutNext);
}

function goToPlace() {
  if (!far.length) return;
  layOutAll();
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

if (location.hash || visit?.type !== "navigate") layOutAll();
for (const sign of SIGNS_OF_A_READER) addEventListener(sign, begin, { passive: true });
addEventListener("hashchange", goToPlace);
