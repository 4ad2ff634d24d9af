// Mounts Plotly figures: every [data-chart] names the <script type="application/json"> that holds {data, layout}.
// Figures know no colour: they say "@sales" or "@joint/16" (16 %), and the page's custom properties decide, so that
// light, dark and print need no second figure. layout.meta.narrow holds what differs on a phone.
(() => {
  'use strict';
  const root = document.documentElement;
  const phone = window.matchMedia('(max-width: 640px)');
  const mounted = new Set();

  // ---------- from names to colours ----------
  const NAME = /^@([a-z][a-z-]*)(?:\/(\d{1,3}))?$/;
  function colour(text, style) {
    const [, name, percent] = text.match(NAME) || [];
    if (!name) return text;
    const hex = style.getPropertyValue(`--${name}`).trim();
    if (!hex) return text;
    if (percent === undefined) return hex;
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${r},${g},${b},${Number(percent) / 100})`;
  }
  // Only below keys that hold colours: a campaign may be called "@sales". Text scales with the root size (wall, zoom).
  const SIZED = /^(margin)$|font$/;
  function dressed(value, key, coloured, scale, style) {
    const isColour = coloured || /color/i.test(key);
    if (typeof value === 'string') return isColour ? colour(value, style) : value;
    if (Array.isArray(value)) return value.map((item) => dressed(item, '', isColour, scale, style));
    if (value === null || typeof value !== 'object') return value;
    const sized = SIZED.test(key);
    return Object.fromEntries(Object.entries(value).map(([name, item]) => {
      if (typeof item === 'number' && scale !== 1) {
        if (name === 'xshift' || name === 'yshift') return [name, item * scale];
        if (sized && name !== 'weight' && name !== 'pad') return [name, item * scale];
      }
      return [name, dressed(item, name, isColour && name !== 'colorbar', scale, style)];
    }));
  }
  function merged(base, extra) {
    const out = { ...base };
    Object.entries(extra || {}).forEach(([key, value]) => {
      const both = [out[key], value].every((v) => v && typeof v === 'object' && !Array.isArray(v));
      out[key] = both ? merged(out[key], value) : value;
    });
    return out;
  }

  // ---------- what all charts share ----------
  const AXIS = {
    fixedrange: true, zeroline: false, showline: false, ticks: '', tickangle: 0, automargin: false,
    gridcolor: '@grid', linecolor: '@grid', tickfont: { size: 12, color: '@muted' }
  };
  function defaults(family, layout) {
    const base = {
      paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', showlegend: false, dragmode: false,
      font: { family, size: 12, color: '@ink' }, margin: { l: 8, r: 8, t: 4, b: 24 }, hovermode: 'closest',
      hoverlabel: { bgcolor: '@surface', bordercolor: '@control', font: { color: '@ink', size: 13 } },
      xaxis: { ...AXIS, showgrid: false }, yaxis: AXIS
    };
    Object.keys(layout).filter((key) => /^[xy]axis\d+$/.test(key)).forEach((key) => { base[key] = AXIS; });
    return base;
  }
  function config() {
    return {
      displayModeBar: false, displaylogo: false, showSendToCloud: false, responsive: true, scrollZoom: false,
      doubleClick: false, showTips: false, staticPlot: phone.matches
    };
  }

  function read(element) {
    const source = document.getElementById(element.dataset.chart);
    return source ? JSON.parse(source.textContent) : null;
  }
  function draw(element) {
    // Hidden (small screen, shown as a table): Plotly would measure nothing. It is drawn when it shows up.
    if (!element.isConnected || !element.offsetParent) return;
    const figure = read(element);
    if (!figure) return;
    const style = getComputedStyle(root);
    const scale = parseFloat(style.fontSize) / 16;
    const own = phone.matches ? merged(figure.layout, figure.layout?.meta?.narrow) : figure.layout || {};
    const bare = merged(defaults(style.getPropertyValue('--font').trim(), own), own);
    const layout = dressed(bare, '', false, scale, style);
    delete layout.template;
    if (root.classList.contains('printing')) {
      layout.width = element.clientWidth;
      layout.height = element.clientHeight;
    }
    window.Plotly.react(element, dressed(figure.data, '', false, scale, style), layout, config());
    if (!mounted.has(element)) follow(element);
    mounted.add(element);
  }

  // ---------- a mark whose customdata is (or begins with) an address leads there ----------
  function address(point) {
    const found = [point.customdata].flat().find((item) => typeof item === 'string' && /^\/(?!\/)/.test(item));
    return found || null;
  }
  function follow(element) {
    element.on('plotly_click', (event) => {
      const url = event.points.map(address).find(Boolean);
      if (!url) return;
      const open = new CustomEvent('chart:open', { bubbles: true, cancelable: true, detail: { url } });
      if (element.dispatchEvent(open)) window.location.assign(url);
    });
    element.on('plotly_hover', (event) => element.classList.toggle('leads', event.points.some(address)));
    element.on('plotly_unhover', () => element.classList.remove('leads'));
  }

  // ---------- when ----------
  const seen = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      seen.unobserve(entry.target);
      draw(entry.target);
    });
  }, { rootMargin: '200px' });
  function mount() {
    if (!window.Plotly) return;
    document.querySelectorAll('[data-chart]').forEach((element) => {
      if (mounted.has(element)) return;
      seen.unobserve(element); // Else an element that was seen while hidden would not be reported again.
      seen.observe(element);
    });
  }
  function redraw() {
    // On paper everything is in view.
    if (root.classList.contains('printing')) document.querySelectorAll('[data-chart]').forEach(draw);
    else mounted.forEach(draw);
  }
  async function start() {
    // Labels measured in another font would shift.
    if (document.fonts) {
      await document.fonts.load('650 12px Inter').catch(() => null);
      await document.fonts.ready;
    }
    mount();
    document.addEventListener('tandem:theme', redraw);
    document.addEventListener('tandem:shown', () => { redraw(); mount(); });
    document.addEventListener('htmx:after:swap', () => {
      mounted.forEach((element) => {
        if (element.isConnected) return;
        window.Plotly.purge(element);
        mounted.delete(element);
      });
      mount();
    });
    phone.addEventListener('change', () => { redraw(); mount(); });
  }
  // Deferred scripts run before this event, whatever their order.
  document.addEventListener('DOMContentLoaded', start);
})();
