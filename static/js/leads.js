// The lead pages: the dialog and the panel that htmx fills, rows by keyboard, reasons only where a move needs one.
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

  // ---------- the panel: the lead of a row, beside the list ----------
  let shown = null; // the link of the row in the panel
  const panelOpen = () => Boolean(byId('panel')?.matches(':popover-open'));
  const wide = window.matchMedia('(min-width: 761px)');
  function openPanel(link) {
    shown = link;
    window.htmx.ajax('GET', `${link.href}?panel`, { source: link, target: '#panel-body', swap: 'innerHTML' });
  }
  function markRow(row) {
    document.querySelectorAll('.in-panel').forEach((one) => one.classList.remove('in-panel'));
    document.body.classList.toggle('has-panel', Boolean(row));
    if (row) row.classList.add('in-panel');
  }
  function closePanel() {
    byId('panel').hidePopover();
    byId('panel-body').replaceChildren();
    markRow(null);
    if (shown?.isConnected) shown.focus();
    shown = null;
  }
  document.addEventListener('htmx:after:swap', (event) => {
    const { ctx } = event.detail;
    if (ctx.target?.id !== 'panel-body' || ctx.response?.status >= 400) return;
    if (!shown) return byId('panel-body').replaceChildren(); // an answer that comes after the panel was closed opens nothing
    if (!panelOpen()) byId('panel').showPopover();
    byId('panel').scrollTop = 0;
    markRow(shown?.closest('[data-row]'));
    byId('panel-title')?.focus();
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-panel-close]')) return closePanel();
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const row = event.target.closest('[data-panel-rows] [data-row]');
    if (!row || !byId('panel')) return;
    const link = row.querySelector('[data-open]');
    const on = event.target.closest('a, button, input, label, select, summary');
    if (on && on !== link) return;
    if (!on && String(window.getSelection())) return; // somebody is marking text
    if (!wide.matches || !window.htmx) {
      if (!on) link.click();
      return;
    }
    event.preventDefault();
    openPanel(link);
  });

  // ---------- a telephone number or an address: it does what it does, and the log of that contact opens ----------
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-log]');
    if (!link || !window.htmx || !byId('ask')) return;
    opener = link;
    window.htmx.ajax('GET', link.dataset.log, { target: '#ask-body', swap: 'innerHTML' });
  });

  // ---------- what was just done: for ten seconds, unless somebody is about to take it back ----------
  function briefly(toast) {
    toast.classList.add('is-brief');
    const busy = () => toast.matches(':hover') || toast.querySelector('button') === document.activeElement;
    const leave = () => {
      if (busy()) return setTimeout(leave, 2000);
      if (toast.contains(document.activeElement)) document.querySelector('h1')?.setAttribute('tabindex', '-1');
      if (toast.contains(document.activeElement)) document.querySelector('h1')?.focus();
      toast.remove();
    };
    setTimeout(leave, 10000);
  }

  // ---------- rows ----------
  const rows = () => [...document.querySelectorAll('[data-row]')];
  const picks = () => [...document.querySelectorAll('[data-pick]')];
  function countPicks() {
    const words = document.querySelector('[data-picked-count]');
    if (!words) return;
    const count = picks().filter((box) => box.checked).length;
    const all = document.querySelector('[data-all]');
    if (all && !count) all.checked = false;
    if (all?.checked) words.textContent = 'All that were found are selected:';
    else words.textContent = count === 1 ? '1 lead selected:' : `${count} leads selected:`;
  }
  document.addEventListener('change', (event) => {
    if (event.target.name === 'to_stage') dressMoves(document);
    if (event.target.matches('[data-pick-all]')) {
      picks().forEach((box) => { box.checked = event.target.checked; });
    }
    if (event.target.matches('[data-pick-all], [data-pick], [data-all]')) countPicks();
  });
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

  // ---------- keys ----------
  const rowHere = () => document.activeElement?.closest('[data-row]') || (panelOpen() && shown?.closest('[data-row]')) || null;
  function step(by) {
    const here = rowHere();
    const column = here?.closest('[data-stage]');
    const all = column ? [...column.querySelectorAll('[data-row]')] : rows().filter((row) => row.offsetParent);
    if (!all.length) return false;
    const at = all.indexOf(here);
    const next = all[Math.min(Math.max(at === -1 ? (by > 0 ? 0 : all.length - 1) : at + by, 0), all.length - 1)];
    const link = next.querySelector('[data-open]');
    if (panelOpen()) openPanel(link);
    else link.focus();
    return true;
  }
  function pick() {
    const box = rowHere()?.querySelector('[data-pick]');
    if (!box) return false;
    box.checked = !box.checked;
    countPicks();
    return true;
  }
  function press(key) {
    const scope = panelOpen() ? byId('panel') : document;
    const found = (key === 'm' && !panelOpen() && rowHere()?.querySelector('[data-row-move]')) || scope.querySelector(`[data-key="${key}"]`);
    if (found) found.click();
    return Boolean(found);
  }
  const KEYS = { j: () => step(1), k: () => step(-1), x: pick };
  for (const key of 'mnar') KEYS[key] = () => press(key);
  document.addEventListener('tandem:key', (event) => {
    if (!byId('ask')?.open && KEYS[event.detail]?.()) event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || !panelOpen() || byId('ask')?.open) return;
    if (document.querySelector('[popover]:not([popover="manual"]):popover-open')) return;
    event.preventDefault();
    closePanel();
  });
  document.addEventListener('DOMContentLoaded', () => {
    dressMoves(document);
    countPicks();
    document.querySelectorAll('[data-toast]').forEach(briefly);
  });
})();
