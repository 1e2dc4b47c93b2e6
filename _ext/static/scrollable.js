/** Lets the keyboard scroll what is wider than its place. */

const SCROLLABLE = ".katex-display, pre, .cell_output > .output, .pst-scrollable-table-container";

// An observer hears of what the browser lays out anyway: asking each element's width would lay out the whole page.
const places = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

for (const place of document.querySelectorAll(SCROLLABLE)) places.observe(place);
