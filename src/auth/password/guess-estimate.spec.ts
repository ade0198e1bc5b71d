import { describe, expect, it } from '@jest/globals';
import { guessBits } from './guess-estimate.js';

const ENOUGH = Math.log2(1e8);

describe('guessBits', () => {
  it.each([
    ['a word again', 'passwordpassword'],
    ['a word again, masked', 'p@ssw0rdpassword'],
    ['words with what everybody adds', 'password123456!!'],
    ['two words', 'sunshineprincess'],
    ['two words and a year', 'summer2024summer2025'],
    ['one character', 'kkkkkkkkkkkkkkkkkkkk'],
    ['a few characters again and again', 'x9x9x9x9x9x9x9x9x9x9'],
    ['the alphabet', 'cdefghijklmnopqrst'],
    ['the alphabet backwards', 'tsrqponmlkjihgfedc'],
    ['the cyrillic alphabet', 'абвгдежзиклмнопрст'],
    ['digits in steps', '13579135791357913579'],
    ['a row of keys', 'asdfghjkl;asdfghjkl;'],
    ['keys in columns', '2wsx3edc4rfv5tgb6yhn'],
    ['keys with shift', '!qaz@wsx#edc$rfv'],
    ['two rows by turns', 'w3e4r5t6y7u8i9o0'],
    ['one emoji', '\u{1f600}'.repeat(15)],
  ])('says that %s is easy to guess', (_, password) => {
    expect(guessBits(password)).toBeLessThan(ENOUGH);
  });

  it.each([
    'correct horse battery staple',
    'nine small goats on a roof',
    'grace under pressure',
    'onlylowercaseletters',
    'kd8vmw2xqpz7rtb',
    '739158264073915',
    'три тополя на плющихе',
    '我的小猫喜欢在屋顶上晒太阳看星星',
    '\u{1f600}\u{1f431}\u{1f680}\u{1f33b}\u{1f3b8}\u{1f9c0}\u{1f40d}\u{1f511}',
  ])('says that %s is not', (password) => {
    expect(guessBits(password)).toBeGreaterThan(ENOUGH);
  });

  it('takes the words that are known of the owner for cheap', () => {
    expect(guessBits('hopper42zx91vkq')).toBeGreaterThan(ENOUGH);
    expect(guessBits('navalbasesanya', new Set(['navalbase', 'sanya']))).toBeLessThan(ENOUGH);
    expect(guessBits('nav@lb4sesany@', new Set(['navalbase', 'sanya']))).toBeLessThan(ENOUGH);
    expect(guessBits('navalbasesanya')).toBeGreaterThan(ENOUGH);
  });

  it('never says that more of the same is harder than what it is made of and how often', () => {
    const once = guessBits('kd8vmw2xqpz7rtb');
    expect(guessBits('kd8vmw2xqpz7rtb'.repeat(17))).toBeLessThan(once + 10);
  });

  it('has nothing to say of nothing', () => {
    expect(guessBits('')).toBe(0);
  });

  // The limit on the work of one request; issue of a regular expression gone wild would be seconds.
  it.each([
    ['a'.repeat(256)],
    ['ab'.repeat(128)],
    [`${'a'.repeat(127)}b`.repeat(2)],
    ['passw0rd'.repeat(32)],
    ['4@8({[</369!1|0$5+7%2'.repeat(13).slice(0, 256)],
    ['qwsaqwertredsa12'.repeat(16)],
    ['20202020'.repeat(32)],
    [Array.from({ length: 256 }, (_, i) => String.fromCharCode(33 + ((i * 7919 * 31) % 94))).join('')],
    ['\u{1f600}'.repeat(256)],
    // What compatibility folding makes of 256 characters.
    ['\ufdfa'.repeat(256).normalize('NFKC')],
  ])('takes a moment for the longest passwords: %.12s…', (password) => {
    guessBits(password);
    const before = process.cpuUsage();
    for (let i = 0; i < 10; i += 1) guessBits(password);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 10).toBeLessThan(100);
  });
});
