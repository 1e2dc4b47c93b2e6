/** Where names are written in a drawing: none lies on another or on a mark, no line crosses one, and no two leaders cross. */

/** In units of a drawing with letters of 12 px: a little more than a letter takes. */
const LETTER = { width: 7, ascent: 10, descent: 3, capital: 2 };
/** Of a name from the thing that it names, from near to far; what is farther than the first gets a leader. */
const DISTANCES = [8, 22, 38, 54];
/** Right above first, where names are looked for; then the other corners, then the sides. */
const DIRECTIONS = [[1, -1], [-1, -1], [1, 1], [-1, 1], [0, -1], [0, 1], [1, 0], [-1, 0]];

/** From a point's middle to where its leader begins: right beside a mark, that no leader may run into. */
const BESIDE_MARK = 6.5;

/** Around a line's name, in which no other line is if that can be had. */
const ALONE = 20;

/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */
/** @typedef {[x: number, y: number]} Point */
/**
 * Where a text may be written: `y` is that of its baseline.
 * @typedef {{ x: number, y: number, anchor: "start" | "middle" | "end", leader?: Point[] }} Spot
 */

/** @param {string} text */
export function widthOf(text) {
  return LETTER.width * text.length + LETTER.capital * (text.match(/[A-Z]/g)?.length ?? 0);
}

/**
 * @param {string} text
 * @param {Spot} spot
 * @returns {Box}
 */
export function boxOf(text, { x, y, anchor }) {
  const width = widthOf(text);
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, top: y - LETTER.ascent, right: left + width, bottom: y + LETTER.descent };
}

/**
 * A mark that no name may cover.
 * @param {Point} center
 * @param {number} radius
 * @returns {Box}
 */
export function markAt([x, y], radius) {
  return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius };
}

/**
 * Places for the name of a point, the best first: beside it, then farther off with a leader.
 * @param {Point} point
 * @param {boolean} [below]  Whether it is looked for below the point first.
 * @param {number} [farthest]  How many distances are tried.
 * @returns {Spot[]}
 */
export function spotsAround([x, y], below = false, farthest = DISTANCES.length) {
  const sign = below ? -1 : 1;
  return DISTANCES.slice(0, farthest).flatMap((far, i) =>
    DIRECTIONS.map(([right, down]) => {
      const toSide = right * (right && down ? 0.8 * far : far + 2);
      const toBase = sign * down * (far + (right ? 0 : 2)) + LETTER.ascent / 2 - 1;
      const anchor = /** @type {const} */ (["end", "middle", "start"])[right + 1];
      const leader = /** @type {Point[] | undefined} */ (i ? [[x + 0.25 * toSide, y + 0.25 * sign * down * far], [x + toSide * 0.92, y + sign * down * (far - 6)]] : undefined);
      return { x: x + toSide, y: y + toBase, anchor, leader };
    }),
  );
}

/**
 * The one place of a name that stays where it is: so far from its point, with a leader where it is not right beside it.
 * @param {Point} point
 * @param {Point} offset  To the right and down, of the name's baseline: its end where it is at the left, else its beginning
 *   or, straight above or below, its middle.
 * @returns {Spot}
 */
export function spotFixed([x, y], [right, down]) {
  /** @type {Spot["anchor"]} */
  const anchor = right < 0 ? "end" : right > 0 ? "start" : "middle";
  /** @type {Spot} */
  const spot = { x: x + right, y: y + down, anchor };
  if (Math.abs(down) <= DISTANCES[1]) return spot;
  const [toX, toY] = [right + 6 * Math.sign(right), down + (down < 0 ? LETTER.descent : -LETTER.ascent)];
  const share = BESIDE_MARK / Math.max(Math.abs(toX), Math.abs(toY)); // the leader begins right beside the point
  return { ...spot, leader: [[x + share * toX, y + share * toY], [x + toX, y + toY]] };
}

/**
 * Places at the right and at the left of a point.
 * @param {Point} point
 * @returns {Spot[]}
 */
export function spotsBeside([x, y]) {
  return [{ x: x + DISTANCES[0] + 1, y: y + 4, anchor: "start" }, { x: x - DISTANCES[0] - 1, y: y + 4, anchor: "end" }];
}

/**
 * Places for the name of a line, from its end to its start: above or below it, or at its sides where it is steep.
 * @param {Point[]} line
 * @returns {Spot[]}
 */
export function spotsAlong(line) {
  return evenly(line).reverse().flatMap(([x, y]) => /** @type {Spot[]} */ ([
    { x, y: y - 7, anchor: "end" }, { x, y: y + 15, anchor: "end" }, { x, y: y - 7, anchor: "start" },
    { x, y: y + 15, anchor: "start" }, { x: x + 7, y: y + 4, anchor: "start" }, { x: x - 7, y: y + 4, anchor: "end" },
  ]));
}

/**
 * Places at the right of a line that rises, from its end to its start.
 * @param {Point[]} line
 * @returns {Spot[]}
 */
export function spotsRightOf(line) {
  return evenly(line).reverse().map(([x, y]) => ({ x: x + 9, y: y + 10, anchor: /** @type {const} */ ("start") }));
}

/**
 * Points of a line some ten pixels apart.
 * @param {Point[]} line
 * @returns {Point[]}
 */
function evenly(line) {
  return line.flatMap(([x, y], i) => {
    const [nextX, nextY] = line[i + 1] ?? [x, y];
    const steps = Math.max(1, Math.round(Math.hypot(nextX - x, nextY - y) / 10));
    return Array.from({ length: steps }, (_, j) => /** @type {Point} */ ([x + (j / steps) * (nextX - x), y + (j / steps) * (nextY - y)]));
  });
}

/**
 * The first free place of each name, undefined for one that has none; those that come first choose first. The name of a
 * line (`isOfLine`) looks for one where no other line is near.
 * @param {{ text: string, spots: Spot[], isOfLine?: boolean }[]} names
 * @param {{ frame: Box, taken: Box[], lines: Point[][] }} drawing  What is there already: a box that names stay within, boxes
 *   that they do not cover, lines that do not cross them.
 * @param {Point[][]} [avoided]  Lines that cross a name only where all its free places are crossed.
 */
export function placed(names, { frame, taken, lines }, avoided = []) {
  const boxes = [...taken];
  const drawn = [...lines];
  /** @type {Point[][]} */
  const leaders = [];
  const meets = (/** @type {Box} */ box) => drawn.filter((line) => isCrossed(box, [line])).length;
  return names.map(({ text, spots, isOfLine }) => {
    const isFree = (/** @type {Spot} */ spot) => {
      const box = boxOf(text, spot);
      const { leader } = spot;
      return (
        box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom &&
        !boxes.some((other) => overlap(box, other)) &&
        !meets(box) &&
        !(leader && (boxes.some((other) => crosses(leader[0], leader[1], other)) || leaders.some((other) => meet(leader, other))))
      );
    };
    const free = spots.filter(isFree);
    const alone = isOfLine && free.find((one) => meets(grown(boxOf(text, one), ALONE)) < 2);
    const spot = alone || free.find((one) => !isCrossed(boxOf(text, one), avoided)) || free[0];
    if (spot) boxes.push(boxOf(text, spot));
    if (spot?.leader) {
      drawn.push(spot.leader);
      leaders.push(spot.leader);
    }
    return spot;
  });
}

/**
 * @param {Box} box
 * @param {Point[][]} lines
 */
export function isCrossed(box, lines) {
  return lines.some((line) => line.some((to, i) => i > 0 && crosses(line[i - 1], to, box)));
}

/**
 * @param {Box} box
 * @param {number} by
 * @returns {Box}
 */
function grown({ left, top, right, bottom }, by) {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

/**
 * @param {Box} one
 * @param {Box} other
 */
function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/**
 * Whether a straight line has a part in a box: the stretch of it that is within each side, from 0 to 1, is not empty.
 * @param {Point} from
 * @param {Point} to
 * @param {Box} box
 */
function crosses([x, y], [toX, toY], { left, top, right, bottom }) {
  let [start, end] = [0, 1];
  for (const [at, step, low, high] of [[x, toX - x, left, right], [y, toY - y, top, bottom]]) {
    if (step === 0) {
      if (at < low || at > high) return false;
      continue;
    }
    const ends = [(low - at) / step, (high - at) / step].sort((a, b) => a - b);
    [start, end] = [Math.max(start, ends[0]), Math.min(end, ends[1])];
  }
  return start <= end;
}

/**
 * Whether two straight lines cross: the ends of each are on both sides of the other.
 * @param {Point[]} one
 * @param {Point[]} other
 */
function meet([a, b], [c, d]) {
  const side = (/** @type {Point} */ [x, y], /** @type {Point} */ [toX, toY], /** @type {Point} */ [px, py]) => Math.sign((toX - x) * (py - y) - (toY - y) * (px - x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}
