import { describe, expect, it } from '@jest/globals';
import { escapeControls, plainText } from './plain-text.js';

const ACTIVE = [
  '\0',
  '\b',
  '\t',
  '\n',
  '\r',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u009b31m',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\u200f',
];

describe('plainText', () => {
  it.each(ACTIVE)('shows that %j was there, and nothing of what it does', (text) => {
    expect(plainText(`a${text}b`, 100)).toBe(`a\uFFFD${text.slice(1)}b`);
  });

  it('leaves what people write as it is', () => {
    const text = 'Zoë, 山田 太郎, 👩‍👩‍👧, ‎'.slice(0, -1);
    expect(plainText(text, 100)).toBe(text);
  });

  it('is no longer than asked, and does not end in half a character', () => {
    expect(plainText('x'.repeat(300), 256)).toHaveLength(256);
    expect(plainText('ab👩', 3)).toBe('ab\uFFFD');
    expect(plainText('\ud83d alone', 100)).toBe('\uFFFD alone');
  });
});

describe('escapeControls', () => {
  it('keeps a JSON line one line that means the same', () => {
    const value = { text: ACTIVE.join(' ') };
    const line = escapeControls(`${JSON.stringify(value)}\n`);
    expect(line).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(line)).toEqual(value);
  });

  it('leaves line feeds, which part one line of a terminal from the next', () => {
    expect(escapeControls('a\nb\u009bc\rd\n')).toBe('a\nb\\u009bc\\u000dd\n');
  });
});
