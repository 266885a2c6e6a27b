// A socket.io server that echoes "say", tells its name, and counts what reached it: socketio_server.js NAME. Prints
// "listening ADDRESS".
const { createServer } = require('http');
const { Server } = require('socket.io');

const counts = { connections: 0, requests: 0 };
const server = createServer();
const io = new Server(server, { cors: { origin: '*' } });
server.on('connection', () => { counts.connections += 1; });
server.on('request', () => { counts.requests += 1; });
io.on('connection', (socket) => {
  socket.emit('name', process.argv[2]);
  socket.on('say', (text, answer) => answer(text, socket.conn.transport.name));
  socket.on('count', (answer) => answer(counts));
});
server.listen(0, '127.0.0.1', () => console.log(`listening 127.0.0.1:${server.address().port}`));
