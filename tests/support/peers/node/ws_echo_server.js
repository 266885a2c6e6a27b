// An echo server on npm ws, with permessage-deflate and the subprotocol "chat". Prints "listening ADDRESS".
const { createServer } = require('http');
const { WebSocketServer } = require('ws');

const server = createServer((request, response) => response.end('ws\n'));
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: { threshold: 0 },
  handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
});
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
server.listen(0, '127.0.0.1', () => console.log(`listening 127.0.0.1:${server.address().port}`));
