// board.js — moving cards: by dragging, and by one shared menu for keyboard and touch. The card moves first, the server
// answers with the card and the lanes as they are; what it refuses goes back, what somebody else moved goes where it is.
(() => {
  "use strict";
  const board = () => document.getElementById("funnel-board");
  const menu = () => document.getElementById("funnel-menu");
  const dialog = () => document.getElementById("funnel-ask");
  const list = (stage) => board().querySelector(`[data-stage="${stage}"]`);
  const moves = new Map(); // deal → the move under way
  let asking = null, chosen = null;

  function settle(move) { moves.delete(move.deal); move.card.classList.remove("is-saving"); }
  function back(move) { settle(move); if (move.card.isConnected) move.from.insertBefore(move.card, move.next?.parentElement === move.from ? move.next : null); }
  function focus(card) { (card.querySelector("[data-funnel-menu]") ?? card.querySelector("a"))?.focus({ preventScroll: true }); }

  function begin(card, stage, from, next) {
    const deal = card.dataset.deal, to = list(stage);
    if (moves.has(deal)) { from.insertBefore(card, next); return; }
    const move = { card, deal, stage, from, next, was: from.dataset.stage };
    moves.set(deal, move);
    to.prepend(card); to.scrollTop = 0; card.classList.add("is-saving");
    const ending = to.dataset.outcome;
    if (ending === "lost" || (ending === "won" && "amounts" in to.dataset && !card.querySelector(".kcard__sum"))) ask(move); else send(move);
  }
  function context(move) { return { stage: move.stage, was: move.was, board: "1", pipeline: board().dataset.pipeline, owner: board().dataset.owner }; }
  function send(move) { htmx.ajax("POST", `/funnel/deals/${move.deal}/move`, { source: move.card, target: board(), swap: "none", values: context(move) }); }

  /* losing asks why, winning asks for how much: the server's form, in the page's one dialog */
  async function ask(move) {
    asking = move;
    await htmx.ajax("GET", `/funnel/deals/${move.deal}/move?${new URLSearchParams(context(move))}`, { source: move.card, target: dialog(), swap: "innerHTML" });
    if (moves.get(move.deal) !== move) return;
    if (dialog().querySelector("form")) dialog().showModal(); else back(move);
  }
  function closed() { const move = asking; asking = null; if (move && moves.get(move.deal) === move) { back(move); focus(move.card); } }

  document.addEventListener("funnel:placed", (e) => {
    const { deal, stage } = e.detail, move = moves.get(String(deal)), card = document.getElementById(`deal-${deal}`);
    if (move) settle(move);
    if (asking === move) { asking = null; dialog().close(); dialog().replaceChildren(); }
    if (!card) return;
    const to = stage === null ? null : list(stage);
    card.classList.remove("is-saving");
    if (!to) card.remove(); else if (card.parentElement !== to) to.prepend(card);
    if (to) focus(card);
  });
  function failed(e) {
    const source = e.detail.ctx?.sourceElement, move = moves.get(source?.dataset?.deal);
    if (move) { if (asking === move) asking = null; back(move); }
  }
  document.addEventListener("htmx:response:error", failed);
  document.addEventListener("htmx:error", failed);

  /* an undo from the toast changes the board: read it again */
  document.addEventListener("htmx:after:request", (e) => {
    const ctx = e.detail.ctx;
    if (board() && /^\/operations\/\d+\/undo$/.test(new URL(ctx.request.action, location.href).pathname) && ctx.response.status < 400) refresh();
  });
  function refresh() { htmx.ajax("GET", location.pathname + location.search, { source: board(), target: board(), swap: "outerHTML" }); }

  /* the menu */
  function openMenu(link) {
    chosen = link.closest(".kcard");
    const here = chosen.parentElement.dataset.stage;
    for (const item of menu().querySelectorAll("[data-funnel-to]")) item.hidden = item.dataset.funnelTo === here;
    menu().querySelector("[data-funnel-open]").href = `/funnel/deals/${chosen.dataset.deal}/edit`;
    menu().showPopover({ source: link });
    menu().querySelector("[data-funnel-to]:not([hidden])")?.focus();
  }
  document.addEventListener("click", (e) => {
    const link = e.target.closest("[data-funnel-menu]");
    if (link && !e.ctrlKey && !e.metaKey && !e.shiftKey && menu()) { e.preventDefault(); if (menu().matches(":popover-open")) menu().hidePopover(); openMenu(link); return; }
    const item = e.target.closest("[data-funnel-to]");
    if (item && chosen) { const card = chosen; menu().hidePopover(); begin(card, item.dataset.funnelTo, card.parentElement, card.nextElementSibling); focus(card); }
    if (e.target.closest("[data-funnel-cancel]")) dialog().close();
  });
  document.addEventListener("keydown", (e) => {
    if (!menu()?.matches(":popover-open") || !["ArrowDown", "ArrowUp"].includes(e.key)) return;
    const items = [...menu().querySelectorAll(".menu__item:not([hidden])")], at = items.indexOf(document.activeElement);
    items[(at + (e.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus(); e.preventDefault();
  });

  /* dragging */
  function prepare() {
    const at = board();
    if (!at || at.dataset.prepared) return;
    at.dataset.prepared = "1";
    dialog().addEventListener("close", closed);
    if (!window.Sortable || !("mayMove" in at.dataset)) return;
    for (const el of at.querySelectorAll("[data-stage]")) {
      let next = null;
      new Sortable(el, {
        group: "deals", draggable: ".kcard", animation: 140, delay: 120, delayOnTouchOnly: true, filter: ".funnel-more", preventOnFilter: false,
        onStart: (e) => { next = e.item.nextElementSibling; },
        onMove: (e) => { for (const lane of at.querySelectorAll(".lane")) lane.classList.toggle("is-over", lane === e.to.closest(".lane") && e.to !== e.from); },
        onEnd: (e) => {
          at.querySelector(".lane.is-over")?.classList.remove("is-over");
          if (e.from === e.to) e.from.insertBefore(e.item, next); else begin(e.item, e.to.dataset.stage, e.from, next);
        },
      });
    }
  }
  prepare();
  // Sortable leaves style attributes behind, which htmx would copy to the new cards: the content policy forbids that.
  document.addEventListener("htmx:before:swap", () => { for (const el of board()?.querySelectorAll("[style]") ?? []) el.removeAttribute("style"); });
  document.addEventListener("htmx:after:swap", prepare);
})();
