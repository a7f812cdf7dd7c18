// One mirror on the page. All that a source may have said is shown as text, never as markup.

import { Chart } from './chart.js';
import { ago, duration, percent, rate, size } from './words.js';

/** Behind that a rate of the sidecar says nothing any more. */
const STALE_SECONDS = 4;

/** First what somebody has to look at. */
export const ORDER = ['failed', 'disconnected', 'bootstrapping', 'expected', 'following'];

export const MEANING = {
  failed: 'its snapshot was refused, or could not be stored',
  disconnected: 'its source is away, and may come back',
  bootstrapping: 'its snapshot is on the way',
  expected: 'no source has come yet',
  following: 'it has its snapshot',
};

export class Card {
  element;
  row;
  #chart = new Chart();
  #heardAt;
  #asks;

  constructor(row, asks) {
    this.#asks = asks;
    this.element = document.getElementById('card').content.cloneNode(true).firstElementChild;
    this.#at('h2').textContent = row.source_database_id;
    this.element.dataset.database = row.source_database_id;
    this.#at('.download').setAttribute('aria-label', 'Download the snapshot of ' + row.source_database_id);
    this.#at('.download').href = 'v1/mirrors/' + row.source_database_id + '/snapshot';
    this.#at('.abort').setAttribute('aria-label', 'Abort the transfer of ' + row.source_database_id);
    this.#at('.remove').setAttribute('aria-label', 'Remove the snapshot of ' + row.source_database_id);
    this.#at('.abort').addEventListener('click', () => asks.abort(this.row));
    this.#at('.remove').addEventListener('click', () => asks.remove(this.row));
    this.take(row);
  }

  /** The sidecar has told this of it. */
  take(row) {
    this.row = row;
    this.#heardAt = performance.now();
    this.show();
  }

  /** A second has passed. */
  tick() {
    if (this.row.status === 'bootstrapping' || !this.#chart.isEmpty) {
      this.#chart.add(this.#rate());
    }
    this.show();
  }

  /** What came of a button; empty: nothing to tell. */
  tell(outcome) {
    this.#text('.outcome', outcome);
  }

  show() {
    const row = this.row;
    this.element.dataset.state = row.status;
    this.#at('.state').textContent = row.status;
    this.#at('.state').title = MEANING[row.status] ?? '';
    this.#showBar(row);
    this.#text('.amount', this.#amount(row));
    this.#showChart();
    this.#showFacts(this.#facts(row));
    const error = row.last_error;
    this.#text('.error', error ? `Last error, ${ago(error.at)}: ${error.message} (${error.code})` : '');
    const isUnderWay = row.status === 'bootstrapping' || row.status === 'disconnected' && row.bytes_done > 0;
    this.#at('.abort').hidden = !isUnderWay;
    this.#at('.remove').hidden = !row.snapshot_path;
    this.#at('.download').hidden = !row.snapshot_path || this.#asks.isByToken(); // a link shows no token
    this.#at('.buttons').hidden = !isUnderWay && !row.snapshot_path;
  }

  #showBar(row) {
    const bar = this.#at('.bar');
    const isKnown = row.bytes_total > 0 || row.status === 'following';
    const done = row.status === 'following' ? 100 : percent(row.bytes_done, row.bytes_total);
    bar.hidden = row.status === 'expected';
    bar.classList.toggle('unknown', !isKnown && row.status === 'bootstrapping');
    bar.setAttribute('aria-label', 'Snapshot of ' + row.source_database_id);
    bar.setAttribute('aria-valuetext', this.#amount(row));
    if (isKnown) {
      bar.setAttribute('aria-valuenow', done);
    } else {
      bar.removeAttribute('aria-valuenow');
    }
    const part = bytes => (row.bytes_total > 0 ? Math.min(100, bytes / row.bytes_total * 100) : 0);
    this.#at('.done').style.width = (row.status === 'following' ? 100 : part(row.bytes_done)) + '%';
    this.#at('.durable').style.width = (row.status === 'following' ? 100 : part(row.durable_bytes)) + '%';
  }

  #amount(row) {
    if (row.status === 'expected') {
      return 'No source has come yet.';
    } else if (row.status === 'following') {
      return size(row.bytes_done) + ', verified and in place';
    }
    const amount = row.bytes_total > 0
      ? `${percent(row.bytes_done, row.bytes_total)} %, ${size(row.bytes_done)} of ${size(row.bytes_total)}`
      : size(row.bytes_done) + ' of an unknown size';
    return row.status === 'failed' ? 'Ended at ' + amount : `${amount}; ${size(row.durable_bytes)} durable`;
  }

  #rate() {
    const isFresh = performance.now() - this.#heardAt < STALE_SECONDS * 1000;
    return this.row.status === 'bootstrapping' && isFresh ? this.row.rate_bytes_per_second : 0;
  }

  #showChart() {
    const svg = this.#at('.chart');
    svg.classList.toggle('empty', this.#chart.isEmpty);
    if (!this.#chart.isEmpty) {
      this.#chart.show(svg);
      svg.setAttribute('aria-label',
        `Rate of the last minutes: ${rate(this.#rate())} now, at most ${rate(this.#chart.highest)}`);
    }
  }

  #facts(row) {
    const facts = [];
    if (row.status === 'bootstrapping') {
      const silence = (performance.now() - this.#heardAt) / 1000;
      const isCommitting = row.bytes_total > 0 && row.bytes_done >= row.bytes_total;
      facts.push(['Rate', isCommitting ? 'all has come: it is verified and committed'
        : silence >= STALE_SECONDS ? `nothing for ${duration(silence)}` : rate(this.#rate())]);
      if (row.eta_seconds != null && silence < STALE_SECONDS) {
        facts.push(['Time left', duration(row.eta_seconds - silence)]);
      }
    }
    if (row.status !== 'expected') {
      facts.push(['LSN', row.snapshot_lsn], ['Position', row.position],
        ['Source', row.source_cluster_id], ['Its address', row.source_address],
        ['CRC-32C', row.crc32c], ['Changed', ago(row.updated_at)]);
    }
    if (row.snapshot_path) {
      const word = row.status === 'following' ? 'Snapshot' : 'Earlier snapshot';
      facts.push([word, row.snapshot_path], ['Committed', row.committed_at && ago(row.committed_at)]);
    }
    return facts.filter(([, value]) => value != null && value !== '');
  }

  #showFacts(facts) {
    const list = this.#at('dl');
    while (list.children.length > facts.length) {
      list.lastElementChild.remove();
    }
    facts.forEach(([term, value], i) => {
      const pair = list.children[i] ?? list.appendChild(emptyPair());
      set(pair.firstElementChild, term);
      set(pair.lastElementChild, value);
    });
  }

  #text(selector, text) {
    const element = this.#at(selector);
    set(element, text);
    element.hidden = text === '';
  }

  #at(selector) {
    return this.element.querySelector(selector);
  }
}

function emptyPair() {
  const pair = document.createElement('div');
  pair.append(document.createElement('dt'), document.createElement('dd'));
  return pair;
}

/** What has not changed is left alone: a selection in it stays, and a screen reader is not told again. */
function set(element, value) {
  const text = visible(String(value));
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Signs that cannot be seen, or turn the line around, by their numbers. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, sign => `\\u{${sign.codePointAt(0).toString(16)}}`);
}
