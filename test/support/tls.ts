import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files: an authority, and a certificate of 127.0.0.1 and localhost that it has issued. */
export interface TestCertificates {
  directory: string;
  ca: string;
  cert: string;
  key: string;
  /** Arguments that make a redis-server speak TLS; clients need a certificate too, unless told otherwise. */
  args(options?: { clients?: 'yes' | 'no' }): string[];
  /** The same as options of a client. */
  read(): { ca: Buffer; cert: Buffer; key: Buffer };
  remove(): void;
}

/** Makes them, with openssl: Node can use certificates but not issue any. */
export function makeCertificates(): TestCertificates {
  const directory = mkdtempSync(join(tmpdir(), 'lk-tls-'));
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=tests', '-days', '2');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const issued = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...issued);
  return certificatesIn(directory);
}

/** Those that were made in a directory, by another process perhaps. */
export function certificatesIn(directory: string): TestCertificates {
  const [ca, cert, key] = ['ca.pem', 'server.pem', 'server.key'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  return {
    directory,
    ca,
    cert,
    key,
    args: ({ clients = 'yes' } = {}) => [
      ...['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca],
      ...['--tls-auth-clients', clients, '--tls-replication', 'yes'],
    ],
    read: () => ({ ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
