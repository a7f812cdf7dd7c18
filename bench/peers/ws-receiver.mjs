// The same job in Node: ws for the WebSocket, msgpackr for the chunk, a native CRC-32C, one write per chunk.
// Offset and total CRC are checked, nothing is forced, and a source may be read ahead of the disk by 8 chunks.
// usage: node ws-receiver.mjs PORT DIR
import { open, rename } from 'node:fs/promises';
import { crc32c } from '@node-rs/crc32';
import { unpack } from 'msgpackr';
import { WebSocketServer } from 'ws';

const [port, directory] = process.argv.slice(2);

new WebSocketServer({ host: '127.0.0.1', port: Number(port), maxPayload: 16 << 20, perMessageDeflate: false })
  .on('connection', (socket) => {
    let file;
    let received = 0;
    let crc = 0;
    let waiting = 0;
    let queue = Promise.resolve();
    socket.on('message', (message, isBinary) => {
      if (++waiting === 8) socket.pause();
      queue = queue.then(async () => {
        if (--waiting === 4) socket.resume();
        if (!isBinary) {
          const { source_database_id: database } = JSON.parse(message);
          file = await open(`${directory}/${database}.partial`, 'w');
          socket.send(JSON.stringify({ type: 'opened', source_database_id: database, offset: 0 }));
          return;
        }
        const chunk = unpack(message);
        const { data, source_database_id: database } = chunk;
        if (Number(chunk.offset) !== received) {
          socket.send(JSON.stringify({ type: 'error' }));
          return;
        }
        crc = crc32c(data, crc);
        await file.write(data, 0, data.length, received);
        received += data.length;
        if (!chunk.done) {
          socket.send(JSON.stringify({ type: 'pending', source_database_id: database, bytes_done: received }));
        } else if (crc !== chunk.total_crc32c) {
          socket.send(JSON.stringify({ type: 'error' }));
        } else {
          await file.close();
          await rename(`${directory}/${database}.partial`, `${directory}/${database}.snapshot`);
          socket.send(JSON.stringify({ type: 'committed', source_database_id: database }));
        }
      });
    });
  });
