import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

// npm test says where it is, and sees to it that it is there; Debian puts it there, too.
const { LATCHKEY_TEST_CHROMIUM: CHROMIUM = '/usr/bin/chromium' } = process.env;
// For a machine that does other things, too; nothing that is promised in less is waited for like that.
const PATIENCE_MS = 15_000;
const CONSOLE = fileURLToPath(new URL('../../dist/console/index.html', import.meta.url));
// What the page is told before it starts, to tell what the browser kept it from.
const WATCH_POLICY = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy violated: ' + event.violatedDirective + ' by ' + event.blockedURI));`;
// The browser says so of every answer that is an error. These are part of the contract, and the pages deal with them.
const AN_ANSWER =
  /^Failed to load resource: the server responded with a status of (400|401|403|409|429|503) /;
const UNREACHABLE = /^Failed to load resource: net::ERR_/;

export interface VisitOptions extends BrowserContextOptions {
  /** Further origins that the pages may speak to, such as a second node. */
  origins?: string[];
  /** Whether the server will be away. */
  serverMayBeAway?: boolean;
}

/** A browser profile of its own, with one page, and everything that went wrong in it. */
export interface Visitor {
  context: BrowserContext;
  page: Page;
  /** Another tab of the same browser. */
  tab(): Promise<Page>;
}

/** One Chromium, for all visitors of a spec file. */
export class TestBrowser {
  private readonly faults: string[] = [];
  private readonly contexts: BrowserContext[] = [];

  private constructor(private readonly browser: Browser) {}

  /** Starts the Chromium of this machine. @throws Error when the console was not built */
  static async start(): Promise<TestBrowser> {
    if (!existsSync(CONSOLE)) throw new Error('The console is not built: npm run build.');
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        // Chromium refuses to run as root otherwise.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // A container's /dev/shm may be small.
        '--disable-dev-shm-usage',
      ],
    });
    return new TestBrowser(browser);
  }

  /**
   * Opens a page with nothing but what a new profile has.
   *
   * @param url of the program; the page starts at its console, or at the path
   */
  async visit(url: string, path = '/console/', options: VisitOptions = {}): Promise<Visitor> {
    const { origins = [], serverMayBeAway = false, ...rest } = options;
    const context = await this.browser.newContext({
      locale: 'en-GB',
      timezoneId: 'UTC',
      baseURL: url,
      ...rest,
    });
    this.contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(WATCH_POLICY);
    const allowed = new Set([url, ...origins].map((one) => new URL(one).origin));
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && !allowed.has(origin)) this.fault(`a request to ${request.url()}`);
    });
    context.on('weberror', (error) => this.fault(`an error: ${error.error().stack}`));
    context.on('dialog', (dialog) => {
      this.fault(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on('console', (message) => {
      const text = message.text();
      if (!['error', 'warning'].includes(message.type()) || AN_ANSWER.test(text)) return;
      if (serverMayBeAway && UNREACHABLE.test(text)) return;
      this.fault(`in the console: ${text} (${message.location().url})`);
    });
    const page = await context.newPage();
    await page.goto(path);
    return { context, page, tab: () => context.newPage() };
  }

  /**
   * What went wrong since the last time: errors in the console or uncaught, violations of the policy, requests to
   * strangers, dialogs. Closes all visitors.
   */
  async faultsOfAll(): Promise<string[]> {
    for (const context of this.contexts.splice(0)) await context.close();
    return this.faults.splice(0);
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }

  private fault(text: string): void {
    this.faults.push(text);
  }
}
