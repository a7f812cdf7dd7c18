// Sends a file to a mirror-bootstrap sidecar: a model of a source, made from docs/protocol.md. Node 20 or newer and
// npm install ws (or Debian's node-ws, with NODE_PATH=/usr/share/nodejs).
// Exit codes: 0 committed, 2 wrong command line, 3 refused, 4 the link, 5 the file.
const { once, on } = require('node:events')
const { open, readFile } = require('node:fs/promises')
const { setImmediate: turn, setTimeout: sleep } = require('node:timers/promises')
const { parseArgs } = require('node:util')
const WebSocket = require('ws')

const CHUNK = 1 << 20, LONGEST_ANSWER = 1 << 20 // bytes
const UNANSWERED = 7 // chunks: few, so that an error is heard of soon
const SILENCE = 60, GIVE_UP_AFTER = 600 // seconds: a ping comes every few; without a further byte
const COME_BACK_ERRORS = ['chunk_crc_mismatch', 'insufficient_storage', 'too_many_bootstraps', 'transport']
const COME_BACK_CLOSES = [1000, 1001, 1006, 1011, 1012, 1013, 1014]
const COME_BACK_HTTP = /^(408|425|429|50[^156]|51[^01]|5[2-9].)$/
const COME_BACK_SYSTEM = /^E(?!RR_|PROTO)/ // as ECONNREFUSED; not of certificates, nor of HTTP
const USAGE = 'send.cjs --url URL --cluster NAME --database NAME [--lsn N] [--token-file F] [--ca F] [--replace] FILE'
const TABLE = Int32Array.from({ length: 256 }, (_, entry) => {
  for (let bit = 0; bit < 8; bit++) entry = entry & 1 ? entry >>> 1 ^ 0x82f63b78 : entry >>> 1
  return entry
})

function end(reason, exitCode) {
  console.error(reason)
  process.exit(exitCode)
}

function lost(reason, comesBack = true, after = 0) {
  return Object.assign(new Error(reason), { code: comesBack ? 'ELOST' : 'CLOSED', after }) // after: seconds
}

function crc32c(data, crc = 0) {
  crc = ~crc
  for (let i = 0; i < data.length; i++) crc = TABLE[(crc ^ data[i]) & 255] ^ crc >>> 8
  return ~crc >>> 0
}

// MessagePack: a map. Integers and strings may be wider than they need to be.
function pack(fields) {
  const parts = [Buffer.from([0x80 | Object.keys(fields).length])]
  for (const [name, value] of Object.entries(fields)) {
    const bytes = Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : '')
    const head = Buffer.alloc({ boolean: 1, string: 5, object: 5 }[typeof value] ?? 9)
    head[0] = { boolean: value ? 0xc3 : 0xc2, string: 0xdb, object: 0xc6 }[typeof value] ?? 0xcf
    if (head.length === 5) head.writeUInt32BE(bytes.length, 1)
    if (head.length === 9) head.writeBigUInt64BE(BigInt(value), 1)
    parts.push(Buffer.from([0xa0 | name.length]), Buffer.from(name), head, bytes)
  }
  return Buffer.concat(parts)
}

async function content(name) {
  return name && await readFile(name, 'utf8').catch(error => end(error.message, 2))
}

async function read(file, position, size) {
  const data = Buffer.alloc(size)
  const { bytesRead } = await file.read(data, 0, size, position).catch(error => end(error.message, 5))
  return data.subarray(0, bytesRead)
}

async function attempt(options, file, identity, progress) {
  const url = options.url.replace(/^http/, 'ws').replace(/\/+$/, '') + '/v1/bootstrap'
  const ca = await content(options.ca)
  const token = await content(options['token-file']) // anew for each link, as it may have been replaced
  const headers = token && { Authorization: `Bearer ${token.trim()}` }
  const link = new WebSocket(url, 'mirror-bootstrap.v1',
    { ca, headers, maxPayload: LONGEST_ANSWER, perMessageDeflate: false })
  const lose = error => { // what has come before is read first, and decides
    link.emit('error', error)
    link.terminate()
  }
  const silence = setTimeout(() => lose(lost('the sidecar is silent')), 1000 * SILENCE)
  link.on('error', () => clearTimeout(silence))
  link.on('ping', () => silence.refresh())
  link.on('close', (code, reason) => lose(lost(`closed with ${code} ${reason}`, COME_BACK_CLOSES.includes(code))))
  link.on('unexpected-response', (request, { statusCode, statusMessage, headers }) => {
    const refused = `refused: HTTP ${statusCode} ${statusMessage}`
    if (!COME_BACK_HTTP.test(statusCode)) end(refused, 3)
    lose(lost(refused, true, Math.min(headers['retry-after'] || 0, 60)))
  })
  const answers = on(link, 'message')
  await once(link, 'open')
  const json = JSON.stringify({ type: 'open', ...identity, snapshot_lsn: undefined, replace: options.replace })
  link.send(json.replace('{', `{"snapshot_lsn":${options.lsn},`)) // more, perhaps, than a number of JavaScript can say
  let offset, answered, window, largest, most, unanswered = 1, done = false
  for await (const [text] of answers) {
    silence.refresh()
    const answer = JSON.parse(text)
    if (answer.type === 'error') {
      if (!COME_BACK_ERRORS.includes(answer.code)) end(`${answer.code}: ${answer.message}`, 3)
      link.terminate()
      throw lost(`${answer.code}: ${answer.message}`)
    } else if (answer.type === 'committed') {
      link.close()
      return answer
    } else if (answer.type === 'opened') {
      offset = answered = answer.offset
      window = answer.window_bytes
      largest = Math.min(CHUNK, answer.max_chunk_bytes, window)
      most = Math.min(UNANSWERED, answer.window_messages ?? UNANSWERED)
    } else {
      answered = progress.done = answer.bytes_done
    }
    unanswered--
    while (!done && unanswered < most && offset + largest - answered <= window) {
      const data = await read(file, offset, Math.min(largest, identity.total_bytes - offset))
      done = offset + data.length === identity.total_bytes
      if (!done && data.length < largest) end('the file has become shorter', 5)
      const message = pack({ ...identity, offset, done, chunk_crc32c: crc32c(data), data })
      await turn() // what has come is taken before a write that fails ends the link
      await new Promise(sent => link.send(message, sent))
      offset += data.length
      unanswered++
      progress.sent += data.length
    }
  }
}

async function main() {
  const text = { type: 'string' }
  const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { url: text, cluster: text,
    database: text, lsn: { ...text, default: '0' }, replace: { type: 'boolean' }, 'token-file': text, ca: text } })
  if (positionals.length !== 1 || !options.url || !options.cluster || !options.database) throw new Error(USAGE)
  const progress = { sent: 0, done: 0 }
  const file = await open(positionals[0]).catch(error => end(error.message, 5))
  let total = 0, crc = 0
  for (let data; (data = await read(file, total, CHUNK)).length > 0; total += data.length) crc = crc32c(data, crc)
  if (total === 0) end('the file is empty: rather a program that failed than a snapshot', 2)
  const identity = { source_cluster_id: options.cluster, source_database_id: options.database,
    snapshot_lsn: BigInt(options.lsn), total_bytes: total, total_crc32c: crc }
  for (let furthest = 0, pause = 0.5, since = Date.now(); ; pause = Math.min(2 * pause, 30)) {
    try {
      const committed = await attempt(options, file, identity, progress)
      console.log(`committed ${committed.snapshot_path} (${progress.sent} bytes sent)`)
      return
    } catch (error) {
      const reason = error.message || error.code
      if (!COME_BACK_SYSTEM.test(error.code)) end(`no TLS, or another protocol: ${reason}`, 4)
      if (progress.done > furthest) [furthest, pause, since] = [progress.done, 0.5, Date.now()]
      if (Date.now() - since > 1000 * GIVE_UP_AFTER) end(`gave up: ${reason}`, 4)
      const wait = pause * (0.75 + Math.random() / 2) + (error.after ?? 0)
      console.error(`${reason}: again in ${wait.toFixed(1)} s`)
      await sleep(1000 * wait)
    }
  }
}

main().catch(error => end(error.message, 2))
