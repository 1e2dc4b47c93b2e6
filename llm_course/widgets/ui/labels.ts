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

type Box = { left: number, top: number, right: number, bottom: number };
export type Point = [x: number, y: number];
/** Where a text may be written: `y` is that of its baseline. */
export type Spot = { x: number, y: number, anchor: "start" | "middle" | "end", leader?: Point[] };

export function widthOf(text: string) {
  return LETTER.width * text.length + LETTER.capital * (text.match(/[A-Z]/g)?.length ?? 0);
}

export function boxOf(text: string, { x, y, anchor }: Spot): Box {
  const width = widthOf(text);
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, top: y - LETTER.ascent, right: left + width, bottom: y + LETTER.descent };
}

/** A mark that no name may cover. */
export function markAt([x, y]: Point, radius: number): Box {
  return { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius };
}

/**
 * Places for the name of a point, the best first: beside it, then farther off with a leader.
 * @param below  Whether it is looked for below the point first.
 * @param farthest  How many distances are tried.
 */
export function spotsAround([x, y]: Point, below: boolean = false, farthest: number = DISTANCES.length): Spot[] {
  const sign = below ? -1 : 1;
  return DISTANCES.slice(0, farthest).flatMap((far, i) =>
    DIRECTIONS.map(([right, down]) => {
      const toSide = right * (right && down ? 0.8 * far : far + 2);
      const toBase = sign * down * (far + (right ? 0 : 2)) + LETTER.ascent / 2 - 1;
      const anchor = (["end", "middle", "start"] as const)[right + 1];
      const leader = (i ? [[x + 0.25 * toSide, y + 0.25 * sign * down * far], [x + toSide * 0.92, y + sign * down * (far - 6)]] : undefined) as Point[] | undefined;
      return { x: x + toSide, y: y + toBase, anchor, leader };
    }),
  );
}

/**
 * The one place of a name that stays where it is: so far from its point, with a leader where it is not right beside it.
 * @param offset  To the right and down, of the name's baseline: its end where it is at the left, else its beginning
 *   or, straight above or below, its middle.
 */
export function spotFixed([x, y]: Point, [right, down]: Point): Spot {
  const anchor: Spot["anchor"] = right < 0 ? "end" : right > 0 ? "start" : "middle";
  const spot: Spot = { x: x + right, y: y + down, anchor };
  if (Math.abs(down) <= DISTANCES[1]) return spot;
  const [toX, toY] = [right + 6 * Math.sign(right), down + (down < 0 ? LETTER.descent : -LETTER.ascent)];
  const share = BESIDE_MARK / Math.max(Math.abs(toX), Math.abs(toY)); // the leader begins right beside the point
  return { ...spot, leader: [[x + share * toX, y + share * toY], [x + toX, y + toY]] };
}

/** Places at the right and at the left of a point. */
export function spotsBeside([x, y]: Point): Spot[] {
  return [{ x: x + DISTANCES[0] + 1, y: y + 4, anchor: "start" }, { x: x - DISTANCES[0] - 1, y: y + 4, anchor: "end" }];
}

/** Places for the name of a line, from its end to its start: above or below it, or at its sides where it is steep. */
export function spotsAlong(line: Point[]): Spot[] {
  return evenly(line).reverse().flatMap(([x, y]) => [
    { x, y: y - 7, anchor: "end" }, { x, y: y + 15, anchor: "end" }, { x, y: y - 7, anchor: "start" },
    { x, y: y + 15, anchor: "start" }, { x: x + 7, y: y + 4, anchor: "start" }, { x: x - 7, y: y + 4, anchor: "end" },
  ] as Spot[]);
}

/** Places at the right of a line that rises, from its end to its start. */
export function spotsRightOf(line: Point[]): Spot[] {
  return evenly(line).reverse().map(([x, y]) => ({ x: x + 9, y: y + 10, anchor: "start" as const }));
}

/** Points of a line some ten pixels apart. */
function evenly(line: Point[]): Point[] {
  return line.flatMap(([x, y], i) => {
    const [nextX, nextY] = line[i + 1] ?? [x, y];
    const steps = Math.max(1, Math.round(Math.hypot(nextX - x, nextY - y) / 10));
    return Array.from({ length: steps }, (_, j) => [x + (j / steps) * (nextX - x), y + (j / steps) * (nextY - y)] as Point);
  });
}

/**
 * The first free place of each name, undefined for one that has none; those that come first choose first. The name of a
 * line (`isOfLine`) looks for one where no other line is near.
 * @param drawing  What is there already: a box that names stay within, boxes
 *   that they do not cover, lines that do not cross them.
 * @param avoided  Lines that cross a name only where all its free places are crossed.
 */
export function placed(
  names: { text: string, spots: Spot[], isOfLine?: boolean }[],
  { frame, taken, lines }: { frame: Box, taken: Box[], lines: Point[][] },
  avoided: Point[][] = [],
) {
  const boxes = [...taken];
  const drawn = [...lines];
  const leaders: Point[][] = [];
  const meets = (box: Box) => drawn.filter((line) => isCrossed(box, [line])).length;
  return names.map(({ text, spots, isOfLine }) => {
    const isFree = (spot: Spot) => {
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

export function isCrossed(box: Box, lines: Point[][]) {
  return lines.some((line) => line.some((to, i) => i > 0 && crosses(line[i - 1], to, box)));
}

function grown({ left, top, right, bottom }: Box, by: number): Box {
  return { left: left - by, top: top - by, right: right + by, bottom: bottom + by };
}

function overlap(one: Box, other: Box) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

/** Whether a straight line has a part in a box: the stretch of it that is within each side, from 0 to 1, is not empty. */
function crosses([x, y]: Point, [toX, toY]: Point, { left, top, right, bottom }: Box) {
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

/** Whether two straight lines cross: the ends of each are on both sides of the other. */
function meet([a, b]: Point[], [c, d]: Point[]) {
  const side = ([x, y]: Point, [toX, toY]: Point, [px, py]: Point) => Math.sign((toX - x) * (py - y) - (toY - y) * (px - x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}
