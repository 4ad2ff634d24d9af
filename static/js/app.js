// What every page needs beyond HTML: waiting, errors and focus around htmx, the explain drawer, keys, print.
(() => {
  'use strict';
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  function announce(text) {
    const live = byId('live');
    if (live) live.textContent = text;
  }

  // ---------- waiting: nothing below 0.3 s, then the bar at the top ----------
  const running = new Map();
  document.addEventListener('htmx:before:request', (event) => {
    const { ctx } = event.detail;
    hideTrouble();
    running.set(ctx, setTimeout(() => {
      root.dataset.busy = '';
      if (ctx.target instanceof Element) ctx.target.setAttribute('aria-busy', 'true');
    }, 300));
  });
  document.addEventListener('htmx:finally:request', (event) => {
    const { ctx } = event.detail;
    clearTimeout(running.get(ctx));
    running.delete(ctx);
    if (ctx.target instanceof Element) ctx.target.removeAttribute('aria-busy');
    if (running.size === 0) delete root.dataset.busy;
  });

  // ---------- errors: what happened, what it means, what to do ----------
  const TROUBLE = {
    400: 'The request could not be read. Nothing was changed. Reload the page and try again.',
    403: 'You may not do that, or the page was open for too long. Nothing was changed. Reload the page and try again.',
    404: 'That no longer exists, or you may not see it. Reload the page.',
    429: 'Too many requests in a short time. Nothing was changed. Wait a minute and try again.'
  };
  function showTrouble(text) {
    const box = byId('trouble');
    if (!box) return;
    box.querySelector('p').textContent = text;
    box.hidden = false;
  }
  function hideTrouble() {
    const box = byId('trouble');
    if (box) box.hidden = true;
  }
  document.addEventListener('htmx:response:error', (event) => {
    const { status } = event.detail.ctx.response;
    // A form with its errors (422) and a conflict (409) are swapped in and speak for themselves.
    if (status === 409 || status === 422) return;
    showTrouble(TROUBLE[status] || 'The server could not answer. What you typed is still here. Try again in a minute.');
  });
  document.addEventListener('htmx:error', (event) => {
    // Errors of the page's own markup carry no request.
    if (event.detail.ctx) showTrouble('No answer from the server. What you typed is still here. Check the connection and try again.');
  });
  document.addEventListener('htmx:before:swap', (event) => {
    const raw = event.detail.ctx.response?.raw;
    const signIn = document.body.dataset.signIn;
    // The session ended meanwhile: a fragment must not become a sign-in form in the middle of a page.
    if (signIn && raw?.redirected && new URL(raw.url).pathname === signIn) {
      event.preventDefault();
      const here = window.location.pathname + window.location.search;
      window.location.assign(`${signIn}?next=${encodeURIComponent(here)}`);
    }
  });

  // ---------- the explain drawer ----------
  let invoker = null;
  document.addEventListener('htmx:before:request', (event) => {
    const { ctx } = event.detail;
    if (ctx.target?.id === 'explain-body') invoker = ctx.sourceElement;
  });
  document.addEventListener('htmx:after:swap', (event) => {
    const { ctx } = event.detail;
    if (ctx.target?.id === 'explain-body' && ctx.response?.status < 400) openDrawer();
    // After an outerHTML swap the target is gone and its successor has the same id.
    const target = ctx.target?.isConnected ? ctx.target : ctx.target?.id && byId(ctx.target.id);
    if (target) focusFirst(target);
  });
  function openDrawer() {
    const drawer = byId('explain');
    if (!drawer.matches(':popover-open')) drawer.showPopover();
    const heading = drawer.querySelector('#explain-body :is(h1, h2)');
    if (heading) {
      heading.tabIndex = -1;
      heading.focus();
    }
  }
  document.addEventListener('toggle', (event) => {
    if (event.target.id === 'explain' && event.newState === 'closed' && invoker) {
      // Only if the person has not moved on to another place.
      if (document.activeElement === document.body || event.target.contains(document.activeElement)) invoker.focus();
      invoker = null;
    }
  }, true);
  document.addEventListener('chart:open', (event) => {
    const { url } = event.detail;
    if (!url.startsWith('/explain/') || !window.htmx || !byId('explain-body')) return;
    event.preventDefault();
    window.htmx.ajax('GET', url, { target: '#explain-body', swap: 'innerHTML' });
  });

  // ---------- focus: to the new heading or error summary, never to the top ----------
  function focusFirst(scope) {
    const found = scope.matches?.('[data-focus]') ? scope : scope.querySelector('[data-focus]');
    if (found) found.focus();
  }
  document.addEventListener('DOMContentLoaded', () => focusFirst(document));

  // ---------- a strip of places that scrolls shows the one where we are ----------
  document.addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('.rooms, .tabs').forEach((strip) => {
      const here = strip.querySelector('[aria-current], [aria-selected="true"]');
      // Only the strip moves, never the page; left or right, whichever way the page is read.
      if (!here || strip.scrollWidth <= strip.clientWidth) return;
      const [place, frame] = [here.getBoundingClientRect(), strip.getBoundingClientRect()];
      strip.scrollLeft += place.left + place.width / 2 - (frame.left + frame.width / 2);
    });
  });

  // ---------- chart or table ----------
  function toggleTable(button) {
    const card = button.closest('.c');
    const on = card.classList.toggle('as-table');
    button.setAttribute('aria-pressed', String(on));
    if (!on) document.dispatchEvent(new CustomEvent('tandem:shown'));
    announce(on ? 'Shown as a table' : 'Shown as a chart');
  }
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-table-toggle]');
    if (button) toggleTable(button);
    if (event.target.closest('[data-dismiss]')) event.target.closest('.notice').hidden = true;
    if (event.target.closest('[data-print]')) window.print();
  });

  // Filters send themselves; without script their button does.
  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-autosubmit]')) event.target.form.requestSubmit();
    if (event.target.matches('[data-keys-switch]')) storeKeys(event.target.checked);
  });

  // ---------- single keys: outside fields, and only while they are switched on ----------
  function keysOn() {
    try { return window.localStorage.getItem('keys') !== 'off'; } catch { return true; }
  }
  function storeKeys(on) {
    try {
      if (on) window.localStorage.removeItem('keys');
      else window.localStorage.setItem('keys', 'off');
    } catch { /* The list of keys then shows the switch as on again. */ }
  }
  function inCard(selector) {
    return document.activeElement?.closest('.c')?.querySelector(selector);
  }
  const KEYS = {
    '/': () => document.querySelector('[data-search]'),
    t: () => inCard('[data-table-toggle]'),
    e: () => inCard('a.why'),
    '?': () => byId('keys-button')
  };
  // Two keys after each other: g, then the place.
  const PLACES = { d: '/', l: '/leads/', m: '/my-day/' };
  let started = -Infinity;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') return hideTrouble(); // Popovers and dialogs close by themselves.
    if (event.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') || !keysOn()) return;
    const going = event.timeStamp - started < 1500 && PLACES[event.key];
    started = event.key === 'g' ? event.timeStamp : -Infinity;
    if (going) return window.location.assign(going);
    // Keys of the page at hand come first; what it takes, it prevents.
    if (!document.dispatchEvent(new CustomEvent('tandem:key', { detail: event.key, cancelable: true }))) return event.preventDefault();
    const target = KEYS[event.key]?.();
    if (!target) return;
    event.preventDefault();
    if (event.key === '/') target.focus();
    else target.click();
  });
  document.addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('[data-keys-switch]').forEach((box) => { box.checked = keysOn(); });
  });

  // ---------- a zone that nobody has chosen yet: the one of this browser, where the list has it ----------
  document.addEventListener('DOMContentLoaded', () => {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.querySelectorAll('select[data-own-zone]').forEach((list) => {
      if (!list.value && [...list.options].some((one) => one.value === own)) list.value = own;
    });
  });

  // ---------- print: always light, always the one-sheet layout ----------
  let before = null;
  function dress(theme, printing) {
    root.dataset.bsTheme = theme;
    root.classList.toggle('printing', printing);
    document.dispatchEvent(new CustomEvent('tandem:theme'));
  }
  window.addEventListener('beforeprint', () => { before = root.dataset.bsTheme; dress('light', true); });
  window.addEventListener('afterprint', () => { if (before) dress(before, false); before = null; });
})();
