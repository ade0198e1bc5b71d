// A player on the terminal: node dist/play.js NAME [URL OF A NODE]. Moves at random until the game closes the connection.
import { WebSocket } from 'ws';

const [name = 'ada', url = 'http://127.0.0.1:3000'] = process.argv.slice(2);
const joined = await fetch(`${url}/players`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ name, transport: 'bearer' }),
});
const { id, token } = (await joined.json()) as { id: string; token: string };
console.log(`${name} plays as ${id}`);

const socket = new WebSocket(`${url.replace('http', 'ws')}/play`, {
  headers: { authorization: `Bearer ${token}` },
});
const step = () => Math.floor(Math.random() * 3) - 1;
const walk = setInterval(() => {
  if (socket.readyState === WebSocket.OPEN)
    socket.send(JSON.stringify({ event: 'move', data: { dx: step(), dy: step() } }));
}, 1_000);
socket.on('message', (message: Buffer) => console.log(message.toString()));
socket.on('close', (code, reason) => {
  clearInterval(walk);
  console.log(`closed: ${code} ${String(reason)}`);
});
