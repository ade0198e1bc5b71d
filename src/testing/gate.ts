/** What can be done with a gate that is closed. */
export interface ClosedGate {
  /** Lets everybody through who waits, and all others from now on. */
  open: () => void;
  /** Resolves when as many handlers wait as were waited for. */
  waiting: Promise<void>;
}

/**
 * A barrier for races: handlers stop at it where a test says, and the test decides what happens meanwhile. A race that is
 * forced like this happens every time, not now and then.
 */
export class Gate {
  private opened: Promise<void> = Promise.resolve();
  private arrived: () => void = () => undefined;

  /** Closes the gate; `waiting` resolves when `handlers` of them have got there. */
  close(handlers = 1): ClosedGate {
    let open: () => void = () => undefined;
    this.opened = new Promise((resolve) => (open = resolve));
    const waiting = new Promise<void>((resolve) => {
      let missing = handlers;
      this.arrived = () => {
        missing -= 1;
        if (missing === 0) resolve();
      };
    });
    return {
      open: () => {
        this.opened = Promise.resolve();
        this.arrived = () => undefined;
        open();
      },
      waiting,
    };
  }

  /** Lets later handlers through while the ones that wait go on waiting. */
  letOthersPass(): void {
    this.opened = Promise.resolve();
    this.arrived = () => undefined;
  }

  /** Called by handlers. */
  async pass(): Promise<void> {
    const { opened } = this;
    this.arrived();
    await opened;
  }
}
