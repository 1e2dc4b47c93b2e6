/** When something comes near the part of the page in view. */

/**
 * Resolves when the element does.
 * @param margin  How near, as an IntersectionObserver's `rootMargin`.
 */
export function whenNear(node: Element, margin: string): Promise<void> {
  return new Promise((resolve) => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        resolve();
      },
      { rootMargin: margin },
    );
    observer.observe(node);
  });
}
