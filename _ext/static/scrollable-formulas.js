/** Lets the keyboard scroll the formulas that are wider than the page. */

const formulas = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

for (const formula of document.querySelectorAll(".katex-display")) formulas.observe(formula);
