// Sends a file to a mirror-bootstrap sidecar: a model of a source, made from docs/protocol.md. Node 20 or newer, nothing else.
//
// Exit codes: 0 committed, 2 wrong command line, 3 refused, 4 the link (--give-up-after), 5 the file.
import { createHash, randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const CHUNK = 1 << 20 // bytes of payload in a message
const FRAME = 256 << 10 // bytes of a message in a frame of WebSocket
const UNANSWERED = 8 // messages; far below window_messages, so an error is seen soon, and writing first never waits for ever
const SILENCE = 60_000 // milliseconds; the sidecar sends a ping every few seconds
const LONGEST_ANSWER = 1 << 20
const COME_BACK_ERRORS = ['chunk_crc_mismatch', 'insufficient_storage', 'too_many_bootstraps', 'transport']
const COME_BACK_CLOSES = [1000, 1001, 1011, 1012, 1013, 1014]
const COME_BACK_HTTP = [408, 425, 429, 500, 502, 503, 504]
const CERTIFICATE = /^(ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_)/ // the codes of an authority or name that is not believed
const USAGE = `usage: send.mjs FILE --url URL --cluster NAME --database NAME [--lsn N] [--token-file FILE] [--ca FILE]
       [--replace] [--give-up-after SECONDS]`

/** Coming back does not help. */
class GiveUp extends Error {
  constructor(message, exit) {
    super(message)
    this.exit = exit
  }
}

/** Coming back may help, and not before so many seconds. Any other error of a link is one, too. */
class ComeBack extends Error {
  constructor(message, after = 0) {
    super(message)
    this.after = after
  }
}

const TABLE = Int32Array.from({ length: 256 }, (_, entry) => {
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? entry >>> 1 ^ 0x82f63b78 : entry >>> 1
  return entry
})

function crc32c(data, crc = 0) {
  crc = ~crc
  for (let i = 0; i < data.length; i++) crc = TABLE[(crc ^ data[i]) & 255] ^ crc >>> 8
  return ~crc >>> 0
}

/** A WebSocket to the sidecar. */
class Link {
  static async connect(options) {
    const url = new URL(options.url.replace(/\/+$/, '') + '/v1/bootstrap')
    const key = randomBytes(16).toString('base64')
    const headers = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': 'mirror-bootstrap.v1' }
    if (options['token-file']) { // read anew for each link, as it may have been replaced
      headers.Authorization = 'Bearer ' + (await readFile(options['token-file'], 'utf8')).trim()
    }
    const ca = options.ca && await readFile(options.ca)
    const request = (url.protocol === 'https:' ? https : http).request(url, { headers, ca, agent: false, timeout: SILENCE })
    request.on('timeout', () => request.destroy(new Error('nobody answers')))
    const [response, socket, head] = await new Promise((resolve, reject) => {
      request.on('upgrade', (...upgraded) => resolve(upgraded)).on('response', response => resolve([response]))
      request.on('error', error => reject(CERTIFICATE.test(error.code) ? new GiveUp(`no TLS: ${error.message}`, 4) : error))
      request.end()
    })
    if (!socket) {
      let body = ''
      for await (const part of response.setEncoding('utf8')) if ((body += part).length > LONGEST_ANSWER) break
      const message = `HTTP ${response.statusCode} ${body}`
      if (!COME_BACK_HTTP.includes(response.statusCode)) throw new GiveUp('refused: ' + message, 3)
      throw new ComeBack(message, Math.min(+response.headers['retry-after'] || 0, 60))
    }
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
    if (response.headers['sec-websocket-accept'] !== accept) throw new GiveUp('what answers is no WebSocket', 4)
    return new Link(socket, head)
  }

  constructor(socket, head) {
    this.socket = socket
    this.come = head // bytes that are not read yet
    this.input = socket[Symbol.asyncIterator]()
    this.answers = []
    this.wake = () => {}
    socket.setTimeout(SILENCE, () => socket.destroy(new Error('the sidecar is silent')))
    socket.on('error', () => {}) // whoever reads or writes is told
    this.listen()
  }

  /** Reads as long as there is a link, whatever is written meanwhile; what ends it is told to whoever writes, too. */
  async listen() {
    try {
      for (;;) {
        this.answers.push(await this.message())
        this.wake()
      }
    } catch (error) {
      this.ended = error
      this.socket.destroy()
      this.wake()
    }
  }

  /** The next answer, which is none of the errors. */
  async answer() {
    while (this.answers.length === 0) {
      if (this.ended) throw this.ended
      await new Promise(resolve => { this.wake = resolve })
    }
    return this.answers.shift()
  }

  /** Sends a frame, masked as all of a client are; returns when the system has it. */
  send(opcode, data, final = true) {
    const size = data.length < 126 ? 0 : data.length < 65536 ? 2 : 8
    const frame = Buffer.alloc(6 + size + data.length)
    const mask = randomBytes(4)
    frame[0] = opcode | (final ? 0x80 : 0)
    frame[1] = 0x80 | (size === 0 ? data.length : size === 2 ? 126 : 127)
    if (size) frame.writeUIntBE(data.length, size === 2 ? 2 : 4, size === 2 ? 2 : 6)
    mask.copy(frame, 2 + size)
    for (let i = 0, at = 6 + size; i < data.length; i++) frame[at + i] = data[i] ^ mask[i & 3]
    return new Promise((resolve, reject) =>
      this.socket.write(frame, error => error ? reject(this.ended ?? error) : resolve()))
  }

  async binary(message) {
    for (let at = 0; at < message.length; at += FRAME) {
      await this.send(at ? 0 : 2, message.subarray(at, at + FRAME), at + FRAME >= message.length)
    }
  }

  async read(size) {
    if (size > LONGEST_ANSWER) throw new GiveUp('an answer that is too long', 4)
    while (this.come.length < size) {
      const { value, done } = await this.input.next()
      if (done) throw new ComeBack('the link was cut')
      this.come = Buffer.concat([this.come, value])
    }
    const data = this.come.subarray(0, size)
    this.come = this.come.subarray(size)
    return data
  }

  /** The next message of the sidecar, an answer that is none of the errors; pings before it are answered. */
  async message() {
    for (let text = Buffer.alloc(0); ;) {
      const [first, short] = await this.read(2)
      const size = short < 126 ? short : short === 126 ? (await this.read(2)).readUInt16BE() : Number((await this.read(8)).readBigUInt64BE())
      const data = await this.read(size)
      const opcode = first & 15
      if (opcode === 9) {
        await this.send(10, data)
      } else if (opcode === 8) {
        const code = size < 2 ? 1005 : data.readUInt16BE()
        const message = `the link was closed with ${code} ${data.subarray(2)}`
        throw COME_BACK_CLOSES.includes(code) ? new ComeBack(message) : new GiveUp(message, 4)
      } else if (opcode < 2) {
        text = Buffer.concat([text, data])
        if (text.length > LONGEST_ANSWER) throw new GiveUp('an answer that is too long', 4)
        if (first & 0x80) return checked(text)
      }
    }
  }
}

function checked(text) {
  let answer
  try {
    answer = JSON.parse(text)
  } catch (error) {
    throw new GiveUp(`what answers does not speak this protocol: ${error.message}`, 4)
  }
  if (answer.type !== 'error') return answer
  const message = `${answer.code}: ${answer.message}`
  throw COME_BACK_ERRORS.includes(answer.code) ? new ComeBack(message) : new GiveUp('refused: ' + message, 3)
}

/** A chunk in MessagePack: a map, data last. Integers and strings may be wider than they need to be. */
function chunk(identity, offset, data, done) {
  const fields = { ...identity, offset, done, chunk_crc32c: crc32c(data) }
  const parts = [Buffer.from([0x80 | Object.keys(fields).length + 1])]
  const key = name => parts.push(Buffer.from([0xa0 | name.length]), Buffer.from(name))
  for (const [name, value] of Object.entries(fields)) {
    key(name)
    if (typeof value === 'boolean') {
      parts.push(Buffer.from([value ? 0xc3 : 0xc2]))
    } else if (typeof value === 'string') {
      const text = Buffer.from(value)
      parts.push(Buffer.from([0xda, text.length >> 8, text.length & 255]), text)
    } else {
      const number = Buffer.from([0xcf, 0, 0, 0, 0, 0, 0, 0, 0])
      number.writeBigUInt64BE(BigInt(value), 1)
      parts.push(number)
    }
  }
  key('data')
  const size = Buffer.from([0xc6, 0, 0, 0, 0])
  size.writeUInt32BE(data.length, 1)
  return Buffer.concat([...parts, size, data])
}

async function read(file, size, position) {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, position)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    throw new GiveUp(`cannot read the file: ${error.message}`, 5)
  }
}

/** One link: returns what is said of the committed snapshot. */
async function attempt(options, file, identity, progress) {
  const link = await Link.connect(options)
  try {
    const { snapshot_lsn, ...others } = identity // a number of 64 bits, which JSON.stringify does not write
    const open = JSON.stringify({ type: 'open', ...others, replace: options.replace })
    await link.send(1, Buffer.from(`{"snapshot_lsn":${snapshot_lsn},${open.slice(1)}`))
    let answer = await link.answer()
    if (answer.type === 'committed') return answer // by an earlier run, or an earlier link
    if (answer.type !== 'opened' || !(answer.max_chunk_bytes > 0 && answer.offset <= identity.total_bytes)) {
      throw new GiveUp('what answers does not speak this protocol', 4)
    }
    const { max_chunk_bytes, window_bytes, window_messages = 256 } = answer
    const largest = Math.min(CHUNK, max_chunk_bytes)
    const most = Math.min(UNANSWERED, window_messages)
    let sent = answer.offset, answered = sent, unanswered = 0, done = false
    while (answer.type !== 'committed') {
      while (!done && unanswered < most && (unanswered === 0 || sent + largest - answered <= window_bytes)) {
        const size = Math.min(largest, identity.total_bytes - sent)
        const data = await read(file, size, sent)
        if (data.length < size) throw new GiveUp('the file has become shorter', 5)
        done = sent + size === identity.total_bytes
        await link.binary(chunk(identity, sent, data, done))
        sent += size
        unanswered++
        progress.sent += size
      }
      answer = await link.answer()
      unanswered--
      if (answer.type === 'pending') answered = progress.done = answer.bytes_done
    }
    await link.send(8, Buffer.from([1000 >> 8, 1000 & 255]))
    return answer
  } finally {
    link.socket.destroy()
  }
}

/** As long as it takes: rounds, with pauses between them that begin anew whenever the snapshot has got further. */
async function send(options, name) {
  const file = await open(name).catch(error => { throw new GiveUp(error.message, 5) })
  let total = 0, crc = 0
  for (let data; (data = await read(file, CHUNK, total)).length > 0; total += data.length) crc = crc32c(data, crc)
  if (total === 0) throw new GiveUp('the file is empty: rather a program that failed than a snapshot', 2)
  const identity = { source_cluster_id: options.cluster, source_database_id: options.database,
    snapshot_lsn: BigInt(options.lsn), total_bytes: total, total_crc32c: crc }
  const progress = { sent: 0, done: 0 }
  for (let furthest = 0, pause = 0.5, since = Date.now(); ; pause = Math.min(2 * pause, 30)) {
    try {
      const committed = await attempt(options, file, identity, progress)
      console.log(`committed ${committed.snapshot_path} (${progress.sent} bytes sent)`)
      return
    } catch (error) {
      if (error instanceof GiveUp) throw error
      if (progress.done > furthest) [furthest, pause, since] = [progress.done, 0.5, Date.now()]
      if (Date.now() - since > 1000 * options['give-up-after']) throw new GiveUp(`gave up: ${error.message}`, 4)
      const wait = Math.max(pause * (0.75 + Math.random() / 2), error.after ?? 0)
      console.error(`${error.message}: again in ${wait.toFixed(1)} s`)
      await sleep(1000 * wait)
    }
  }
}

function commandLine() {
  try {
    const text = { type: 'string' }
    const { values, positionals } = parseArgs({ allowPositionals: true, options: { url: text, cluster: text, database: text,
      lsn: { type: 'string', default: '0' }, 'token-file': text, ca: text, replace: { type: 'boolean', default: false },
      'give-up-after': { type: 'string', default: '600' } } })
    if (positionals.length === 1 && values.url && values.cluster && values.database && /^\d+$/.test(values.lsn)) {
      return [values, positionals[0]]
    }
  } catch (error) {
    console.error(error.message)
  }
  throw new GiveUp(USAGE, 2)
}

try {
  await send(...commandLine())
} catch (error) {
  console.error(error instanceof GiveUp ? error.message : error)
  process.exitCode = error.exit ?? 1
}
