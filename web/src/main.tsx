import { render } from 'preact';
import './styles/base.css';

const root = document.getElementById('app');
if (root) render(<h1>Latchkey</h1>, root);
