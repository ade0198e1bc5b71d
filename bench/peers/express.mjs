// (c) The textbook without Nest.
import express from 'express';
import { textbookSession } from './express-stack.mjs';
import { sayWhere } from './listening.mjs';
import { answerOf } from './people.mjs';
import { logIn } from './passport.mjs';

const app = express();
app.use(express.json());
for (const middleware of textbookSession()) app.use(middleware);
app.post('/login', async (req, res) => {
  res.json(answerOf(await logIn(req)));
});
app.get('/me', (req, res) => {
  if (req.isAuthenticated()) res.json(answerOf(req.user));
  else res.sendStatus(401);
});
const server = app.listen(0, '127.0.0.1', () => sayWhere(server));
