// The same program on another port, with the same Redis and the same secrets: another node.
process.env.PORT = process.env.SECOND_PORT ?? String(Number(process.env.PORT) + 1);
await import('./main.js');
