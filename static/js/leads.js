// The lead pages: the dialog that htmx fills, rows by keyboard, reasons only where a move needs one.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);

  // ---------- the dialog ----------
  let opener = null;
  document.addEventListener('htmx:before:request', (event) => {
    const { ctx } = event.detail;
    if (ctx.target?.id === 'ask-body' && !byId('ask').open) opener = ctx.sourceElement;
  });
  document.addEventListener('htmx:after:swap', (event) => {
    if (event.detail.ctx.target?.id !== 'ask-body') return;
    const ask = byId('ask');
    if (!byId('ask-body').children.length) return;
    if (!ask.open) ask.showModal();
    ask.scrollTop = 0;
    dressMoves(ask);
    const first = ask.querySelector('[data-focus]') || ask.querySelector('form :is(input:not([type=hidden]), select, textarea)') || byId('ask-title');
    if (first) first.focus();
  });
  document.addEventListener('click', (event) => {
    const ask = byId('ask');
    if (ask?.open && (event.target.closest('[data-close]') || event.target === ask)) {
      event.preventDefault();
      ask.close();
    }
  });
  document.addEventListener('close', (event) => {
    if (event.target.id !== 'ask') return;
    byId('ask-body').replaceChildren();
    if (opener?.isConnected) opener.focus();
    opener = null;
  }, true);

  // ---------- a move: the reason shows when the stage needs one, with the reasons of that use alone ----------
  const TITLES = { return: 'Back to an earlier stage', recycle: 'Not now', disqualify: 'Will not buy', lost: 'Lost' };
  function dressMoves(scope) {
    scope.querySelectorAll('form[data-move]').forEach((form) => {
      const field = form.querySelector('[data-field="reason"]');
      if (!field) return;
      const use = form.querySelector('input[name="to_stage"]:checked')?.dataset.use || '';
      const select = field.querySelector('select');
      field.hidden = !use;
      select.required = Boolean(use);
      for (const group of select.querySelectorAll('optgroup')) {
        const off = group.label !== TITLES[use];
        group.hidden = off;
        group.disabled = off;
      }
      if (select.selectedOptions[0]?.parentElement.disabled || !use) select.value = '';
    });
  }
  document.addEventListener('change', (event) => {
    if (event.target.name === 'to_stage') dressMoves(document);
    if (event.target.matches('[data-pick-all]')) {
      picks().forEach((box) => { box.checked = event.target.checked; });
    }
    if (event.target.matches('[data-pick-all], [data-pick]')) countPicks();
  });

  // ---------- rows ----------
  const rows = () => [...document.querySelectorAll('[data-row]')];
  const picks = () => [...document.querySelectorAll('[data-pick]')];
  function countPicks() {
    const words = document.querySelector('[data-picked-count]');
    const count = picks().filter((box) => box.checked).length;
    if (words) words.textContent = count === 1 ? '1 lead selected:' : `${count} leads selected:`;
  }
  document.addEventListener('reset', () => setTimeout(countPicks));
  // Many leads at once: the same form in the dialog instead of a page of its own.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('.picked') || !window.htmx) return;
    event.preventDefault();
    opener = event.submitter;
    const query = new URLSearchParams(new FormData(form));
    const action = event.submitter?.getAttribute('formaction') || form.action;
    window.htmx.ajax('GET', `${action}?${query}`, { target: '#ask-body', swap: 'innerHTML' });
  });

  function keysOn() {
    try { return window.localStorage.getItem('keys') !== 'off'; } catch { return true; }
  }
  function step(by) {
    const all = rows();
    if (!all.length) return false;
    const here = all.indexOf(document.activeElement?.closest('[data-row]'));
    const next = all[Math.min(Math.max(here === -1 ? (by > 0 ? 0 : all.length - 1) : here + by, 0), all.length - 1)];
    next.querySelector('[data-open]').focus();
    return true;
  }
  function pick() {
    const box = document.activeElement?.closest('[data-row]')?.querySelector('[data-pick]');
    if (!box) return false;
    box.checked = !box.checked;
    countPicks();
    return true;
  }
  function press(key) {
    const found = document.querySelector(`[data-key="${key}"]`);
    if (found) found.click();
    return Boolean(found);
  }
  const KEYS = { j: () => step(1), k: () => step(-1), x: pick, n: () => press('n') };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || byId('ask')?.open) return;
    if (event.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') || !keysOn()) return;
    if (KEYS[event.key]?.()) event.preventDefault();
  });
  document.addEventListener('DOMContentLoaded', () => {
    dressMoves(document);
    countPicks();
  });
})();
