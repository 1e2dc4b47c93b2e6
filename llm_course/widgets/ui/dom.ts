/** Building pages: elements and labelled controls. */

import { whenNear } from "./near.ts";
import type { Model } from "./types.ts";

export type Child = Node | string | number | null | undefined;

/**
 * An element with attributes, listeners (`onclick`, ...) and children.
 * @param attributes  `true` sets an empty attribute; `false` and undefined set none.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, attributes: Record<string, any> = {}, ...children: Child[]): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag: string, attributes: Record<string, any> = {}, ...children: Child[]) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<Made extends Element>(node: Made, attributes: Record<string, any>, children: Child[]): Made {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, String(value));
  }
  node.append(...(children.filter((child) => child != null) as (Node | string)[]));
  return node;
}

/** A choice within a sentence: nobody sees its label. */
export function inlineChoice(label: string, options: [value: string, text: string][], chosen: string, onChange: (value: string) => void) {
  const select = element(
    "select",
    { "aria-label": label, onchange: () => onChange(select.value) },
    ...options.map(([value, text]) => element("option", { value, selected: value === chosen }, text)),
  );
  return select;
}

/** A choice. Its label is also its `aria-label`: the text of a label around a control counts the control's own. */
export function choice(...[label, options, chosen, onChange]: Parameters<typeof inlineChoice>) {
  return element("label", { class: "llm-field" }, label, inlineChoice(label, options, chosen, onChange));
}

export function button(label: string, onclick: () => void) {
  return element("button", { type: "button", onclick }, label);
}

/**
 * A slider whose value is written beside it. Where its range is too large to hit a value, `parse` reads one that is
 * typed: the value is then a field.
 */
export function slider(...[label, range, onInput]: Parameters<typeof sliderField>) {
  return sliderField(label, range, onInput).node;
}

/** The same for a number among the traits: either side may change it. */
type Range = { min: number, max: number, step: number | "any", format?: (value: number) => string, parse?: (text: string) => number };
export function traitSlider(model: Model, trait: string, label: string, range: Range) {
  const { node, write } = sliderField(label, { ...range, value: model.get(trait) }, (value) => setTrait(model, trait, value));
  model.on(`change:${trait}`, () => write(model.get(trait)));
  return node;
}

/** @returns  `write` is for a value that follows from another control. */
export function sliderField(
  label: string,
  { min, max, step, value, format = String, parse }: Range & { value: number },
  onInput: (value: number) => void,
) {
  const shown = parse
    ? element("input", { type: "text", class: "llm-exact", value: format(value), "aria-label": `${label}, as a number`, onchange: typed })
    : element("span", { class: "llm-shown", "aria-hidden": "true" }, format(value));
  const told = element("span", { class: "llm-told", role: "alert" });
  const input = element("input", {
    type: "range", min, max, step, value,
    "aria-label": label,
    "aria-valuetext": format(value),
    oninput: () => {
      show();
      onInput(input.valueAsNumber);
    },
  });

  function show() {
    const text = format(input.valueAsNumber);
    if (shown instanceof HTMLInputElement) shown.value = text;
    else shown.textContent = text;
    told.textContent = "";
    input.setAttribute("aria-valuetext", text);
  }

  function write(value: number) {
    input.value = String(value);
    show();
  }

  /** What is no number, or none of the range, becomes the nearest that is, and that is told. */
  function typed() {
    const text = (shown as HTMLInputElement).value;
    const number = parse?.(text) ?? NaN;
    if (Number.isFinite(number)) input.value = String(number);
    input.dispatchEvent(new Event("input"));
    const taken = format(input.valueAsNumber);
    if (!Number.isFinite(number)) told.textContent = `“${text}” is no number here: ${taken} stays.`;
    else if (number < min || number > max) told.textContent = `It goes from ${format(min)} to ${format(max)}: now ${taken}.`;
    else if (format(number) !== taken) told.textContent = `The nearest step is ${taken}.`;
    clearWithNextGesture(told);
  }
  return { node: element("label", { class: "llm-field" }, label, input, shown, parse ? told : null), write };
}

/** It lies on what is below it, until the reader does something else. */
function clearWithNextGesture(told: Element) {
  for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => (told.textContent = ""), { once: true });
}

/** Tells beside a slider with a field why it shows another value, where another control changed it. */
export function tellBeside(field: HTMLElement, text: string) {
  const told = field.querySelector(".llm-told") as HTMLElement;
  if (told.textContent === text) return;
  told.textContent = text;
  clearWithNextGesture(told);
}

/** Reads a number as people write it: 128,000 or 128 000 or 1.2e5. */
export function typedNumber(text: string) {
  const digits = text.replace(/[,\s]/g, "");
  return digits === "" ? NaN : Number(digits);
}

export function textField(label: string, value: string, onInput: (value: string) => void, attributes: Record<string, any> = {}) {
  const input = element("input", { type: "text", value, oninput: () => onInput(input.value), ...attributes });
  return element("label", { class: "llm-field llm-wide" }, label, input);
}

/** A part that may be wider than a phone: it scrolls by itself, can be scrolled from the keyboard, and fades where it goes on. */
export function scroller(label: string, ...children: Child[]) {
  const node = element("div", { class: "llm-scroller", role: "group", tabindex: 0, "aria-label": label, onscroll: fade }, ...children);
  const observer = new ResizeObserver(fade);
  for (const part of [node, ...node.children]) observer.observe(part);
  return node;

  function fade() {
    node.classList.toggle("llm-goes-on", node.scrollWidth - node.clientWidth - node.scrollLeft > 2);
  }
}

/** Puts new nodes in the place of old ones. Who stood on a button stands on the one in its place. */
export function redraw(place: Element, ...nodes: (Node | null)[]) {
  const buttons = () => [...place.querySelectorAll("button")];
  const focused = buttons().findIndex((button) => button === document.activeElement);
  place.replaceChildren(...nodes.filter((node) => node !== null));
  if (focused >= 0) buttons()[focused]?.focus();
}

/**
 * A sentence that is read out when it changes.
 * @param look  Its class, such as one that keeps room for several lines.
 */
export function announcement(look: string = ""): HTMLParagraphElement {
  return element("p", { class: `llm-announcement ${look}`, role: "status" });
}

/**
 * Controls at the left and what they cause at the right, where the card is wide; one below the other where it is not.
 * @param side  Controls, and the sentence that says what came of them.
 * @param stage  Pictures and tables.
 */
export function columns(side: Child[], stage: Child[]) {
  return element("div", { class: "llm-columns" }, element("div", { class: "llm-side" }, ...side), element("div", { class: "llm-stage" }, ...stage));
}

/** What a reader sets, a kernel sees. */
export function setTrait(model: Model, trait: string, value: any) {
  model.set(trait, value);
  model.save_changes();
}

/** A checkbox for a yes-or-no trait: either side may change it. */
export function traitCheckbox(model: Model, trait: string, label: string) {
  const input = element("input", { type: "checkbox", checked: model.get(trait), onchange: () => setTrait(model, trait, input.checked) });
  model.on(`change:${trait}`, () => (input.checked = model.get(trait)));
  return element("label", { class: "llm-field llm-check" }, input, label);
}

/** A choice for a trait that is a text or a number: either side may change it. */
export function traitChoice<Value extends string | number>(model: Model, trait: string, label: string, options: [value: Value, text: string][]) {
  const named = options.map(([value, text]) => [String(value), text] as [string, string]);
  const choose = (chosen: string) => setTrait(model, trait, options.find(([value]) => String(value) === chosen)?.[0]);
  const field = choice(label, named, String(model.get(trait)), choose);
  const select = field.lastChild as HTMLSelectElement;
  model.on(`change:${trait}`, () => (select.value = String(model.get(trait))));
  return field;
}

/**
 * A text field for a trait: either side may change it.
 * @param then  `onType` comes first, where the reader types.
 * @param rows  Of a text that may be long; one line if left out.
 * @returns  `write` is for what the widget itself adds: its end
 *   stays in sight.
 */
export function traitTextField(
  model: Model,
  trait: string,
  label: string,
  { onType, onChange }: { onType?: () => void, onChange: () => void },
  rows?: number,
): { node: HTMLElement, write: (text: string) => void } {
  const input = rows ? element("textarea", { rows }) : element("input", { type: "text" });
  input.value = model.get(trait);
  input.addEventListener("input", () => {
    setTrait(model, trait, input.value);
    onType?.();
    onChange();
  });
  const node = element("label", { class: rows ? "llm-field llm-area" : "llm-field llm-wide" }, label, input);
  model.on(`change:${trait}`, () => {
    if (input.value === model.get(trait)) return;
    input.value = model.get(trait);
    onChange();
  });
  function write(text: string) {
    input.value = text;
    input.scrollTop = input.scrollHeight;
    input.scrollLeft = input.scrollWidth;
    setTrait(model, trait, text);
  }
  return { node, write };
}

/** A token as a label: spaces and line ends are seen. */
export function visibleToken(token: string) {
  return token.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥");
}

/** Resolves when the browser has time: a model that is loaded does not hold up the page around it. */
function whenIdle(): Promise<void> {
  return new Promise((resolve) => {
    // Safari has no requestIdleCallback.
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve);
  });
}

/**
 * What a reader does on a page, heard where it bubbles: the page's own scrolling does, that of the book's sidebar, which
 * a script brings to the chapter, does not.
 */
const SIGNS_OF_A_READER = ["pointermove", "pointerdown", "keydown", "scroll", "wheel", "touchstart"];
/** After the page stands, for one who only looks. */
const MILLISECONDS_OF_REST = 4000;

/**
 * Resolves when a reader moves, presses or scrolls anything, or has looked at the finished page for a while: a first
 * load does not compete with a model of two megabytes.
 */
function whenAskedOrAtRest(): Promise<void> {
  if (navigator.userActivation?.hasBeenActive) return Promise.resolve();
  return new Promise((resolve) => {
    const listening = new AbortController();
    const go = () => {
      listening.abort();
      resolve();
    };
    const rest = () => setTimeout(go, MILLISECONDS_OF_REST);
    for (const sign of SIGNS_OF_A_READER) addEventListener(sign, go, { passive: true, signal: listening.signal });
    if (document.readyState === "complete") rest();
    else addEventListener("load", rest, { once: true });
  });
}

/** How far from the part in view a model is loaded: what it adds to a widget then moves nothing in view. */
const NEAR = "600px";

/**
 * Loads the course model for a widget once it comes into view, a reader is there and the page is idle: where the widget
 * has said nothing yet it says so meanwhile, and in the book its picture stands, as `style.css` has it. Says what failed.
 * @param body  Busy until then.
 * @returns  Null when it failed.
 */
export async function loadWhenVisible<T>(
  body: HTMLElement,
  said: HTMLElement,
  load: () => Promise<T>,
  meanwhile: string = "Loading the course model …",
): Promise<T | null> {
  body.setAttribute("aria-busy", "true");
  // A widget that is made anew has its model: to hide it meanwhile would flash, and take the focus from what was pressed.
  if (!body.classList.contains("llm-loaded")) {
    if (!said.textContent) {
      said.textContent = meanwhile;
      body.classList.add("llm-empty");
    }
    await whenNear(body, NEAR);
    await whenAskedOrAtRest();
    await whenIdle();
  }
  try {
    const loaded = await load();
    body.classList.add("llm-loaded");
    return loaded;
  } catch (error) {
    said.textContent = String(error);
    return null;
  } finally {
    body.removeAttribute("aria-busy");
    body.classList.remove("llm-empty");
  }
}
