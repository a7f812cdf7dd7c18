// tus (resumable uploads over HTTP) as it comes: offsets are checked, there is no CRC, nothing is forced.
// usage: node tus-receiver.mjs PORT DIR
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const [port, directory] = process.argv.slice(2);

new Server({ path: '/files', datastore: new FileStore({ directory }), namingFunction: () => 'db0.snapshot' })
  .listen({ host: '127.0.0.1', port: Number(port) });
