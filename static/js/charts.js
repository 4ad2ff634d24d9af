// A page comes with its charts as pictures. Whoever points at one gets it as a Plotly figure in the picture's place, with
// values under the pointer and marks that lead somewhere; Plotly is fetched then, once. Every [data-chart] names the
// <script type="application/json"> that holds {data, layout}. Figures know no colour: they say "@sales" or "@joint/16"
// (16 %), and the page's custom properties decide, so that light, dark and print need no second figure.
(() => {
  'use strict';
  const root = document.documentElement;
  const bundle = document.currentScript.dataset.plotly;
  const phone = window.matchMedia('(max-width: 640px)');
  const mounted = new Map(); // the element of a chart -> the one inside it that Plotly has

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
  const SIZED = /font$/;
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
      font: { family, size: 12, color: '@ink' }, hovermode: 'closest',
      hoverlabel: { bgcolor: '@surface', bordercolor: '@control', font: { color: '@ink', size: 13 } },
      xaxis: { ...AXIS, showgrid: false }, yaxis: AXIS
    };
    Object.keys(layout).filter((key) => /^[xy]axis\d+$/.test(key)).forEach((key) => {
      base[key] = key[0] === 'x' ? base.xaxis : AXIS;
    });
    return base;
  }
  function config() {
    return {
      displayModeBar: false, displaylogo: false, showSendToCloud: false, responsive: true, scrollZoom: false,
      doubleClick: false, showTips: false
    };
  }

  function read(element) {
    const source = document.getElementById(element.dataset.chart);
    return source ? JSON.parse(source.textContent) : null;
  }
  // The margins are the picture's, which the style sheet gives.
  function margins(element) {
    const around = element.getBoundingClientRect();
    const inside = element.querySelector('.still').getBoundingClientRect();
    return {
      l: inside.left - around.left, r: around.right - inside.right, t: inside.top - around.top, b: around.bottom - inside.bottom
    };
  }
  async function draw(element) {
    // Hidden (shown as a table): Plotly would measure nothing. It is drawn anew when it shows up.
    if (!element.isConnected || !element.offsetParent) return;
    const figure = read(element);
    if (!figure) return;
    const style = getComputedStyle(root);
    const scale = parseFloat(style.fontSize) / 16;
    const own = figure.layout || {};
    const bare = merged(defaults(style.getPropertyValue('--font').trim(), own), own);
    const layout = dressed(bare, '', false, scale, style);
    delete layout.template;
    layout.margin = margins(element);
    if (root.classList.contains('printing')) {
      layout.width = element.clientWidth;
      layout.height = element.clientHeight;
    }
    const first = !mounted.has(element);
    const plot = mounted.get(element) || element.appendChild(document.createElement('div'));
    plot.className = 'plot';
    mounted.set(element, plot);
    await window.Plotly.react(plot, dressed(figure.data, '', false, scale, style), layout, config());
    element.classList.add('live');
    if (first) follow(element, plot);
  }
  function release(element) {
    const plot = mounted.get(element);
    window.Plotly.purge(plot);
    plot.remove();
    element.classList.remove('live', 'leads');
    mounted.delete(element);
  }

  // ---------- a mark whose customdata is (or begins with) an address leads there ----------
  function address(point) {
    const found = [point.customdata].flat().find((item) => typeof item === 'string' && /^\/(?!\/)/.test(item));
    return found || null;
  }
  function follow(element, plot) {
    plot.on('plotly_click', (event) => {
      const url = event.points.map(address).find(Boolean);
      if (!url) return;
      const open = new CustomEvent('chart:open', { bubbles: true, cancelable: true, detail: { url } });
      if (element.dispatchEvent(open)) window.location.assign(url);
    });
    plot.on('plotly_hover', (event) => element.classList.toggle('leads', event.points.some(address)));
    plot.on('plotly_unhover', () => element.classList.remove('leads'));
  }

  // ---------- when ----------
  let fetched = null;
  function plotly() {
    fetched ||= new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = bundle;
      script.onload = resolve;
      script.onerror = () => { fetched = null; script.remove(); reject(new Error('Plotly did not load')); };
      document.head.append(script);
    });
    return fetched;
  }
  // Labels measured in another font would shift.
  const fonts = () => document.fonts.load('650 12px Inter').catch(() => null).then(() => document.fonts.ready);
  const asked = new WeakSet();
  async function wake(element) {
    // On a phone a finger scrolls the page; the picture says the same.
    if (asked.has(element) || phone.matches) return;
    asked.add(element);
    try {
      await Promise.all([plotly(), fonts()]);
      await draw(element);
    } catch {
      asked.delete(element); // The picture stays; the next pointer asks again.
    }
  }
  function redraw() {
    [...mounted.keys()].forEach(draw);
  }
  document.addEventListener('pointerover', (event) => {
    const element = event.target.closest?.('[data-chart]');
    if (element) wake(element);
  });
  document.addEventListener('tandem:theme', redraw);
  document.addEventListener('tandem:shown', redraw);
  document.addEventListener('htmx:after:swap', () => {
    [...mounted.keys()].filter((element) => !element.isConnected).forEach(release);
  });
  phone.addEventListener('change', () => {
    [...mounted.keys()].forEach((element) => { release(element); asked.delete(element); });
  });
})();
