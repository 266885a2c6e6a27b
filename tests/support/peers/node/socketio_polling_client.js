// A socket.io client that stays with long polling: socketio_polling_client.js URL MESSAGES. Says so many things, each once
// the one before came back, asks the server for its counts and prints one JSON object.
const { io } = require('socket.io-client');

const socket = io(process.argv[2], {
  transports: ['polling'],
  rejectUnauthorized: false,
  reconnection: false,
  timeout: 10000,
});
const wanted = Number(process.argv[3]);
const result = { echoes: 0, transports: [] };

function finish() {
  console.log(JSON.stringify(result));
  socket.disconnect();
  process.exit(0);
}

function say(number) {
  if (number === wanted) {
    socket.emit('count', (counts) => {
      Object.assign(result, counts);
      finish();
    });
    return;
  }
  socket.emit('say', `message ${number}`, (text, transport) => {
    if (text === `message ${number}`) result.echoes += 1;
    if (!result.transports.includes(transport)) result.transports.push(transport);
    say(number + 1);
  });
}

socket.on('connect', () => say(0));
socket.on('connect_error', (error) => {
  result.error = String(error);
  finish();
});
setTimeout(() => {
  result.error = 'timed out';
  finish();
}, 20000).unref();
