/** What to try in the decoder map: one sentence after the other finds out what a head does, and which others it needs. */

import type { Start } from "../ui/suggestions.ts";
import type { Model } from "../ui/types.ts";

/** Three of its heads are needed, each for something else. */
const KITE = "Ben and Lily had a blue kite. Ben gave the blue kite to";
/** Both names come twice, and who gives is not the latest. */
const SAW = "Ben and Lily had a red ball. Ben saw Lily and gave the red ball to";
/** Where suggestions start, but for the sentence and for what is looked at. */
const WHOLE = { out: [], told: [], since: 0, predict: true, position: -1, carried: false };

export function tryThis(model: Model): Start[] {
  const first = gives(model, "Sam", "Head 2 of layer 3 looks at Sam, who gives. Who gets the ball without this head?", "Sam: the head had held him back.");
  // A map that leads to chapters, as that of the front page, leaves the other stories to one of them.
  if (Object.keys(model.get("chapters") ?? {}).length) return [first];
  return [
    first,
    gives(model, "Anna", "Now Anna gives; all else is the same. Who gets the ball without head 2?", "Anna: so it holds back whoever gives?"),
    tomGives(model),
    manyPairs(),
    givesHimself(model),
    whatIsCarried(model),
    toldTheLatestName(model),
    whatRaisesNames(model),
    answerInSteps(model),
    inAll(model),
  ];
}

/**
 * Somebody gives a ball: a head of the third layer looks at who.
 * @param right  The guess without the head, and why.
 */
function gives(model: Model, giver: string, say: string, right: string): Start {
  const out = ["head-3-2"];
  const look = { ...lookAt(model, 3, 2), rival: ` ${giver}` };
  return {
    say,
    set: { ...WHOLE, text: ballOf(giver), ...look },
    then: [{ name: "Leave head 2 out", set: { out, told: out, ...look }, told: right }],
    undo: "Put head 2 back",
    guesses: [...namesWith(giver), "another"],
  };
}

/** He does not get the ball back before a second head is out. */
function tomGives(model: Model): Start {
  const asked = gives(model, "Tom", "New names, Tom gives. Head 2 strikes out the giver: so is it Tom without it?", "Mia: another head raises her. Which?");
  const out = ["head-3-2", "head-3-1"];
  const found = { name: "Show me", set: { out, told: out, ...lookAt(model, 3, 1) }, told: "Tom: head 1 had raised Mia, not Tom." };
  return { ...asked, then: [...(asked.then ?? []), found], undo: "Put both back", guesses: namesWith("Tom") };
}

/** One sentence may be chance: the same with each pair of names. */
function manyPairs(): Start {
  const out = ["head-3-2"];
  const text = ballOf("Sam");
  const taken = { text, predict: true, out, told: out };
  return {
    say: "Two pairs of names so far. Of 72, how many givers get the ball without head 2?",
    set: { ...WHOLE, head: 0, text, part: "pairs" },
    // Which step is taken is told by the head that is looked at, which is none here: others may have been left out since.
    then: [
      { name: "Leave it out", set: { head: 2, ...taken }, told: "over 50: 54. Tom’s row: head 1 is enough." },
      { name: "Try every head", set: { head: 1, ...taken, predict: false }, told: "Three others: without each, neither name (gray)." },
    ],
    undo: "Ask again",
    guesses: ["under 10", "about 30", "over 50"],
    at: ".llm-opened",
  };
}

/** The latest name is not who gives. */
function givesHimself(model: Model): Start {
  const out = ["head-3-2"];
  const look = { ...lookAt(model, 3, 2), rival: " Ben" };
  return {
    say: "Ben saw Lily and gives: to himself, says the model! Whom does head 2 strike out?",
    set: { ...WHOLE, text: SAW, ...look },
    then: [{ name: "Leave head 2 out", set: { out, told: out, ...look }, told: "the latest name: without it, Lily comes back." }],
    undo: "Put head 2 back",
    guesses: ["who gives", "the latest name"],
  };
}

/** Where a head looks is not yet what it reads there. */
function whatIsCarried(model: Model): Start {
  const look = { ...lookAt(model, 3, 2), rival: " Ben" };
  return {
    say: "Head 2 takes a message from each word. What does “and” before “gave” tell it?",
    set: { ...WHOLE, predict: false, text: SAW, ...look },
    then: [{ name: "Show me", set: { carried: true, ...look }, told: "“not Lily”: words carry the latest name." }],
    undo: "Ask again",
    guesses: ["“not Ben”", "“not Lily”", "nothing"],
    at: ".llm-opened",
  };
}

/** One head reads what another one wrote, two layers before it. */
function toldTheLatestName(model: Model): Start {
  const out = ["head-1-2"];
  const text = ballOf("Ben");
  const [since, gave, last] = [10, 11, 15]; // the second “Ben”, and what follows
  // Which step is taken is told by the position, which is the last one after both.
  const taken = (position: number) => ({ position, out, told: out, since });
  return {
    say: "Layer 1’s head 2 notes the latest name. Out from “Ben” on, who gets the ball?",
    set: { ...WHOLE, predict: false, text, ...lookAt(model, 1, 2), rival: " Ben", position: gave },
    then: [
      { name: "Leave it out", set: { ...taken(-1), ...lookAt(model, 3, 2), carried: true }, told: "Ben: nothing says “not Ben” now." },
      { name: "All 72 pairs", set: { ...taken(last), part: "pairs", head: 2, carried: false }, told: "45 givers. Out everywhere (card 4): neither." },
    ],
    undo: "Put it back",
    guesses: [...namesWith("Ben"), "another"],
  };
}

/** The same notes, read in the first sentence and not struck out. */
function whatRaisesNames(model: Model): Start {
  const look = { ...lookAt(model, 3, 1), rival: " Sam" };
  return {
    say: "Head 1 of layer 3 raises names. In which sentence does it read them?",
    set: { ...WHOLE, predict: false, text: ballOf("Sam"), ...look },
    then: [{ name: "Show me", set: { carried: true, ...look }, told: "the first: “and” says Sam, “had” Anna." }],
    undo: "Ask again",
    guesses: ["the first", "the second"],
    at: ".llm-opened",
  };
}

/** What the heads of the kite's sentence do together. */
function answerInSteps(model: Model): Start {
  const heads = ["head-3-2", "head-3-1", "head-1-4"];
  const taken = (count: number) => ({ out: heads.slice(0, count), told: heads.slice(0, count) });
  return {
    say: "Three heads each change this guess. Take them away one by one: what was each for?",
    set: { ...WHOLE, text: KITE, ...lookAt(model, 3, 2), rival: " Ben" },
    then: [
      { name: "Take head 2 away", set: { ...taken(1), ...lookAt(model, 3, 2), rival: " Ben" }, told: "Ben: head 2 had struck him out." },
      { name: "Head 1, too", set: { ...taken(2), ...lookAt(model, 3, 1), rival: " Ben" }, told: "Zoe: head 1 had raised both names." },
      { name: "Head 4 of layer 1, too", set: { ...taken(3), ...lookAt(model, 1, 4), rival: " Ben" }, told: "school: without head 4, no name." },
      { name: "Only head 4, 72 pairs", set: { out: ["head-1-4"], told: heads, part: "pairs", head: 4 }, told: "Nearly always neither: head 4 asks for a name." },
    ],
    undo: "Put all back",
  };
}

/** What the others have shown, and the way to sentences of a reader's own. */
function inAll(model: Model): Start {
  return {
    say: "So layer 1 notes the latest name (head 2), asks for a name (4). Layer 3 raises names (1), strikes out the latest (2). Your turn: it knows simple stories.",
    set: { ...WHOLE, predict: false, text: ballOf("Sam"), ...lookAt(model, 3, 2), rival: " Sam" },
  };
}

/** @param layer  From 1, and so is the head. */
function lookAt(model: Model, layer: number, head: number) {
  return { part: `${model.get("small") ? "layer" : "attention"}-${layer}`, head, position: -1 };
}

function namesWith(giver: string) {
  return [["Tom", "Mia"], ["Ben", "Lily"]].find((names) => names.includes(giver)) ?? ["Sam", "Anna"];
}

function ballOf(giver: string) {
  return `${namesWith(giver).join(" and ")} had a red ball. ${giver} gave the red ball to`;
}
