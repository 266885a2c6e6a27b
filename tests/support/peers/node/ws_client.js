// A client on npm ws: ws_client.js URL [SUBPROTOCOL…]. Sends texts and binaries, compares the echoes, pings, closes
// with 1000. Prints one JSON object.
const crypto = require('crypto');
const WebSocket = require('ws');

const messages = [
  { data: Buffer.from('hello'), binary: false },
  { data: Buffer.alloc(0), binary: true },
  { data: Buffer.from('grüße ⚓ '.repeat(2000)), binary: false },
  { data: crypto.randomBytes(300000), binary: true },
  { data: Buffer.alloc(1000000, 'compressible '), binary: true },
];

const socket = new WebSocket(process.argv[2], process.argv.slice(3), { rejectUnauthorized: false });
const result = { echoes: 0, mismatches: 0, pong: false };

function sendNext() {
  if (result.echoes === messages.length) {
    socket.ping('are you there');
    return;
  }
  const { data, binary } = messages[result.echoes];
  socket.send(data, { binary });
}

socket.on('open', () => {
  result.protocol = socket.protocol;
  result.extensions = socket.extensions;
  sendNext();
});
socket.on('message', (data, isBinary) => {
  const expected = messages[result.echoes];
  if (isBinary !== expected.binary || !expected.data.equals(data)) result.mismatches += 1;
  result.echoes += 1;
  sendNext();
});
socket.on('pong', (data) => {
  result.pong = data.toString() === 'are you there';
  socket.close(1000, 'bye');
});
socket.on('error', (error) => { result.error = String(error); });
socket.on('close', (code, reason) => {
  result.code = code;
  result.reason = reason.toString();
  console.log(JSON.stringify(result));
});
