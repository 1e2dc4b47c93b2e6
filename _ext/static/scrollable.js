/** Lets the keyboard scroll what is wider than its place, and lays out the far sections of a page when there is time. */

const SCROLLABLE = ".katex-display, pre, .cell_output > .output, .pst-scrollable-table-container";

// An observer hears of what the browser lays out anyway: asking each element's width would lay out the whole page.
const places = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

for (const place of document.querySelectorAll(SCROLLABLE)) places.observe(place);

// book.css skips far sections, which then only have a guessed height: what they hold would lie on top of one another.
const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
const far = [...document.querySelectorAll(".bd-article > section > section")];

function layOutNext() {
  far.shift()?.style.setProperty("content-visibility", "visible");
  if (far.length) whenIdle(layOutNext);
}

window.addEventListener("load", () => whenIdle(layOutNext));
