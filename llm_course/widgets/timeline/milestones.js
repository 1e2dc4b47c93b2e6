/** What the timeline shows of its milestones: which ones, where, and how many tell their size. */

/**
 * @typedef {object} Milestone
 * @property {string} month  "2018-06"
 * @property {string} name
 * @property {string} organization
 * @property {number | null} total  Billions of parameters; null where nobody published them.
 * @property {number | null} active
 * @property {boolean} open_weights
 * @property {string} advance
 */

/**
 * The middle of a month as a year.
 * @param {string} month
 */
export function yearOf(month) {
  const [year, number] = month.split("-").map(Number);
  return year + (number - 0.5) / 12;
}

/**
 * @param {Milestone[]} milestones
 * @param {string} kind  "all", "open" or "closed"
 */
export function shown(milestones, kind) {
  return milestones.filter(({ open_weights: open }) => kind === "all" || open === (kind === "open"));
}

/**
 * Where a size lies between 0 and the largest, as a share of the height.
 * @param {number} billions
 * @param {{ smallest: number, largest: number }} range
 * @param {string} scale  "log" or "linear"
 */
export function heightOf(billions, { smallest, largest }, scale) {
  if (scale === "linear") return billions / largest;
  return Math.log(billions / smallest) / Math.log(largest / smallest);
}

/**
 * How many milestones of each year tell their size, in the order of the years.
 * @param {Milestone[]} milestones
 * @returns {[year: number, told: number, all: number][]}
 */
export function disclosedByYear(milestones) {
  /** @type {Map<number, [number, number]>} */
  const found = new Map();
  for (const { month, total } of milestones) {
    const year = Number(month.slice(0, 4));
    const [told, all] = found.get(year) ?? [0, 0];
    found.set(year, [told + (total === null ? 0 : 1), all + 1]);
  }
  return [...found].map(([year, [told, all]]) => [year, told, all]);
}

/**
 * A number of parameters in words.
 * @param {number | null} billions
 */
export function inWords(billions) {
  if (billions === null) return "not disclosed";
  const short = (/** @type {number} */ value) => String(Number(value.toPrecision(4)));
  if (billions >= 1000) return `${short(billions / 1000)} T`;
  return billions >= 1 ? `${short(billions)} B` : `${short(1000 * billions)} M`;
}
