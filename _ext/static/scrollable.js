/** Lets the keyboard scroll what is wider than its place. */

const SCROLLABLE = ".katex-display, pre, .cell_output > .output, .pst-scrollable-table-container";

/**
 * All are asked before the first is changed: a change in between would have the page laid out once for each.
 * @param {Element[]} places
 */
function markScrolling(places) {
  const scrolling = places.map((place) => place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight);
  places.forEach((place, i) => {
    if (scrolling[i]) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  });
}

// An observer hears of what the browser lays out anyway: asking each element's width would lay out the whole page.
const observer = new ResizeObserver((entries) => markScrolling(entries.map(({ target }) => target)));
for (const place of document.querySelectorAll(SCROLLABLE)) observer.observe(place);

// The fonts of formulas come later. They change what is in a place, and not its own size.
const isLaidOut = (place) => place.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;
document.fonts.addEventListener("loadingdone", () => markScrolling([...document.querySelectorAll(".katex-display")].filter(isLaidOut)));
