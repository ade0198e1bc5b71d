// What can be said about Dockerfile, docker-compose.yml, deploy/ and .env.example without a Docker engine; needs dist.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { runScript, say } from './lib/say.mjs';

// Read by docker-compose.yml, not by the program.
const COMPOSE_ONLY = ['POSTGRES_PASSWORD', 'REDIS_PASSWORD'];

await runScript(async () => {
  const names = await checkEnvExample();
  const compose = parse(readFileSync('docker-compose.yml', 'utf8'));
  checkCompose(compose, names);
  await checkComposeEnvironment(compose.services.app.environment);
  checkRedisConfiguration(readFileSync('deploy/redis.conf', 'utf8'));
  checkDockerfile(readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ''));
  checkWithDocker();
  say('the deployment files are consistent');
  return 0;
});

/** Every setting is explained and nothing else. @returns the names */
async function checkEnvExample() {
  const { FIELDS } = await import(String(new URL('../dist/config/env.schema.js', import.meta.url)));
  const named = [...readFileSync('.env.example', 'utf8').matchAll(/^#([A-Z][A-Z0-9_]*)=/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(named.toSorted(), [...Object.keys(FIELDS), ...COMPOSE_ONLY].sort(), '.env.example');
  return named;
}

/**
 * @param {any} compose
 * @param {(string | undefined)[]} settings the names there are
 */
function checkCompose(compose, settings) {
  const { app, redis, postgres } = compose.services;
  for (const [name, service] of Object.entries({ app, redis, postgres })) {
    assert.match(service.image, /:\d/, `${name}: an image with a version`);
    assert.ok(service.healthcheck?.test?.length > 1, `${name}: a health check`);
    for (const mount of service.volumes ?? []) {
      const [source] = mount.split(':');
      const there = source.startsWith('./') ? existsSync(source) : source in compose.volumes;
      assert.ok(there, `${name}: volume ${mount} is there`);
    }
    for (const network of service.networks)
      assert.ok(network in compose.networks, `${name}: network ${network}`);
  }
  checkComposeRedis(redis, compose.configs);
  for (const name of ['redis', 'postgres']) {
    assert.equal(app.depends_on[name].condition, 'service_healthy', `app waits for ${name}`);
    assert.equal(compose.services[name].ports, undefined, `${name}: no published port`);
  }
  for (const name of ['SESSION_SECRETS', 'SESSION_INDEX_KEYS', 'PUBLIC_URL', 'DATABASE_URL']) {
    assert.match(app.environment[name], /\$\{\w+:\?/, `app: ${name} must be given`);
  }
  for (const name of Object.keys(app.environment))
    assert.ok(settings.includes(name), `app: ${name} is a setting`);
}

/**
 * The program takes what compose gives it: what .env must have, as a whole, under what is listed.
 *
 * @param {Record<string, unknown>} environment
 */
async function checkComposeEnvironment(environment) {
  const { parseEnv } = await import(String(new URL('../dist/config/index.js', import.meta.url)));
  const secret = () => randomBytes(36).toString('base64url');
  /** @type {Record<string, string>} */
  const file = {
    PUBLIC_URL: 'https://app.example.com',
    SESSION_SECRETS: secret(),
    SESSION_INDEX_KEYS: secret(),
    ...Object.fromEntries(COMPOSE_ONLY.map((name) => [name, secret()])),
  };
  const listed = Object.entries(environment).map(([name, text]) => [
    name,
    String(text).replace(/\$\{(\w+):\?[^}]*\}/g, (_, used) => file[used] ?? ''),
  ]);
  assert.doesNotThrow(() => parseEnv({ ...file, ...Object.fromEntries(listed) }), 'app: its environment');
}

/**
 * It runs with the file of deploy/, and lets in nobody but the program, which may do what the page says.
 *
 * @param {any} redis
 * @param {any} configs
 */
function checkComposeRedis(redis, configs) {
  const [program, file, option, users] = redis.command;
  assert.deepEqual(
    [program, option, redis.command.length],
    ['redis-server', '--aclfile', 4],
    'redis: command',
  );
  assert.ok(redis.volumes.includes(`./deploy/redis.conf:${file}:ro`), 'redis: its configuration is mounted');
  const { source } = redis.configs.find((/** @type {any} */ config) => config.target === users);
  const [, rule] = /```acl\n(.+)\n```/.exec(readFileSync('docs/session-format.md', 'utf8')) ?? [];
  const [nobody, latchkey] = configs[source].content.split('\n');
  assert.equal(nobody, 'user default off ~* &* +@all', 'redis: the default user');
  assert.match(latchkey, /^user latchkey on >\$\{REDIS_PASSWORD:\?/, 'redis: the user of the program');
  assert.ok(latchkey.endsWith(` ${rule}`), 'redis: the access rule of docs/session-format.md');
}

/** @param {string} text every setting of it has a reason above it, and is what sessions need */
function checkRedisConfiguration(text) {
  const paragraphs = text.split(/\n\n+/);
  const settings = new Map();
  for (const paragraph of paragraphs) {
    const lines = paragraph.trim().split('\n');
    const own = lines.filter((line) => !line.startsWith('#'));
    if (own.length > 0) assert.match(lines[0] ?? '', /^# \S/, `deploy/redis.conf: no reason for ${own[0]}`);
    for (const line of own) settings.set(line.split(' ')[0], line.split(' ').slice(1).join(' '));
  }
  for (const [name, value] of [
    ['maxmemory-policy', 'noeviction'],
    ['appendonly', 'yes'],
    ['aof-load-truncated', 'yes'],
    ['save', '""'],
    ['protected-mode', 'yes'],
    ['cluster-require-full-coverage', 'no'],
  ]) {
    assert.equal(settings.get(name), value, `deploy/redis.conf: ${name}`);
  }
  assert.match(settings.get('appendfsync'), /^(everysec|always)$/, 'deploy/redis.conf: appendfsync');
}

/** @param {string} text with its continued lines joined */
function checkDockerfile(text) {
  const instructions = text.split('\n').filter((line) => /^[A-Z]/.test(line));
  const bases = instructions.filter((line) => line.startsWith('FROM '));
  assert.equal(bases.length, 2, 'Dockerfile: two stages');
  for (const base of bases) assert.match(base, /^FROM \S+:\d/, 'Dockerfile: base images with a version');
  const last = instructions.slice(instructions.lastIndexOf(bases[1] ?? ''));
  assert.ok(last.includes('USER node'), 'Dockerfile: not root');
  assert.ok(last.includes('ENV NODE_ENV=production'), 'Dockerfile: production');
  assert.ok(
    last.some((line) => line.startsWith('HEALTHCHECK ')),
    'Dockerfile: a health check',
  );
  assert.ok(
    last.some((line) => /^CMD \[/.test(line)),
    'Dockerfile: CMD without a shell, which would keep SIGTERM',
  );
  const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
  for (const line of instructions.filter((instruction) => /^COPY (?!--from)/.test(instruction))) {
    for (const source of line.split(/\s+/).slice(1, -1)) {
      assert.ok(existsSync(source), `Dockerfile: ${source} is there`);
      const whole = `!${source.split('/')[0]}`;
      assert.ok(
        [whole, `!${source}`].some((rule) => ignored.includes(rule)),
        `.dockerignore: ${source}`,
      );
    }
  }
  assert.ok(instructions.includes('COPY web web'), 'Dockerfile: the console is built, too');
  assert.ok(ignored.includes('web/node_modules'), '.dockerignore: packages of this machine stay out');
}

/** Docker's own opinion, where there is a Docker with compose. */
function checkWithDocker() {
  if (spawnSync('docker', ['compose', 'version']).status !== 0)
    return say('no docker compose here: its own check is left out');
  const settings = '.env.example';
  const env = {
    ...process.env,
    POSTGRES_PASSWORD: 'a',
    REDIS_PASSWORD: 'e',
    PUBLIC_URL: 'b',
    SESSION_SECRETS: 'c',
    SESSION_INDEX_KEYS: 'd',
  };
  const { status, stderr } = spawnSync('docker', ['compose', '--env-file', settings, 'config', '--quiet'], {
    env,
  });
  assert.equal(status, 0, `docker compose config: ${stderr}`);
}
