/**
 * The static host: runs anywidget modules on a page without a kernel.
 *
 * It reads the standard widget state that myst-nb (or ipywidgets.embed) writes into a page, or that `_ext/widget_files.py`
 * has put beside it, gives each view a model that lives in the page, and calls the module's `initialize` and `render` as
 * anywidget does in JupyterLab.
 */

import { stateFromAddress, withState } from "./address.ts";
import { whenNear } from "./near.ts";
import type { Model, WidgetModule } from "./types.ts";

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

/** Only known while the script first runs. */
const OWN_SCRIPT = document.currentScript as HTMLScriptElement;
/** Where this script lies: what it loads lies beside it. */
const HERE = new URL(".", OWN_SCRIPT.src);
/** The file that holds the state of the page's widgets, where the page itself does not. */
const STATE_FILE = OWN_SCRIPT.dataset.state;
/** By a file's name, what stands in its address: a cache's file of an older site has another. */
const VERSIONS: Record<string, string> = JSON.parse(OWN_SCRIPT.dataset.versions ?? "{}");

/** A widget's state without a kernel: what is set stays in this page and in its address, which can be shared. */
class PageModel implements Model {
  #listeners: Map<string, Set<Function>> = new Map();
  key = "";
  readonly built: Record<string, any>;

  constructor(public state: Record<string, any>) {
    this.built = { ...state };
  }

  /**
   * Take the state that the page's address names.
   * @param key  The widget's name in the address.
   * @returns  Whether there is one.
   */
  takeFromAddress(key: string): boolean {
    this.key = key;
    const asked = stateFromAddress(key, this.built, location.search);
    this.state = { ...this.built, ...asked };
    return Object.keys(asked).length > 0;
  }

  /** Forget what the address asked for. */
  reset() {
    this.state = { ...this.built };
    this.#listeners.clear();
  }

  get(name: string) {
    return this.state[name];
  }

  set(name: string, value: any) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    remember(this);
    this.#emit(`change:${name}`, value);
    this.#emit("change", value);
  }

  save_changes() {}

  on(event: string, listener: Function) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event)?.add(listener);
  }

  off(event: string, listener: Function) {
    this.#listeners.get(event)?.delete(listener);
  }

  loadAsset(name: string) {
    return load(name);
  }

  #emit(event: string, value: any) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(this, value);
  }
}

/** Between two changes of the address: browsers allow few, and a slider moves often. */
const MILLISECONDS_BETWEEN = 300;

const changed: Set<PageModel> = new Set();

/** Write a widget's state into the page's address, a moment later. */
function remember(model: PageModel) {
  if (!model.key) return;
  if (changed.size === 0) setTimeout(writeAddress, MILLISECONDS_BETWEEN);
  changed.add(model);
}

function writeAddress() {
  let query = location.search;
  for (const { key, built, state } of changed) query = withState(query, key, built, state);
  changed.clear();
  if (query === location.search) return;
  try {
    history.replaceState(history.state, "", location.pathname + query + location.hash);
  } catch {
    // A browser may hold a page from a file to its address: the widget works all the same.
  }
}

const files: Map<string, Promise<any>> = new Map();

const receivers: Map<string, (value: any) => void> = new Map();

/**
 * What a script beside this one holds, loaded once a page however many widgets ask for it.
 *
 * The script hands it to `receive`, or bytes to `receiveAsset`: a page opened from a file may run scripts beside it, but
 * not fetch them.
 */
function load(name: string): Promise<any> {
  let file = files.get(name);
  if (!file) {
    file = new Promise((resolve, reject) => {
      receivers.set(name, resolve);
      const script = document.createElement("script");
      script.src = new URL(`${name}.js${name in VERSIONS ? `?v=${VERSIONS[name]}` : ""}`, HERE).href;
      script.onerror = () => reject(new Error(`The file ${name}.js could not be loaded.`));
      document.head.append(script);
    });
    files.set(name, file);
  }
  return file;
}

/** Called by a script beside this one. */
function receive(name: string, value: any) {
  receivers.get(name)?.(value);
}

/** Called by an asset's script. */
function receiveAsset(name: string, base64: string) {
  receive(name, fromBase64(base64));
}

function fromBase64(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

async function readModels(): Promise<Map<string, PageModel>> {
  const states = [...document.querySelectorAll(STATE)].map((script) => JSON.parse(script.textContent ?? "{}").state);
  if (STATE_FILE) states.push(await load(STATE_FILE));
  const models: Map<string, PageModel> = new Map();
  for (const state of states) {
    for (const [id, entry] of Object.entries<any>(state)) {
      if (entry.model_name !== "AnyModel") continue;
      models.set(id, new PageModel(entry.state));
    }
  }
  return models;
}

const modules: Map<string, Promise<WidgetModule>> = new Map();

function importModule(source: string): Promise<WidgetModule> {
  let module = modules.get(source);
  if (!module) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    module = import(url).then((loaded) => loaded.default).finally(() => URL.revokeObjectURL(url));
    modules.set(source, module);
  }
  return module;
}

const styles: Set<string> = new Set();

function addStyle(css: string) {
  if (!css || styles.has(css)) return;
  styles.add(css);
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
}

/** Load the traits that stand in files of their own. */
async function complete(model: PageModel) {
  const beside = Object.entries<string>(model.get("_beside") ?? {});
  const values = await Promise.all(beside.map(([, name]) => load(name)));
  beside.forEach(([trait], i) => (model.state[trait] = values[i]));
}

/**
 * Render one view after its script tag, and hide the picture that stood in for it.
 * @param isAsked  Whether the address asks for a state of it.
 */
async function mount(script: Element, model: PageModel, isAsked: boolean) {
  const el = document.createElement("div");
  script.after(el);
  try {
    await complete(model);
    addStyle(model.get("_css"));
    const module = await importModule(model.get("_esm"));
    await render(module, model, el, isAsked);
    script.parentElement?.querySelector(".llm-widget-picture")?.setAttribute("hidden", "");
  } catch (error) {
    el.textContent = `This widget could not start (${error}); the picture above still holds.`;
    console.error(error);
  }
}

/** With the state from the address or, where that is none that the widget can show, with the one it was built with. */
async function render(module: WidgetModule, model: PageModel, el: HTMLElement, isAsked: boolean) {
  try {
    await module.initialize?.({ model });
    await module.render({ model, el });
    if (isAsked && !location.hash) el.scrollIntoView({ block: "center" });
  } catch (error) {
    if (!isAsked) throw error;
    model.reset();
    el.replaceChildren();
    await module.render({ model, el });
  }
}

const counts: Map<string, number> = new Map();

/** What the address calls a widget: its name, numbered from the second of the same name on. */
function keyOf(name: string) {
  const count = (counts.get(name) ?? 0) + 1;
  counts.set(name, count);
  return count === 1 ? name : `${name}-${count}`;
}

/** How far from the part in view a widget starts: until then its picture stands. */
const NEAR = "800px 0px";

async function main() {
  const views = [...document.querySelectorAll(VIEW)];
  const near = views.map((script) => whenNear(script.parentElement ?? script, NEAR));
  // An address may ask for a state of a widget far down.
  if (!location.search) await Promise.race(near);
  const models = await readModels();
  views.forEach((script, i) => {
    const model = models.get(JSON.parse(script.textContent ?? "{}").model_id);
    if (!model) return;
    const isAsked = model.takeFromAddress(keyOf(model.get("_name")));
    if (isAsked) mount(script, model, isAsked);
    else near[i].then(() => mount(script, model, isAsked));
  });
}

Object.assign(globalThis, { llmCourse: { receive, receiveAsset } });
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", main);
else main();
