// The page: which cards there are, the sidecar's own state, the token, and the two questions.

import { Card, MEANING, ORDER } from './card.js';
import { parse, watch } from './events.js';
import { rate, size } from './words.js';

const MIRRORS = 'v1/mirrors';
const SIDECAR = 'v1/sidecar';
const ASK_SIDECAR_EVERY = 5_000;
/** Of other signs a browser makes no header. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

const at = id => document.getElementById(id);

/** In memory only. */
let token = '';
let isLive = false;
let isComplete = false;
/** Of the databases that were told since the stream began. */
let told = new Set();
let expected = [];
const cards = new Map();

function headers() {
  return token ? { Authorization: 'Bearer ' + token } : {};
}

const asks = {
  abort: row => ask(`Abort the transfer of ${row.source_database_id}?`,
    'What has come of it is removed here. Its source is told with its next chunk.', 'Abort the transfer', row, ''),
  remove: row => ask(`Remove the snapshot of ${row.source_database_id}?`,
    'Its file is removed here, and so is what has come of a successor. A mirror that needs it has to wait for another.',
    'Remove the snapshot', row, '?snapshot=true'),
  isByToken: () => token !== '',
};

let confirmed = () => {};

function ask(what, consequence, yes, row, query) {
  at('what').textContent = what;
  at('consequence').textContent = consequence;
  at('yes').textContent = yes;
  confirmed = () => remove(row.source_database_id, query);
  at('sure').showModal();
}

async function remove(database, query) {
  const tell = text => cards.get(database)?.tell(text);
  tell('');
  try {
    const answer = await fetch(`${MIRRORS}/${encodeURIComponent(database)}${query}`,
      { method: 'DELETE', headers: headers() });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({ message: '' }));
      tell(`Refused: ${problem.message || 'the sidecar answers ' + answer.status}`);
    }
  } catch {
    tell('The sidecar cannot be reached: nothing is known of what has become of it.');
  }
}

function row(mirror) {
  const database = mirror.source_database_id;
  told.add(database);
  const card = cards.get(database);
  if (!card) {
    add(mirror);
  } else {
    const before = card.row.status;
    card.take(mirror);
    if (before !== mirror.status) {
      place(card);
      announce(mirror);
    }
  }
  showCounts();
}

function add(mirror) {
  const card = new Card(mirror, asks);
  cards.set(mirror.source_database_id, card);
  place(card);
  if (isComplete) {
    announce(mirror);
  }
}

function drop(database) {
  cards.get(database)?.element.remove();
  cards.delete(database);
  told.delete(database);
  if (expected.includes(database)) {
    add({ source_database_id: database, status: 'expected', bytes_done: 0, bytes_total: 0, durable_bytes: 0 });
  }
  showCounts();
}

function announce(mirror) {
  at('news').textContent = `${mirror.source_database_id} is ${mirror.status}: ${MEANING[mirror.status] ?? ''}`;
}

/** Where it belongs: what has to be looked at first, then by name. */
function place(card) {
  const key = each => String(ORDER.indexOf(each.row.status)) + each.row.source_database_id;
  const mine = key(card);
  const others = [...at('mirrors').children].map(element => cards.get(element.dataset.database))
    .filter(each => each && each !== card);
  const next = others.find(each => key(each) > mine);
  const hasFocus = card.element.contains(document.activeElement) ? document.activeElement : null;
  at('mirrors').insertBefore(card.element, next?.element ?? null);
  hasFocus?.focus();
  filter(card);
}

function filter(card) {
  const text = at('find').value.trim().toLowerCase();
  card.element.hidden = !card.row.source_database_id.toLowerCase().includes(text) && !card.row.status.includes(text);
}

function showCounts() {
  const all = [...cards.values()];
  const count = status => all.filter(card => card.row.status === status).length;
  at('counts').textContent = ORDER.filter(status => count(status) > 0).map(status => `${count(status)} ${status}`)
    .join(', ');
  at('choose').hidden = all.length === 0;
  at('none').hidden = all.length > 0 || !isComplete;
  const underWay = all.filter(card => card.row.status === 'bootstrapping');
  const one = underWay.length === 1 && underWay[0].row.bytes_total > 0 ? underWay[0].row : null;
  document.title = (one ? `${Math.floor(one.bytes_done / one.bytes_total * 100)} % ${one.source_database_id} - ` : '')
    + 'mirror-bootstrap';
}

function showLive(text) {
  document.body.classList.toggle('stale', !isLive);
  if (at('live').textContent !== text) {
    at('live').textContent = text;
  }
}

function clock() {
  return new Date().toLocaleTimeString([], { hour12: false });
}

function begin() {
  at('ask').hidden = true;
  showLive('connecting');
  watch(MIRRORS + '/events', headers(), {
    begins() {
      told = new Set();
      isComplete = false;
    },
    complete() {
      isComplete = true;
      [...cards.keys()].filter(database => !told.has(database) && cards.get(database).row.status !== 'expected')
        .forEach(drop);
      showCounts();
    },
    row,
    removed: drop,
    live() {
      isLive = true;
      showLive('live');
      askSidecar();
    },
    lost(why) {
      if (isLive || at('live').textContent === 'connecting') {
        isLive = false;
        showLive(`not live since ${clock()}: ${why}; trying again`);
      }
    },
    refused(status, message) {
      isLive = false;
      showLive('not live: not let in');
      let words = '';
      try {
        words = parse(message).message;
      } catch {
        words = 'the answer is ' + status;
      }
      at('why').textContent = (token || status === 403 ? 'Refused: ' : 'The sidecar says: ') + words;
      token = '';
      at('ask').hidden = false;
      at('token').focus();
    },
  });
}

async function askSidecar() {
  if (!isLive || document.visibilityState === 'hidden') {
    return;
  }
  try {
    const answer = await fetch(SIDECAR, { headers: headers(), cache: 'no-store' });
    if (answer.ok) {
      showSidecar(await answer.json());
    }
  } catch {
    // the events tell that it is away
  }
}

function showSidecar(sidecar) {
  const of = name => at('sidecar').querySelector(`[data-of=${name}]`);
  const free = sidecar.disk_free_bytes;
  of('disk').textContent = free == null ? 'not known yet' : size(free) + ' free'
    + (sidecar.disk_total_bytes == null ? '' : ' of ' + size(sidecar.disk_total_bytes))
    + `, ${size(sidecar.disk_reserve_bytes)} reserved`;
  of('disk').classList.toggle('scarce', free != null && free <= sidecar.disk_reserve_bytes);
  of('links').textContent = `${sidecar.links} of ${sidecar.max_links}`;
  const cap = sidecar.ingest_rate_bytes_per_second;
  of('cap').textContent = cap > 0 ? rate(cap) : 'none';
  of('version').textContent = sidecar.version;
  at('sidecar').hidden = false;
  expected = sidecar.expected_databases;
  const isOutdated = card => card.row.status === 'expected' && !expected.includes(card.row.source_database_id);
  const outdated = [...cards.values()].filter(isOutdated).map(card => card.row.source_database_id);
  [...outdated, ...expected.filter(database => !cards.has(database) && isComplete)].forEach(drop);
}

at('ask').addEventListener('submit', event => {
  event.preventDefault();
  token = at('token').value.trim();
  at('token').value = '';
  if (TOKEN.test(token)) {
    begin();
  } else {
    token = '';
    at('why').textContent = 'That is no token: it has letters, digits and . _ ~ + / - alone, and = at its end.';
  }
});
at('find').addEventListener('input', () => cards.forEach(filter));
at('no').addEventListener('click', () => at('sure').close());
at('yes').addEventListener('click', () => {
  at('sure').close();
  confirmed();
});
document.addEventListener('visibilitychange', askSidecar);
setInterval(askSidecar, ASK_SIDECAR_EVERY);
setInterval(() => cards.forEach(card => card.tick()), 1000);
begin();
