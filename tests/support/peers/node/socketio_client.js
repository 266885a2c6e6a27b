// A socket.io client that begins with polling and upgrades: socketio_client.js URL SESSION. SESSION travels as a query
// argument so that a balancer can keep the client at one server. Prints one JSON object.
const { io } = require('socket.io-client');

const socket = io(process.argv[2], {
  query: { session: process.argv[3] },
  rejectUnauthorized: false,
  reconnection: false,
  timeout: 10000,
});
const result = { transports: [] };

function finish() {
  console.log(JSON.stringify(result));
  socket.disconnect();
  process.exit(0);
}

socket.on('name', (name) => { result.name = name; });
socket.on('connect_error', (error) => {
  result.error = String(error);
  finish();
});
function speak() {
  socket.emit('say', 'ahoy', (text, transport) => {
    result.text = text;
    result.serverTransport = transport;
    finish();
  });
}

// The upgrade may be through before socket.io's own "connect": the engine is watched from its opening.
const connected = new Promise((resolve) => { socket.on('connect', resolve); });
socket.io.on('open', () => {
  const { engine } = socket.io;
  result.transports.push(engine.transport.name);
  engine.once('upgrade', (transport) => {
    result.transports.push(transport.name);
    connected.then(speak);
  });
});
setTimeout(() => {
  result.error = 'timed out';
  finish();
}, 20000).unref();
