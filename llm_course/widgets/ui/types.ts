/** The types that modules share. */

/** Rows of numbers. */
export type Matrix = number[][];

/** A widget's synchronized state, in JupyterLab or on a static page. */
export interface Model {
  get: (name: string) => any;
  set: (name: string, value: any) => void;
  save_changes: () => void;
  on: (event: string, listener: (...values: any[]) => void) => void;
  off: (event: string, listener: (...values: any[]) => void) => void;
  send?: (message: any) => void; // To the kernel, where there is one.
  loadAsset?: (name: string) => Promise<ArrayBuffer>; // Where there is none: a file beside the page.
}

export interface WidgetModule {
  initialize?: (context: { model: Model }) => void | Promise<void>;
  render: (context: { model: Model, el: HTMLElement }) => void | (() => void) | Promise<void | (() => void)>;
}
