// My day: a accepts and r returns the row with the focus, c goes to the outcomes of a call; without one, the first row that can.
(() => {
  'use strict';
  const ACTS = new Set(['a', 'r', 'c']);
  document.addEventListener('tandem:key', (event) => {
    if (!ACTS.has(event.detail) || document.getElementById('ask')?.open) return;
    const row = document.activeElement?.closest('[data-row]');
    const scope = row || document.querySelector('.todo');
    const found = scope?.querySelector(`[data-row-key="${event.detail}"]`);
    if (!found) return;
    event.preventDefault();
    if (event.detail === 'c') found.focus(); // how it ended is for the person to say
    else found.click();
  });
  // A click beside the further outcomes closes them, as does Esc.
  document.addEventListener('click', (event) => {
    document.querySelectorAll('.log-of details[open]').forEach((one) => { if (!one.contains(event.target)) one.open = false; });
  });
  document.addEventListener('keydown', (event) => {
    const open = event.key === 'Escape' && document.querySelector('.log-of details[open]');
    if (!open) return;
    open.open = false;
    open.querySelector('summary').focus();
  });
})();
