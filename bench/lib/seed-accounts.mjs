// Makes accounts for the program past HTTP, in its own database: node bench/lib/seed-accounts.mjs <how many>, with the
// program's settings in the environment. All have the same hash, which is made once.
import { NestFactory } from '@nestjs/core';
import { built } from './built.mjs';
import { emailOf, PASSWORD } from './variants.mjs';

const { AppModule } = await built('app.module.js');
const { parseEnv } = await built('config/index.js');
const { Argon2Hasher } = await built('auth/index.js');
const { UsersService } = await built('users/index.js');

const app = await NestFactory.createApplicationContext(AppModule.forRoot(parseEnv(process.env)), {
  logger: false,
});
const users = app.get(UsersService, { strict: false });
const passwordHash = await new Argon2Hasher().hash(PASSWORD);
for (let i = 0; i < Number(process.argv[2]); i += 1) {
  await users.create({ email: emailOf(i), displayName: null, passwordHash, roles: [] });
}
await app.close();
