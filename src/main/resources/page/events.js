// The events of all mirrors. EventSource cannot show a token; fetch can, and tells why it is refused.

/** The sidecar gives a sign of life every 20 seconds at least: whoever hears nothing for so long hears nothing any more. */
const LONGEST_SILENCE = 45_000;
const LONGEST_PAUSE = 8_000;
/** No event is longer; what is, comes from something else. */
const LONGEST_LINE = 1 << 20;

/** What a source may send as a number has more digits than a number here. */
export function parse(text) {
  return JSON.parse(text, (key, value, context) =>
    key === 'snapshot_lsn' ? context?.source ?? String(value) : value);
}

/**
 * Tells each event, and comes again whenever the stream ends, until it is refused.
 *
 * told.row(mirror), told.removed(database)
 * told.begins()    what follows is what is there
 * told.complete()  that was all
 * told.live(), told.lost(why)
 * told.refused(status, message)  nothing more is told
 */
export async function watch(url, headers, told) {
  let pause = 500;
  for (;;) {
    const reason = await listen(url, headers, told, () => { pause = 500; });
    if (reason.refused) {
      told.refused(reason.refused, reason.message);
      return;
    }
    told.lost(reason.message);
    await new Promise(resume => setTimeout(resume, pause));
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
}

async function listen(url, headers, told, onLive) {
  const silence = new AbortController();
  let timer;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), LONGEST_SILENCE);
  };
  heard();
  try {
    const answer = await fetch(url, {
      headers: { ...headers, Accept: 'text/event-stream' }, cache: 'no-store', signal: silence.signal,
    });
    if (answer.status === 401 || answer.status === 403) {
      return { refused: answer.status, message: (await answer.text()).slice(0, 1000) };
    } else if (!answer.ok) {
      return { message: 'the sidecar answers ' + answer.status };
    }
    onLive();
    told.begins();
    told.live();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const lines = new Lines(told);
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heard();
      lines.take(part.value);
    }
    return { message: 'the sidecar has ended the connection' };
  } catch (failure) {
    return { message: silence.signal.aborted ? 'the sidecar says nothing' : 'the sidecar cannot be reached' };
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Takes the text of a stream apart, however it is cut. */
class Lines {
  #told;
  #rest = '';
  #event = '';
  #data = '';

  constructor(told) {
    this.#told = told;
  }

  take(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop();
    lines.forEach(line => this.#line(line.replace(/\r$/, '')));
    if (this.#rest.length > LONGEST_LINE || this.#data.length > LONGEST_LINE) {
      throw new Error('an event is too long');
    }
  }

  #line(line) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (line === '') {
      this.#end();
    } else if (field === 'event') {
      this.#event = value;
    } else if (field === 'data') {
      this.#data += value;
    } else if (field === '' && value === 'complete') {
      this.#told.complete();
    }
  }

  #end() {
    if (this.#data !== '') {
      const data = parse(this.#data);
      if (this.#event === 'removed') {
        this.#told.removed(data.source_database_id);
      } else if (this.#event === '') {
        this.#told.row(data);
      }
    }
    this.#event = '';
    this.#data = '';
  }
}
