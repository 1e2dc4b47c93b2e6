/** When something comes near the part of the page in view. */

/**
 * Resolves when the element does.
 * @param {Element} node
 * @param {string} margin  How near, as an IntersectionObserver's `rootMargin`.
 * @returns {Promise<void>}
 */
export function whenNear(node, margin) {
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
