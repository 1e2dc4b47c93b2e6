// Looks up in the book's sections what a reader types, in the search dialog and on the search page.
{
  const FIELDS = ["asked", "title", "names", "page", "text", "formulas"];
  const FEW = 3;
  const SHOWN = 12;
  const EXCERPT = 170; // characters
  // Words that questions are made of.
  const EMPTY = new Set(("a an and are as at be by can do does for from how i if in into is it its me my of on or so " +
    "that the their them there this to was we what when where which who why will with you your").split(" "));
  const HERE = document.currentScript.src;
  const ROOT = document.documentElement.dataset.content_root;

  // A plural is found by its singular.
  const processTerm = (term) => {
    const word = term.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
    return EMPTY.has(word) ? null : /[^su]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word;
  };

  const load = (name) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(name, HERE).href;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`The file ${name} could not be loaded.`));
    document.head.append(script);
  });

  let sections;
  let loading;
  const index = () => loading ??= (async () => {
    await load("minisearch.js");
    await load("search-sections.js");
    const found = new MiniSearch({ idField: "address", fields: FIELDS, storeFields: ["title", "page", "text"], processTerm });
    found.addAll(sections);
    return found;
  })();

  // What explains comes before what lists or asks.
  const weigh = (address) => (/exercises|references|notation|summary$|check(-yourself)?$|further-reading$/.test(address) ? 0.4
    : address.startsWith("chapters/glossary") ? 0.6 : address.includes("/further.") ? 0.7 : 1);

  const search = async (query) => {
    const found = await index();
    const options = {
      boost: { asked: 10, title: 4, names: 3, page: 1.5, text: 1, formulas: 0.5 },
      boostDocument: weigh,
      prefix: (term, i, terms) => i === terms.length - 1 && term.length > 1,
      // A long word is found in its other forms: hallucinate, hallucination.
      fuzzy: (term) => (term.length > 9 ? 0.3 : term.length > 5 ? 0.2 : false),
    };
    const all = found.search(query, { ...options, combineWith: "AND" });
    if (all.length >= FEW) return all;
    const known = new Set(all.map(({ id }) => id));
    return [...all, ...found.search(query, options).filter(({ id }) => !known.has(id))];
  };

  // The text around the first word that was found, with all of them marked.
  const excerpt = (text, words) => {
    const pattern = new RegExp(`\\b(?:${words.map((word) => word.replace(/[^\p{L}\p{N}]/gu, "\\$&")).join("|")})[\\p{L}\\p{N}]*`, "giu");
    const first = Math.max(0, text.search(pattern));
    let start = first < EXCERPT / 2 ? 0 : text.indexOf(" ", first - EXCERPT / 3) + 1;
    const sentence = text.lastIndexOf(". ", first);
    if (sentence >= 0 && first - sentence < EXCERPT / 2) start = sentence + 2;
    let end = start + EXCERPT;
    end = end >= text.length ? text.length : text.lastIndexOf(" ", end);
    const piece = text.slice(start, end);
    const parts = [start > 0 && start !== sentence + 2 ? "… " : ""];
    let last = 0;
    for (const match of piece.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      parts.push(piece.slice(last, match.index), mark);
      last = match.index + match[0].length;
    }
    parts.push(piece.slice(last), end < text.length ? " …" : "");
    return parts;
  };

  const make = (tag, name, ...children) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    node.append(...children);
    return node;
  };

  const item = ({ id, title, page, text, terms }) => {
    const link = make("a", "", make("span", "hit-title", title), title === page ? "" : make("span", "hit-page", page));
    link.href = ROOT + id;
    return make("li", "", link, make("p", "hit-text", ...excerpt(text, terms)));
  };

  const attach = (form) => {
    const field = form.querySelector("input");
    const said = make("p", "search-said");
    said.setAttribute("role", "status");
    const list = make("ol", "search-hits");
    const results = make("div", "search-results", said, list);
    form.after(results);
    let asked = 0;

    const show = async () => {
      const query = field.value.trim();
      const mine = ++asked;
      if (query.length < 2) {
        said.textContent = "";
        list.replaceChildren();
        return;
      }
      if (!sections) said.textContent = "Loading the book's index …";
      try {
        const hits = await search(query);
        if (mine !== asked) return;
        said.textContent = hits.length ? `${hits.length} section${hits.length > 1 ? "s" : ""}` : `Nothing found for “${query}”.`;
        list.replaceChildren(...hits.slice(0, SHOWN).map(item));
      } catch (error) {
        said.textContent = String(error.message);
      }
    };

    field.addEventListener("focus", () => index().catch(() => {}), { once: true });
    field.addEventListener("input", show);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      list.querySelector("a")?.click();
    });
    results.parentElement.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const places = [field, ...list.querySelectorAll("a")];
      const next = places[places.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) next.focus();
      event.preventDefault();
    });
    list.addEventListener("click", () => form.closest("dialog")?.close());
    return { field, show };
  };

  globalThis.courseSearch = { receive: (found) => (sections = found), search };
  for (const form of document.querySelectorAll("form.bd-search")) {
    const { field, show } = attach(form);
    const asked = new URLSearchParams(location.search).get("q");
    if (asked && !form.closest("dialog")) {
      field.value = asked;
      show();
    }
  }
}
