/** A fenced block of code in a page of documentation. */
export interface GuideBlock {
  /** Of the opening fence, from 1. */
  line: number;
  language: string;
  /** The file that its code was taken from, from the root of the repository; undefined when none is named. */
  file: string | undefined;
  lines: string[];
}

// Three backticks or more, the language, and what GitHub does not show: the file.
const FENCE = /^ *(`{3,})([\w-]*) *(\S*)/;
// A line that stands for whatever is left out: three dots, or one that looks like them, perhaps behind a comment's sign.
const GAP = /^\s*(?:\/\/|#|--|\/\*|<!--)?\s*(?:…|\.\.\.)\s*(?:\*\/|-->)?$/;

/** The blocks of a page in Markdown. */
export function blocksOf(page: string): GuideBlock[] {
  const blocks: GuideBlock[] = [];
  let open: { block: GuideBlock; fence: string } | undefined;
  for (const [index, text] of page.split('\n').entries()) {
    if (open) {
      if (text.trim() === open.fence) open = undefined;
      else open.block.lines.push(text);
      continue;
    }
    const [, fence, language = '', file = ''] = FENCE.exec(text) ?? [];
    if (!fence) continue;
    const block = { line: index + 1, language, file: file || undefined, lines: [] };
    blocks.push(block);
    open = { block, fence };
  }
  return blocks;
}

/**
 * The first line of a block that the source does not have in this place; undefined when it has all of them, one after
 * the other, indented as in the block or further. A line `…`, also as a comment, stands for any lines of the source.
 */
export function firstForeignLine(lines: readonly string[], source: string): string | undefined {
  const rest = source.split('\n');
  for (const part of partsOf(lines)) {
    const at = rest.findIndex((_, index) => beginsWith(part, rest.slice(index, index + part.length)));
    if (at < 0) return mostFitting(part, rest);
    rest.splice(0, at + part.length);
  }
  return undefined;
}

/** What a block shows of its source in one piece each, without blank lines around it. */
function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (GAP.test(line)) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts.map(trimmed).filter((part) => part.length > 0);
}

function trimmed(lines: string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line.trim() !== '') + 1);
}

function beginsWith(part: readonly string[], lines: readonly string[]): boolean {
  const wanted = outdented(part);
  const there = outdented(lines);
  return wanted.every((line, index) => line === there[index]);
}

/** For the message: the line where the place that fits longest stops to. */
function mostFitting(part: readonly string[], rest: readonly string[]): string | undefined {
  const wanted = outdented(part);
  const lengths = rest.map((_, index) => {
    const there = outdented(rest.slice(index, index + part.length));
    const end = wanted.findIndex((line, at) => line !== there[at]);
    return end < 0 ? wanted.length : end;
  });
  return part[Math.min(Math.max(0, ...lengths), part.length - 1)];
}

function outdented(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  const indent = indents.length > 0 ? Math.min(...indents) : 0;
  return lines.map((line) => line.slice(indent).trimEnd());
}
