// A socket.io server that echoes "say" and tells its name: socketio_server.js NAME. Prints "listening ADDRESS".
const { createServer } = require('http');
const { Server } = require('socket.io');

const server = createServer();
const io = new Server(server, { cors: { origin: '*' } });
io.on('connection', (socket) => {
  socket.emit('name', process.argv[2]);
  socket.on('say', (text, answer) => answer(text, socket.conn.transport.name));
});
server.listen(0, '127.0.0.1', () => console.log(`listening 127.0.0.1:${server.address().port}`));
