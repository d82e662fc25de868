const most = 10_000;

/** Keys that are refused for a while, in this process. Bounded: beyond it the oldest are forgotten. */
export class RefusedClients {
  private readonly until = new Map<string, number>();

  /** True: nothing has to be looked up. */
  get isEmpty(): boolean {
    return this.until.size === 0;
  }

  add(key: string, milliseconds: number): void {
    this.until.delete(key);
    this.until.set(key, performance.now() + milliseconds);
    if (this.until.size <= most) return;
    for (const known of this.until.keys()) this.of(known);
    for (const oldest of this.until.keys()) {
      if (this.until.size <= most) break;
      this.until.delete(oldest);
    }
  }

  /** For how many milliseconds the key is still refused; 0 when it is not. */
  of(key: string): number {
    const until = this.until.get(key);
    if (until === undefined) return 0;
    const left = until - performance.now();
    if (left > 0) return left;
    this.until.delete(key);
    return 0;
  }
}
