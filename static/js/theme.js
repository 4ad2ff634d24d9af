// Runs before the first paint, so that a dark page never flashes white: the person's choice, else the system's.
(() => {
  'use strict';
  const root = document.documentElement;
  const system = window.matchMedia('(prefers-color-scheme: dark)');

  function chosen() {
    // Reading the store throws where a browser blocks it.
    try { return window.localStorage.getItem('theme'); } catch { return null; }
  }
  function apply() {
    const choice = chosen();
    root.dataset.bsTheme = choice === 'dark' || choice === 'light' ? choice : system.matches ? 'dark' : 'light';
    document.dispatchEvent(new CustomEvent('tandem:theme'));
  }
  apply();
  system.addEventListener('change', apply);
  // Another tab switched.
  window.addEventListener('storage', (event) => { if (event.key === 'theme') apply(); });

  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-theme-toggle]')) return;
    const next = root.dataset.bsTheme === 'dark' ? 'light' : 'dark';
    try {
      // Back at what the system says: follow it again from now on.
      if (next === (system.matches ? 'dark' : 'light')) window.localStorage.removeItem('theme');
      else window.localStorage.setItem('theme', next);
    } catch { /* The choice then lasts as long as the page. */ }
    root.dataset.bsTheme = next;
    document.dispatchEvent(new CustomEvent('tandem:theme'));
  });
})();
