/** Lets the keyboard scroll what is wider than its place. */

const SCROLLABLE = ".katex-display, pre, .cell_output > .output, .pst-scrollable-table-container";

// An observer hears of what the browser lays out anyway: asking each element's width would lay out the whole page.
// All are asked before the first is changed: a change in between would have the page laid out once for each.
const places = new ResizeObserver((entries) => {
  const scrolling = entries.map(({ target }) => target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight);
  entries.forEach(({ target }, i) => {
    if (scrolling[i]) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  });
});

for (const place of document.querySelectorAll(SCROLLABLE)) places.observe(place);
