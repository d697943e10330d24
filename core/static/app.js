// Everything the pages do by themselves that htmx does not do. Strict CSP: no eval, no inline handlers, listeners on the document.
// Words come from <template id="words">, in the reader's language; nothing here is written for people.
const $ = (selector, inside = document) => inside.querySelector(selector);
const $$ = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const root = document.documentElement;
const words = $("#words")?.dataset ?? {};
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* forbidden: for this page only */ } };

/* --- toasts: HX-Trigger {"toast": {"text", "undo", "tone"}}, or the message a redirect left in data-flash ---------------- */
function toast({ text, undo, tone }) {
  const box = $("#toasts");
  if (!box || !text) return;
  const line = document.createElement("div");
  line.className = "toast";
  if (tone) line.dataset.tone = tone;
  const said = document.createElement("span");
  said.textContent = text;
  line.append(said);
  const leave = () => { line.classList.add("is-leaving"); setTimeout(() => line.remove(), 200); };
  const button = (name, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = name;
    if (name) { made.setAttribute("aria-label", label); made.textContent = "×"; } else made.textContent = label;
    made.addEventListener("click", () => { line.remove(); act?.(); });
    line.append(made);
  };
  if (undo) button("", words.undo, () => typeof undo === "function" ? undo() : htmx.ajax("POST", undo, { swap: "none", target: "#toasts" }));
  button("toast__x", words.close);
  box.append(line);
  while (box.children.length > 4) box.firstElementChild.remove();
  let timer, life = undo ? 9000 : tone === "red" ? 8000 : 4500;
  const start = () => { timer = setTimeout(leave, life); };
  // Nobody is hurried while they read or reach for the button (WCAG 2.2.1).
  line.addEventListener("pointerenter", () => clearTimeout(timer));
  line.addEventListener("focusin", () => clearTimeout(timer));
  line.addEventListener("pointerleave", start);
  line.addEventListener("focusout", start);
  start();
}
globalThis.smalta = { toast, words };
document.addEventListener("toast", (e) => toast(e.detail.text ? e.detail : { text: e.detail.value }));
document.addEventListener("htmx:error", () => toast({ text: words.offline, tone: "red" }));
document.addEventListener("htmx:response:error", (e) => {
  const { response } = e.detail.ctx;
  const told = response.headers?.get?.("HX-Trigger") ?? "";
  if (response.status >= 500 && !told.includes("toast")) toast({ text: words.broken, tone: "red" });
});
const flash = $("#toasts")?.dataset.flash;
if (flash) { try { toast(JSON.parse(flash)); } catch { /* a damaged cookie */ } }

/* --- palette ----------------------------------------------------------------------------------------------------------- */
const palette = $("#palette"), paletteInput = palette && $("input", palette);
function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  paletteInput.select();
  paletteInput.dispatchEvent(new CustomEvent("palette:open"));
}
const options = () => $$("[role=option]:not([aria-disabled])", palette);
function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (!option) return paletteInput.removeAttribute("aria-activedescendant");
  paletteInput.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}
function move(step) {
  const all = options(), now = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (all.length) choose(all[(now + step + all.length) % all.length]);
}
palette?.addEventListener("keydown", (e) => {
  const act = {
    ArrowDown: () => move(1), ArrowUp: () => move(-1),
    Escape: () => palette.close(), // a search input would swallow the first Esc to clear itself
    Enter: () => {
      const chosen = $('[aria-selected="true"]', palette);
      if (chosen && (e.ctrlKey || e.metaKey) && !chosen.dataset.do) window.open(chosen.href, "_blank", "noopener");
      else chosen?.click();
    },
  }[e.key];
  if (act) { e.preventDefault(); e.stopPropagation(); act(); }
});
palette?.addEventListener("pointermove", (e) => { const over = e.target.closest?.("[role=option]"); if (over && (e.movementX || e.movementY)) choose(over); });
document.addEventListener("htmx:after:swap", () => { if (palette?.open) choose(options()[0]); });
// htmx wires the page a moment after it is shown: whoever was faster than that is answered now.
document.addEventListener("htmx:after:process", () => {
  if (palette?.open && !$("#palette-list").firstElementChild) paletteInput.dispatchEvent(new CustomEvent("palette:open"));
});

/* --- theme and density: what is chosen here stays on this device ------------------------------------------------------------ */
function switchTheme() {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  keep("theme", root.dataset.theme);
}
const commands = { theme: switchTheme, shortcuts: () => $("#shortcuts")?.showModal() };

/* --- keyboard. Codes, not letters: they are the same keys in the Russian layout ---------------------------------------------- */
const single = document.body.dataset.shortcuts !== "off";
const typing = (e) => e.target.closest?.("input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]");
let wentG = 0;
function goTo(code) {
  const link = $(`[data-go="${code}"]`);
  link?.click();
  return Boolean(link);
}
function alongList(step) {
  const links = $$("#rows .rowlink, #rows .row-link"), now = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, now + step))]?.focus();
  return links.length > 0;
}
const rowOf = () => document.activeElement?.closest?.("#rows tr");
const singles = {
  KeyG: () => { wentG = Date.now(); },
  KeyC: () => $("[data-create=first]")?.click(),
  KeyJ: () => alongList(1),
  KeyK: () => alongList(-1),
  KeyX: () => rowOf() && $(".check", rowOf())?.click(),
  KeyE: () => $("[data-key=edit]")?.click(),
  Space: () => { const peek = rowOf() && $("[hx-target='#peek']", rowOf()); peek?.click(); return Boolean(peek); },
  Slash: () => { const field = $('.toolbar [type="search"]'); if (field) field.focus(); else openPalette(); },
};
function escape(e) {
  const edit = e.target.closest?.(".fact__edit");
  if (edit) return $("[data-cancel-btn]", edit)?.click();
  if ($("#peek")?.firstElementChild && !$("dialog[open], [popover]:popover-open")) closePeek();
}
document.addEventListener("keydown", (e) => {
  if ((e.ctrlKey || e.metaKey) && e.code === "KeyK") { e.preventDefault(); return openPalette(); }
  if ((e.ctrlKey || e.metaKey) && e.key === "Enter" && e.target.form) { e.preventDefault(); return e.target.form.requestSubmit(); }
  if (e.key === "Escape") return escape(e);
  if (!single || typing(e) || e.ctrlKey || e.metaKey || e.altKey || e.repeat && e.code === "KeyG" || $("dialog[open]")) return;
  if (e.shiftKey) { if (e.key === "?" || e.code === "Slash" || e.code === "Digit7" && e.key === "?") { e.preventDefault(); commands.shortcuts(); } return; }
  if (e.code === "Space" && !rowOf()) return;
  if (Date.now() - wentG < 1000) { wentG = 0; if (goTo(e.code)) return e.preventDefault(); }
  const act = singles[e.code];
  if (act && act() !== false) e.preventDefault();
});

/* --- one click listener for the page ------------------------------------------------------------------------------------------ */
let peekFrom = null;
function closePeek() { $("#peek").replaceChildren(); peekFrom?.focus(); }
document.addEventListener("click", (e) => {
  const on = (selector) => e.target.closest?.(selector);
  const plain = !(e.ctrlKey || e.metaKey || e.shiftKey || e.button);
  if (on("[data-open=palette]") && plain && palette) { e.preventDefault(); openPalette(); }
  if (on("[data-theme-toggle]")) switchTheme();
  const command = on("[data-do]");
  if (command && plain && commands[command.dataset.do]) { e.preventDefault(); palette?.close(); commands[command.dataset.do](); }
  const opener = on("[data-dialog]");
  if (opener) { opener.closest("[popover]")?.hidePopover(); $("#" + opener.dataset.dialog)?.showModal(); }
  if (on("[data-dialog-close]") || e.target.matches?.("dialog[open]") && !e.target.dataset.modal) on("dialog")?.close();
  const density = on("[data-density-set]");
  if (density) { root.dataset.density = density.dataset.densitySet; keep("density", root.dataset.density); density.closest("[popover]")?.hidePopover(); }
  const peek = on("[hx-target='#peek']");
  if (peek) peekFrom = $(".rowlink, .row-link", peek.closest("tr") ?? document) ?? peek;
  if (on("[data-peek-close]")) { e.preventDefault(); closePeek(); }
  if (on("[data-uncheck]")) { for (const box of $$("#rows .check:checked, [data-check-all]:checked")) box.checked = false; countChosen(); }
  if (on("[data-print]")) window.print();
  const copy = on("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => toast({ text: copy.dataset.copied || copy.dataset.copy }));
});

/* --- choosing rows: shift for a range, the head for all of the page --------------------------------------------------------------- */
let lastBox = null;
function countChosen() {
  const number = $$("#rows .check:checked").length, all = $$("#rows .check").length, head = $("[data-check-all]");
  for (const place of $$("[data-bulk-count]")) place.textContent = place.dataset.bulkText ? `${place.dataset.bulkText} ${number}` : words.selected.replace("{n}", number);
  if (head) { head.checked = all > 0 && number === all; head.indeterminate = number > 0 && number < all; }
}
document.addEventListener("click", (e) => {
  if (!e.target.matches?.("#rows .check")) return;
  const boxes = $$("#rows .check"), here = boxes.indexOf(e.target), there = boxes.indexOf(lastBox);
  if (e.shiftKey && there >= 0) for (const box of boxes.slice(Math.min(here, there), Math.max(here, there) + 1)) box.checked = e.target.checked;
  lastBox = e.target;
  countChosen();
});
document.addEventListener("change", (e) => {
  if (e.target.matches("[data-check-all]")) { for (const box of $$("#rows .check")) box.checked = e.target.checked; countChosen(); }
  if (e.target.matches("[data-submit-on-change]")) e.target.form.requestSubmit();
});
document.addEventListener("htmx:after:swap", countChosen);

/* --- a link picker that is folded: opening it begins the search, choosing with the pointer folds it again ----------------------------- */
document.addEventListener("toggle", (e) => { if (e.target.matches?.(".picker__box[open]")) $("[type=search]", e.target)?.focus(); }, true);
document.addEventListener("change", (e) => {
  const box = e.target.type === "radio" && e.target.closest(".picker__box");
  if (box) $("[data-picked]", box).textContent = e.target.closest("label").textContent.trim();
});
document.addEventListener("click", (e) => {
  const box = e.detail > 0 && e.target.matches?.(".picker__box [type=radio]") && e.target.closest(".picker__box");
  if (box) { box.open = false; $("summary", box).focus(); }
});

/* --- after a swap the focus must not fall to the body ------------------------------------------------------------------------------ */
let focused = null;
document.addEventListener("htmx:before:swap", () => {
  const now = document.activeElement;
  focused = now && now !== document.body ? { id: now.id, form: now.closest("form")?.id, around: now.closest("[id]:not(form)")?.id } : null;
});
const lost = () => document.activeElement === document.body;
/* the same control, else a field of the same form, else whatever can hold the focus in the same part of the page */
function refocus({ id, form, around }) {
  const byId = (name) => (name ? document.getElementById(name) : null);
  const fields = $$("textarea, input:not([type=hidden], [type=radio], [type=checkbox]), select, button", byId(form) || document.createElement("i"));
  const rest = $$("a[href], button, [tabindex]", byId(around) || $("#main"));
  for (const one of [byId(id), ...fields, ...rest, $("#main")]) {
    one?.focus({ preventScroll: true });
    if (!lost()) return;
  }
}
document.addEventListener("htmx:after:settle", () => { if (focused && lost()) refocus(focused); });

/* --- times that run out: <time data-sla datetime> turns amber in its last hour and red when it is over ------------------------------- */
function tick() {
  for (const each of $$("[data-sla]")) {
    const left = Date.parse(each.dateTime) - Date.now();
    if (!Number.isNaN(left)) each.dataset.tone = left < 0 ? "red" : left < 36e5 ? "amber" : each.dataset.tone;
  }
}
if ($("[data-sla]")) { tick(); setInterval(tick, 30000); }

/* --- the same form is not sent twice by a double click; htmx does it for its own ------------------------------------------------------- */
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (form.method !== "post" || e.defaultPrevented || form.closest("[hx-post],[hx-patch],[hx-put],[hx-delete]")) return;
  if (form.dataset.sent && Date.now() - form.dataset.sent < 4000) return e.preventDefault();
  form.dataset.sent = Date.now();
});
window.addEventListener("pageshow", () => { for (const form of $$("form[data-sent]")) delete form.dataset.sent; });

/* --- a form with changes that are not saved asks before the page is left --------------------------------------------------------------- */
let dirty = false;
document.addEventListener("input", (e) => { if (e.target.closest?.("form[data-guard]")) dirty = true; });
document.addEventListener("submit", () => { dirty = false; });
window.addEventListener("beforeunload", (e) => { if (dirty) e.preventDefault(); });
