/** What the timeline shows of its milestones: which ones, where, and how many tell their size. */

export interface Milestone {
  month: string; // "2018-06"
  name: string;
  organization: string;
  total: number | null; // Billions of parameters; null where nobody published them.
  active: number | null;
  open_weights: boolean;
  advance: string;
}

/** The middle of a month as a year. */
export function yearOf(month: string) {
  const [year, number] = month.split("-").map(Number);
  return year + (number - 0.5) / 12;
}

/** @param kind  "all", "open" or "closed" */
export function shown(milestones: Milestone[], kind: string) {
  return milestones.filter(({ open_weights: open }) => kind === "all" || open === (kind === "open"));
}

/**
 * Where a size lies between 0 and the largest, as a share of the height.
 * @param scale  "log" or "linear"
 */
export function heightOf(billions: number, { smallest, largest }: { smallest: number, largest: number }, scale: string) {
  if (scale === "linear") return billions / largest;
  return Math.log(billions / smallest) / Math.log(largest / smallest);
}

/** How many milestones of each year tell their size, in the order of the years. */
export function disclosedByYear(milestones: Milestone[]): [year: number, told: number, all: number][] {
  const found: Map<number, [number, number]> = new Map();
  for (const { month, total } of milestones) {
    const year = Number(month.slice(0, 4));
    const [told, all] = found.get(year) ?? [0, 0];
    found.set(year, [told + (total === null ? 0 : 1), all + 1]);
  }
  return [...found].map(([year, [told, all]]) => [year, told, all]);
}

/** A number of parameters in words. */
export function inWords(billions: number | null) {
  if (billions === null) return "not disclosed";
  const short = (value: number) => String(Number(value.toPrecision(4)));
  if (billions >= 1000) return `${short(billions / 1000)} T`;
  return billions >= 1 ? `${short(billions)} B` : `${short(1000 * billions)} M`;
}
