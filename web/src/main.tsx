import { render } from 'preact';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/messages.css';
import './styles/pages.css';
import './styles/tables.css';
import './styles/plots.css';
import { App } from './app.js';
import { followOwnEvents } from './live/own.js';
import { watchAttention } from './state/attention.js';
import { watchCalls } from './state/calls.js';
import { distrustPageCache } from './state/page-cache.js';
import { askWho } from './state/who.js';

watchCalls();
watchAttention();
followOwnEvents();
distrustPageCache();
void askWho();

const root = document.getElementById('app');
if (root) render(<App />, root);
