// npm run vectors: writes docs/session-format/vectors.json anew and has Node read every vector of it.
import { runTests } from './lib/run-tests.mjs';
import { runScript } from './lib/say.mjs';

await runScript(() => runTests(['test/session-vectors.e2e-spec.ts'], { LATCHKEY_WRITE_VECTORS: '1' }));
