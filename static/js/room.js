// A screen of a review follows its room: it asks every second where the room is, fetches the step when that changed, and
// counts the clock down in between. A lost connection is said and healed; nothing that was typed is thrown away.
(() => {
  'use strict';
  const room = document.querySelector('[data-room]');
  if (!room) return;
  const panel = document.getElementById('panel');
  const { screen } = room.dataset;
  const EVERY = 1000, PATIENCE = 5000;
  // What this screen shows. It changes only once the step is on the screen, so what failed is tried again.
  let shown = {
    state: room.dataset.state, version: Number(room.dataset.seen), content: Number(room.dataset.content), step: room.dataset.shown
  };
  let dirty = false, fetching = '', lostSince = null, asking = null;

  const one = (selector) => room.querySelector(selector);
  function announce(text) {
    const live = document.getElementById('live');
    if (live) live.textContent = text;
  }

  // ---------- the clock ----------
  const first = one('[data-left]')?.dataset;
  let clock = { left: Number(first?.left ?? 0), paused: first?.paused !== 'false', at: performance.now() };
  const two = (number) => String(number).padStart(2, '0');
  function tick() {
    const place = one('[data-left]');
    if (!place || shown.version === 0) return;
    const left = Math.max(0, clock.left - (clock.paused ? 0 : Math.floor((performance.now() - clock.at) / 1000)));
    const up = left === 0;
    const words = up ? 'time is up' : `${two(Math.floor(left / 60))}:${two(left % 60)} ${clock.paused ? 'paused' : 'left'}`;
    if (place.textContent !== words) place.textContent = words;
    const bar = one('[data-bar]');
    // A filled bar says that the time is up.
    bar.value = up ? bar.max : left;
    one('[data-clock]').classList.toggle('up', up);
  }
  function setClock(told) {
    clock = { left: told.left, paused: told.paused, at: performance.now() };
    const bar = one('[data-bar]');
    if (bar) bar.max = told.total || 1;
    tick();
  }
  setInterval(tick, 250);

  // ---------- connection ----------
  function lost(words) {
    const place = one('[data-lost]');
    lostSince ??= new Date();
    if (!place) return;
    const text = words || `No connection since ${two(lostSince.getHours())}:${two(lostSince.getMinutes())}. This screen follows again by itself.`;
    if (place.textContent !== text) place.textContent = text;
    place.hidden = false;
  }
  function found() {
    const place = one('[data-lost]');
    if (lostSince === null) return;
    lostSince = null;
    if (place) place.hidden = true;
  }

  async function get(url, options = {}) {
    const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE), cache: 'no-store' });
    if (answer.redirected) {
      lost('You are signed out. Reload this page to sign in again.');
      throw new Error('signed out');
    }
    return answer;
  }

  let failed = 0;
  async function ask() {
    clearTimeout(asking);
    try {
      const answer = await get(room.dataset.room);
      if (!answer.ok) throw new Error(String(answer.status));
      failed = 0;
      await follow(await answer.json());
    } catch {
      failed += 1;
      // One slow answer is nobody's concern.
      if (failed > 1) lost();
    }
    clearTimeout(asking);
    // Screens that were opened together do not ask together.
    asking = setTimeout(ask, EVERY * (0.85 + Math.random() * 0.3));
  }

  // ---------- following ----------
  async function follow(told) {
    // An answer that was on its way while a newer one came.
    if (told.version < shown.version) return found();
    if (told.state !== shown.state) {
      // Begun or closed: another page as a whole.
      if (!dirty) return window.location.reload();
      return offer('The review has moved on. What you wrote is still here.');
    }
    setClock(told);
    dress(told);
    const stepMoved = told.step !== shown.step;
    if (told.version === 0 || (!stepMoved && told.content === shown.content)) {
      shown = { ...shown, version: told.version };
      return found();
    }
    if ('apart' in room.dataset) {
      shown = { ...shown, version: told.version };
      found();
      return offer('You look at another part than the room.');
    }
    if (dirty) {
      found();
      return offer(stepMoved ? 'The room has moved on. What you wrote is still here.' : 'Something new is here. What you wrote is still here.');
    }
    await fetchStep(told, stepMoved);
    found();
  }

  async function fetchStep(told, stepMoved) {
    const wanted = `${told.step} ${told.content}`;
    if (fetching === wanted) return;
    fetching = wanted;
    try {
      const answer = await get(room.dataset.stepUrl.replace('/STEP/', `/${told.step}/`));
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      // Begun to type while it came.
      if (dirty) return;
      put(html, stepMoved);
      shown = { ...shown, version: told.version, content: told.content, step: told.step };
      if (stepMoved) announce(panel.querySelector('h2')?.textContent.trim() ?? '');
    } finally {
      fetching = '';
    }
  }

  function put(html, stepMoved) {
    const focused = panel.contains(document.activeElement) ? document.activeElement.id : null;
    panel.innerHTML = html;
    if (window.htmx) window.htmx.process(panel);
    offer('');
    if (stepMoved) panel.scrollIntoView?.({ block: 'nearest' });
    if (focused === null) return;
    const again = focused && document.getElementById(focused);
    (again || panel.querySelector('h2'))?.focus();
  }

  // Marks around the step: the part in the agenda, the buttons, the blank wall.
  function dress(told) {
    room.querySelectorAll('[data-part]').forEach((entry) => {
      if (entry.dataset.part === told.part) entry.setAttribute('aria-current', 'step');
      else entry.removeAttribute('aria-current');
    });
    const where = one('[data-where]');
    const current = one('[data-part][aria-current] [data-title]');
    if (where && current) where.textContent = current.textContent;
    room.querySelectorAll('[data-version]').forEach((field) => { field.value = told.version; });
    room.querySelector('[value="pause"]')?.setAttribute('aria-pressed', String(told.paused));
    room.querySelector('[value="blank"]')?.setAttribute('aria-pressed', String(told.blank));
    const blanked = one('[data-blanked]');
    if (blanked) blanked.hidden = !told.blank;
  }

  // ---------- what somebody types is theirs ----------
  function offer(words) {
    const notice = one('[data-moved]');
    if (!notice) return;
    if (words) one('[data-moved-words]').textContent = words;
    notice.hidden = !words;
  }
  panel.addEventListener('input', () => { dirty = true; });
  panel.addEventListener('submit', () => { dirty = false; });
  document.addEventListener('htmx:after:swap', (event) => {
    if (event.detail.ctx.target === panel && event.detail.ctx.response?.status < 400) dirty = false;
  });
  one('[data-follow]')?.addEventListener('click', () => { dirty = false; });

  // ---------- the remote ----------
  const remote = one('form[data-steer]');
  // Quick presses wait for each other: each names the version that the one before has made.
  let presses = Promise.resolve();
  function press(button) {
    presses = presses.then(() => send(button));
  }
  async function send(button) {
    const words = one('[data-words]');
    if (words) words.hidden = true;
    try {
      const data = new FormData(remote);
      data.set('act', button.value);
      const answer = await get(remote.action, { method: 'POST', body: data, headers: { Accept: 'application/json' } });
      if (!answer.headers.get('Content-Type')?.startsWith('application/json')) throw new Error(String(answer.status));
      const told = await answer.json();
      if (told.words) tell(told.words);
      await follow(told);
    } catch {
      tell('The room did not hear that. Try again.');
    }
  }
  function tell(text) {
    const words = one('[data-words]');
    if (!words) return announce(text);
    words.textContent = text;
    words.hidden = false;
  }
  remote?.addEventListener('submit', (event) => {
    event.preventDefault();
    if (event.submitter) press(event.submitter);
  });
  // After a click with the mouse the space bar pauses; it does not press the same button again.
  remote?.addEventListener('click', (event) => {
    if (event.detail > 0) event.target.closest('button')?.blur();
  });

  // ---------- keys: right, left, space, + and b ----------
  function keysOn() {
    try { return window.localStorage.getItem('keys') !== 'off'; } catch { return true; }
  }
  document.addEventListener('keydown', (event) => {
    if (!remote || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !keysOn()) return;
    if (event.target.closest('input, textarea, select, [contenteditable], [popover]')) return;
    if (event.key === ' ' && event.target.closest('button, a, summary')) return;
    const button = remote.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!button) return;
    event.preventDefault();
    press(button);
  });

  window.addEventListener('online', ask);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) ask(); });
  ask();
})();
