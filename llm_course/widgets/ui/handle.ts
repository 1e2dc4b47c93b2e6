/** Parts of a drawing that can be dragged, with a mouse, a pen or a finger. */

import type { Point } from "./labels.ts";

/**
 * A part of a drawing as one that can be grabbed; outside it a finger scrolls the page. The keyboard and screen readers
 * have the control of the same number: the drawing is one image to them.
 * @param grab  Called with where it is grabbed, in units of the drawing; what it
 *   returns is called with where each move leads.
 */
export function handle<Part extends SVGElement>(part: Part, grab: (from: Point) => (to: Point) => void): Part {
  part.classList.add("llm-handle");
  // So that a finger drags it and does not scroll: within a drawing, browsers ignore the style for that, touch-action.
  part.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  part.addEventListener("pointerdown", (press) => {
    if (!press.isPrimary || press.button !== 0) return;
    const drawing = part.ownerSVGElement as unknown as SVGGraphicsElement;
    const toDrawing = (drawing.getScreenCTM() as DOMMatrix).inverse();
    const at = ({ clientX, clientY }: PointerEvent) => {
      const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(toDrawing);
      return [x, y] as Point;
    };
    const move = grab(at(press));
    // The page holds the pointer: with each move the drawing is made anew, and the part with it.
    const page = document.documentElement;
    const held = new AbortController();
    const signal = held.signal;
    page.setPointerCapture(press.pointerId);
    page.classList.add("llm-holding");
    page.addEventListener("pointermove", (event) => move(at(event)), { signal });
    page.addEventListener("lostpointercapture", () => {
      page.classList.remove("llm-holding");
      held.abort();
    }, { signal });
  });
  return part;
}
