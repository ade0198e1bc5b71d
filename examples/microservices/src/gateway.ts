// Runs nginx with this example's nginx.conf, on PORT, once both services answer.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const { NGINX_PROGRAM = 'nginx', PORT = '3000' } = process.env;

const accepts = async (path: string): Promise<boolean> => {
  const socket = createConnection(path);
  return once(socket, 'connect')
    .then(() => true)
    .catch(() => false)
    .finally(() => socket.destroy());
};
for (const path of ['accounts.sock', 'orders.sock']) {
  while (!(await accepts(path))) await delay(50);
}

const template = readFileSync(new URL('../nginx.conf', import.meta.url), 'utf8');
writeFileSync('nginx.conf', template.replace('127.0.0.1:3000', `127.0.0.1:${PORT}`));
// Its workers must get at the sockets, which are of whoever started this.
const own = process.getuid?.() === 0 ? ['-g', 'user root;'] : [];
const nginx = spawn(NGINX_PROGRAM, ['-e', 'stderr', '-p', '.', '-c', resolve('nginx.conf'), ...own], {
  stdio: 'inherit',
  detached: true,
});
process.on('SIGTERM', () => nginx.kill('SIGQUIT')); // finishes what it has begun
nginx.once('exit', (code) => process.exit(code ?? 1));
console.log(`The gateway is at http://127.0.0.1:${PORT}; Ctrl-C ends it. What to try: README.md`);
