/**
 * The types that modules share.
 *
 * @typedef {number[][]} Matrix  Rows of numbers.
 *
 * @typedef {object} Model  A widget's synchronized state, in JupyterLab or on a static page.
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {() => void} save_changes
 * @property {(event: string, listener: (...values: any[]) => void) => void} on
 * @property {(event: string, listener: (...values: any[]) => void) => void} off
 * @property {(message: any) => void} [send]  To the kernel, where there is one.
 * @property {(name: string) => Promise<ArrayBuffer>} [loadAsset]  Where there is none: a file beside the page.
 *
 * @typedef {object} WidgetModule
 * @property {(context: { model: Model }) => void | Promise<void>} [initialize]
 * @property {(context: { model: Model, el: HTMLElement }) => void | (() => void) | Promise<void | (() => void)>} render
 */
export {};
