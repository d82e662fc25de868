/** Does one step after the other until it is stopped, and rests in between for as long as a step asks. */
export class Loop {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private wakeUp: () => void = () => undefined;

  /** @param step answers with the milliseconds to rest after it, and never rejects */
  constructor(private readonly step: () => Promise<number>) {}

  start(): void {
    this.running = this.run();
  }

  /** Ends a rest: there is something to do. */
  wake(): void {
    this.wakeUp();
  }

  /** Begins no step any more, and waits for the one that runs. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const pause = await this.step();
      if (pause > 0 && !this.stopped) await this.rest(pause);
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
