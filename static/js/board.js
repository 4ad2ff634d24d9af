// The board: moving a card by dragging it, and going from column to column by keyboard. A drop does what the form of the
// card's menu does: where the move needs a reason or somebody was first, that form opens.
(() => {
  'use strict';
  const board = () => document.querySelector('[data-board]');
  let dragged = null;

  function columnOf(element) {
    return element instanceof Element ? element.closest('[data-stage]') : null;
  }
  function mark(column) {
    document.querySelectorAll('.is-target').forEach((one) => { if (one !== column) one.classList.remove('is-target'); });
    if (column) column.classList.add('is-target');
  }
  document.addEventListener('dragstart', (event) => {
    const card = event.target instanceof Element && event.target.closest('[data-card]');
    if (!card || !window.htmx) return;
    dragged = card;
    card.classList.add('is-dragged');
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', card.querySelector('.who').textContent);
  });
  document.addEventListener('dragover', (event) => {
    const column = dragged && columnOf(event.target);
    const other = column && column !== columnOf(dragged) ? column : null;
    if (dragged) mark(other);
    if (!other) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
  });
  document.addEventListener('drop', (event) => {
    const column = dragged && columnOf(event.target);
    if (!column || column === columnOf(dragged)) return;
    event.preventDefault();
    window.htmx.ajax('POST', dragged.dataset.card, {
      source: dragged,
      target: '#ask-body',
      swap: 'innerHTML',
      values: { to_stage: column.dataset.stage, version: dragged.dataset.version }
    });
  });
  document.addEventListener('dragend', () => {
    if (dragged) dragged.classList.remove('is-dragged');
    dragged = null;
    mark(null);
  });

  // ---------- from column to column ----------
  function sideways(by) {
    const columns = [...board().querySelectorAll('[data-stage]')].filter((one) => one.querySelector('[data-open]'));
    const here = columnOf(document.activeElement);
    const index = columns.indexOf(here);
    const next = columns[index === -1 ? 0 : index + by];
    if (!next) return;
    const place = here ? [...here.querySelectorAll('[data-row]')].indexOf(document.activeElement.closest('[data-row]')) : 0;
    const cards = [...next.querySelectorAll('[data-row] [data-open]')];
    cards[Math.min(Math.max(place, 0), cards.length - 1)].focus();
  }
  document.addEventListener('tandem:key', (event) => {
    if (!board() || !['h', 'l'].includes(event.detail)) return;
    event.preventDefault();
    sideways(event.detail === 'l' ? 1 : -1);
  });
})();
